"""Pictures of a regression: predictions beside the truth, and where they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from algorithms.base import Table
from algorithms.supervised import SupervisedAlgorithm
from steps.drawing import BLUE, GREY, Drawing

MOST_POINTS = 2_000


def regression(model: SupervisedAlgorithm, test: Table, seed: int) -> Iterator[tuple[str, Drawing]]:
    """Name and drawing of each picture, the most telling one first. Many rows are drawn as a seeded sample."""
    import numpy as np

    assert test.y is not None  # noqa: S101 (Evaluate scored these rows)
    truth, predicted = test.y.to_numpy(dtype="float64"), model.predict(test.X)
    rows = np.random.default_rng(seed).permutation(len(truth))[:MOST_POINTS]
    yield "predicted_and_true", lambda axes: _predicted(axes, truth[rows], predicted[rows])
    yield "residuals", lambda axes: _residuals(axes, truth[rows], predicted[rows])


def _predicted(axes: Any, truth: Any, predicted: Any) -> None:
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    axes.plot(ends, ends, "--", color=GREY, label="exactly right")
    axes.scatter(predicted, truth, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    axes.set(xlabel="predicted", ylabel="true", title="True values by predicted values")
    axes.legend(loc="upper left")


def _residuals(axes: Any, truth: Any, predicted: Any) -> None:
    axes.axhline(0, linestyle="--", color=GREY)
    axes.scatter(predicted, truth - predicted, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    axes.set(xlabel="predicted", ylabel="true minus predicted", title="Residuals by predicted values")
