"""What to try next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.request import ResolvedRequest

Diagnosis = Literal["underfitting", "overfitting", "close", "unclear"]


@dataclass(frozen=True)
class Tried:
    """An attempt on this dataset or environment."""

    hyperparameters: Mapping[str, Any]
    score: float | None
    """Primary score on the test rows; greater is better."""
    train_score: float | None


@dataclass(frozen=True)
class Advice:
    """What is probably wrong, and which values to try."""

    diagnosis: Diagnosis
    why: str
    changes: dict[str, Any]
    """For a reply; valid, and not tried before. Empty: nothing sensible is left."""
    basis: str
    """What the values come from, or what else there is to do."""


def advise(request: ResolvedRequest, current: Tried, earlier: Sequence[Tried], evaluation: Mapping[str, Any]) -> Advice:
    """The advice after an attempt below the threshold."""
    raise NotImplementedError
