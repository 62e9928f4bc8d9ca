"""What the local runner tells while it works, for progress bars and the like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ExecutionStatus = Literal["Executing", "Stopping", "Stopped", "Failed", "Succeeded"]
StepStatus = Literal["Executing", "Stopped", "Failed", "Succeeded"]


@dataclass(frozen=True)
class ExecutionChanged:
    """A pipeline execution has a new status, and it is stored."""

    execution_arn: str
    status: ExecutionStatus


@dataclass(frozen=True)
class StepChanged:
    """A step has a new status, and it is stored. `attempt` counts from 1; `cached` if an earlier result is used."""

    execution_arn: str
    step: str
    status: StepStatus
    attempt: int
    cached: bool = False
    failure_reason: str | None = None


@dataclass(frozen=True)
class StepProgress:
    """A running step told how far it is: `done` of `total`, counted in `unit` (round, epoch, episode, step)."""

    execution_arn: str
    step: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True)
class StepOutput:
    """A running step printed a line."""

    execution_arn: str
    step: str
    line: str


Event = ExecutionChanged | StepChanged | StepProgress | StepOutput
Listener = Callable[[Event], None]
"""Called from the runner's threads, one call at a time for one step."""
