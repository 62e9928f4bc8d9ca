"""An event, the record and the facts -> what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambda_bridge.actions import Action
from lambda_bridge.events import CommentEvent, IssueEvent
from lambda_bridge.ports import IssueView, Permission, StartEvent
from lambda_bridge.runs import Run
from pipelines.request import TrainingRequest


@dataclass(frozen=True)
class Facts:
    """What was read live for a decision."""

    permission: Permission
    """Of the event's sender, or of the comment's author."""
    issue: IssueView | None
    """For issue events."""
    start: StartEvent | None
    """For issue events that may start a run."""
    now: datetime


def concerns(event: IssueEvent | CommentEvent, run: Run | None) -> bool:
    """Whether it is worth reading facts: not for ordinary talk, other people's labels, issues without a run."""
    raise NotImplementedError


def decide(event: IssueEvent | CommentEvent, run: Run | None, facts: Facts) -> tuple[Action, ...]:
    """The actions, in order. Deciding the same event again gives what is still missing, and nothing twice."""
    raise NotImplementedError


def merge(request: TrainingRequest, last: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters of the next attempt. Raises ParameterError."""
    raise NotImplementedError
