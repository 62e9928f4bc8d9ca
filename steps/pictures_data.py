"""Pictures of the data itself: what is to be predicted, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from steps.drawing import BLUE, MOST_NAMED, ORANGE, Drawing, legend_below, name

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

BINS = 20
FEWEST_BARS = 5
"""Room for as many, so that a bar alone does not fill the picture."""


def data_quality(train: Table, test: Table) -> Iterator[tuple[str, Drawing]]:
    """The target of training and test rows side by side, and the columns with missing values, where there are any."""
    if train.y is not None and test.y is not None:
        before, now = train.y, test.y
        draw = _classes if train.schema.task_type == "classification" else _values
        yield "target_distribution", lambda axes: draw(axes, before, now)
    missing = train.X.isna().mean().sort_values(ascending=False)[:MOST_NAMED]
    missing = missing[missing > 0]
    if len(missing):
        yield "missing_values", lambda axes: _missing(axes, missing)


def _classes(axes: Any, train: Series, test: Series) -> None:
    """Shares, since there are more training rows. The most frequent classes, where there are many."""
    shares = train.value_counts(normalize=True)[:MOST_NAMED]
    others = test.value_counts(normalize=True).reindex(shares.index, fill_value=0.0)
    places = range(len(shares))
    axes.barh([place + 0.2 for place in places], shares, height=0.4, color=BLUE, label="training rows")
    axes.barh([place - 0.2 for place in places], others, height=0.4, color=ORANGE, label="test rows")
    axes.set_yticks(places, [name(label) for label in shares.index])
    axes.set(xlabel="share of the rows", title="Target")
    legend_below(axes, ncols=2)


def _values(axes: Any, train: Series, test: Series) -> None:
    both = [train.astype("float64"), test.astype("float64")]
    ends = (min(float(values.min()) for values in both), max(float(values.max()) for values in both))
    axes.hist(both[0], bins=BINS, range=ends, density=True, color=BLUE, alpha=0.6, label="training rows")
    kept = {"histtype": "step", "linewidth": 2, "color": ORANGE, "label": "test rows"}
    axes.hist(both[1], bins=BINS, range=ends, density=True, **kept)
    axes.set(xlabel="target", ylabel="density", title="Target")
    legend_below(axes, ncols=2)


def _missing(axes: Any, shares: Series) -> None:
    places, top = range(len(shares))[::-1], len(shares) - 0.5
    axes.barh(places, shares, color=BLUE)
    axes.set_yticks(places, [name(column) for column in shares.index])
    axes.set(xlabel="share of the training rows", title="Missing values", xlim=(0, 1))
    axes.set_ylim(top - max(FEWEST_BARS, len(shares)), top)
