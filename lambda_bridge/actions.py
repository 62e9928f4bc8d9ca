"""What the bridge decides to do: frozen, performed in order, each without harm if it is repeated. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lambda_bridge.ports import StateLabel
from lambda_bridge.runs import Run


@dataclass(frozen=True)
class Ignore:
    """Nothing is done."""

    reason: str


@dataclass(frozen=True)
class React:
    """Acknowledges a comment with eyes."""

    issue: int
    comment: int


@dataclass(frozen=True)
class Save:
    """Stores the record if nobody wrote it meanwhile; always before the effects that it speaks of."""

    run: Run


@dataclass(frozen=True)
class Count:
    """Counts a start against the limits of the hour; the same key counts once."""

    key: str
    person: str


@dataclass(frozen=True)
class Start:
    """Starts the run's workflow execution; one of its name is left alone."""

    run: Run


@dataclass(frozen=True)
class Write:
    """Makes `text` the bridge's comment with that marker."""

    issue: int
    marker: str
    text: str


@dataclass(frozen=True)
class Complete:
    """Completes the workflow's waiting task."""

    token: str
    output: dict[str, Any]


@dataclass(frozen=True)
class HandOver:
    """Has the task function go on with the review of an issue."""

    issue: int


@dataclass(frozen=True)
class FailWait:
    """Fails the workflow's waiting task."""

    token: str
    error: str
    cause: str


@dataclass(frozen=True)
class SetLabel:
    """Makes `label` the issue's only state label."""

    issue: int
    label: StateLabel


Action = Ignore | React | Save | Count | Start | Write | Complete | HandOver | FailWait | SetLabel
