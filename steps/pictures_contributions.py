"""What each value adds to a prediction: SHAP values of boosted trees (Lundberg et al. 2020), which XGBoost has itself.

Other algorithms get no such picture: theirs would take another library, or minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.xgboost import XGBoost
from steps.drawing import GREY, SEQUENTIAL, Drawing, legend_below, name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ROWS = 500
"""Test rows that are looked at, at most."""
MOST_COLUMNS = 12
MOST_CLASSES = 6
SPREAD = 0.3
"""How far points of one column are moved apart, of the distance between two columns."""


def contributions(model: XGBoost, test: Table, seed: int) -> Iterator[tuple[str, Drawing]]:
    """One picture: a point for each row, or bars by class for more than two. Nothing where a column became several."""
    import numpy as np

    columns = model.features.matrix_columns
    if columns is None or len(columns) < 2:
        return
    rows = np.sort(np.random.default_rng(seed).permutation(len(test.X))[:ROWS])
    values = test.X.iloc[rows]
    found = model.contributions(values)
    sizes = np.abs(found).mean(axis=0).sum(axis=0)
    order = [int(place) for place in sizes.argsort()[::-1][:MOST_COLUMNS]]
    names = [columns[place] for place in order]
    if found.shape[1] == 1:
        ranks = [values[column].rank(pct=True, method="average").to_numpy(dtype="float64") for column in names]
        yield "shap_summary", lambda axes: _points(axes, names, found[:, 0, order], ranks, seed)
    else:
        means = np.abs(found).mean(axis=0)[:MOST_CLASSES, order]
        labels = [str(label) for label in model.labels[:MOST_CLASSES]]
        yield "shap_summary", lambda axes: _bars(axes, names, means, labels)


def _points(axes: Any, columns: Sequence[str], found: Array, ranks: Sequence[Array], seed: int) -> None:
    import numpy as np

    random = np.random.default_rng(seed)
    for place, rank in enumerate(ranks):
        heights = len(columns) - 1 - place + random.uniform(-SPREAD, SPREAD, len(found))
        shown = axes.scatter(found[:, place], heights, c=rank, cmap=SEQUENTIAL, vmin=0, vmax=1, s=9, linewidths=0)
    axes.axvline(0, color=GREY, linewidth=0.8)
    _label(axes, columns, "added to the prediction (for classes in log-odds)")
    bar = axes.figure.colorbar(shown, ax=axes, ticks=[0, 1])
    bar.ax.set_yticklabels(["low", "high"])
    bar.set_label("value of the column", labelpad=-18)


def _bars(axes: Any, columns: Sequence[str], means: Array, labels: Sequence[str]) -> None:
    import numpy as np

    left = np.zeros(len(columns))
    for row, label in zip(means, labels, strict=True):
        axes.barh(range(len(columns))[::-1], row, left=left, label=name(label))
        left += row
    _label(axes, columns, "mean size of what is added (log-odds)")
    legend_below(axes, ncols=3)


def _label(axes: Any, columns: Sequence[str], what: str) -> None:
    axes.set_yticks(range(len(columns))[::-1], [name(column) for column in columns])
    axes.set(xlabel=what, title="SHAP values (test rows)")
