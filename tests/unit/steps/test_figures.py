"""steps.figures: strict figures whatever an evaluation holds."""

from __future__ import annotations

import pytest

from algorithms.base import Evaluation
from algorithms.metrics import UNDEFINED_SCORE
from steps.figures import figures


@pytest.mark.parametrize(("metric", "score"), [("accuracy", 0.75), ("rmse", -0.75)])
def test_score_is_greater_is_better(metric, score):
    found = figures(Evaluation({metric: 0.75, "other": 1.0}, 10, (0.5, 0.9)), metric)
    assert found == {
        "primary": {
            "name": metric,
            "value": 0.75,
            "greater_is_better": metric == "accuracy",
            "score": score,
            "ci95": [0.5, 0.9],
        },
        metric: 0.75,
        "other": 1.0,
    }


@pytest.mark.parametrize("metrics", [{}, {"rmse": None}, {"rmse": float("nan")}, {"rmse": float("-inf")}])
def test_an_undefined_metric_is_below_every_threshold(metrics):
    primary = figures(Evaluation(metrics, 10, (float("nan"), 1.0)), "rmse")["primary"]
    assert (primary["value"], primary["score"], primary["ci95"]) == (None, UNDEFINED_SCORE, None)
