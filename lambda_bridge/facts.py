"""What is read live for a decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambda_bridge.ports import MAY_ACT, IssueView, Permission, Start, StartEvent, StartLimits


@dataclass(frozen=True)
class Facts:
    """What was read live for a decision."""

    permission: Permission
    """Of the event's sender, or of the comment's author; not asked for where an issue was closed or unlabelled."""
    issue: IssueView | None
    """For issue events."""
    start: StartEvent | None
    """For issue events that may start a run."""
    now: datetime
    starts: Sequence[Start] = ()
    """Of the last hour in this repository, for issue events that may start a run."""
    limits: StartLimits = StartLimits()  # noqa: RUF009 (frozen)

    @property
    def may_act(self) -> bool:
        """Whether that person may start, answer and cancel."""
        return self.permission in MAY_ACT
