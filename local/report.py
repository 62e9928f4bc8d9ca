"""What `mlops run` answers: the object that `--json` prints, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from algorithms.errors import Problem

Status = Literal["registered", "below_threshold", "failed", "invalid", "cancelled"]

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


def attempt_of(
    number: int, hyperparameters: Mapping[str, Any], evaluation: Mapping[str, Any] | None, passed: bool, seconds: float
) -> Attempt:
    """An attempt from its evaluation.json, or without one where Evaluate wrote none."""
    metrics = dict(evaluation["metrics"]) if evaluation else {}
    primary = metrics.pop("primary", None)
    short = None if primary is None else {"name": primary["name"], "value": primary["value"]}
    return Attempt(number, hyperparameters, short, metrics, passed, seconds)
