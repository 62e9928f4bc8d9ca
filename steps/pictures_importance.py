"""Which columns a model leans on: permutation importance (Breiman 2001) on rows that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from algorithms.base import Table
from algorithms.metrics import METRICS
from algorithms.supervised import SupervisedAlgorithm
from steps.drawing import BLUE, GREY, MOST_NAMED, Drawing, name

ROWS, COPIES = 1_000, 5
"""Rows that are looked at, at most, and how often each one: the more, the less depends on one shuffle."""
MOST_COLUMNS = 60
"""Wider tables get no picture: each column costs a prediction of all rows."""


def importance(model: SupervisedAlgorithm, test: Table, metric: str, seed: int) -> Iterator[tuple[str, Drawing]]:
    """How much the metric loses when a column's values are shuffled. Nothing where the table is too wide.

    The copies are shuffled as one table, so that each column costs one call of the model, and not COPIES.
    """
    import numpy as np
    import pandas as pd
    from sklearn.inspection import permutation_importance

    if not 1 < len(test.X.columns) <= MOST_COLUMNS:
        return

    def score(_model: Any, X: Any, y: Any) -> float:
        value = model.evaluate(replace(test, X=X, y=y)).metrics.get(metric)
        return float("nan") if value is None else METRICS[metric].score(value)

    assert test.y is not None  # noqa: S101 (Evaluate scored these rows)
    rows = np.sort(np.random.default_rng(seed).permutation(len(test.X))[:ROWS])
    X = pd.concat([test.X.iloc[rows]] * COPIES, ignore_index=True)
    y = pd.concat([test.y.iloc[rows]] * COPIES, ignore_index=True)
    found = permutation_importance(model, X, y, scoring=score, n_repeats=1, random_state=seed)
    yield "feature_importance", lambda axes: _bars(axes, list(X.columns), found.importances_mean, metric)


def _bars(axes: Any, columns: list[str], losses: Any, metric: str) -> None:
    order = losses.argsort()[-MOST_NAMED:]
    axes.barh(range(len(order)), losses[order], color=BLUE)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(order)), [name(columns[place]) for place in order])
    axes.set(
        xlabel=f"how much worse {metric} gets when the column is shuffled", title="Permutation importance (test rows)"
    )
