"""The figures of an evaluation as evaluation.json has them. NaN and infinity never leave."""

from __future__ import annotations

from typing import Any

from algorithms.base import Evaluation
from algorithms.evaluation import finite
from algorithms.metrics import METRICS, UNDEFINED_SCORE


def figures(evaluation: Evaluation, metric: str) -> dict[str, Any]:
    """`{"primary": {name, value, greater_is_better, score, ci95}, <name>: value, ...}`.

    An undefined metric has the value None and a score below every threshold.
    """
    values = {name: finite(value) for name, value in evaluation.metrics.items()}
    primary = {
        "name": metric,
        "value": values.get(metric),
        "greater_is_better": METRICS[metric].greater_is_better,
        "score": score(metric, values.get(metric)),
        "ci95": _interval(evaluation.ci95),
    }
    return {"primary": primary, **values}


def score(metric: str, value: float | None) -> float:
    """The value turned so that greater is better; UNDEFINED_SCORE where there is none."""
    return UNDEFINED_SCORE if value is None else METRICS[metric].score(value)


def _interval(ci95: tuple[float, float] | None) -> list[float] | None:
    bounds = [bound for bound in map(finite, ci95 or ()) if bound is not None]
    return bounds if len(bounds) == 2 else None
