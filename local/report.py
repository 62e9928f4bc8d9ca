"""What `mlops run` answers: the object that `--json` prints, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from algorithms.errors import Problem
from lambda_bridge import runs
from lambda_bridge.runs import Status

EXIT_CODES: dict[Status, int] = {"registered": 0, "failed": 1, "invalid": 2, "below_threshold": 3, "cancelled": 130}


@dataclass(frozen=True)
class Attempt:
    """One training: what it was asked with and what came out."""

    attempt: int
    hyperparameters: Mapping[str, Any]
    primary: Mapping[str, Any] | None
    metrics: Mapping[str, Any]
    passed: bool
    seconds: float


@dataclass
class Report:
    """The result of one run of an issue. Every field is always there."""

    status: Status = "failed"
    issue: int | None = None
    problems: list[Problem] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    model_package_arn: str | None = None
    model_data: str | None = None
    history: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return EXIT_CODES[self.status]

    def to_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return asdict(self)


def attempt_of(record: runs.Attempt) -> Attempt:
    """An attempt from its part of the run record."""
    metrics = dict(record.metrics)
    primary = metrics.pop("primary", None)
    short = None if primary is None else {"name": primary["name"], "value": primary["value"]}
    passed = record.status == "registered"
    return Attempt(record.number, record.values, short, metrics, passed, record.seconds)
