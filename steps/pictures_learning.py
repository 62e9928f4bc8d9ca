"""Whether more rows would help: the score by the number of training rows (scikit-learn's guide, 3.5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.supervised import SupervisedAlgorithm
from steps.drawing import BLUE, ORANGE, Drawing, legend_below

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
MOST_ROWS, MOST_CELLS = 2_000, 100_000
"""Of the largest training; it takes less than thrice as long as that one."""
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Point:
    """A training on some of the rows: how well it does on them, and on the test rows. NaN where it is undefined."""

    rows: int
    train: float
    test: float


def learning_curve(
    model: SupervisedAlgorithm, train: Table, test: Table, metric: str, seed: int
) -> Iterator[tuple[str, Drawing]]:
    """One picture, of trainings on growing parts of a seeded sample of the training rows."""
    import numpy as np

    most = min(len(train.X), MOST_ROWS, MOST_CELLS // max(1, len(train.X.columns)))
    order = np.random.default_rng(seed).permutation(len(train.X))
    sizes = sorted({size for share in SHARES if (size := round(share * most)) >= FEWEST_ROWS})
    if len(sizes) > 1:
        points = [_point(model, _part(train, order[:size]), test, metric) for size in sizes]
        yield "learning_curve", lambda axes: _curve(axes, points, metric)


def _point(model: SupervisedAlgorithm, train: Table, test: Table, metric: str) -> Point:
    fresh = type(model)(model.params, seed=model.seed, preprocessing=model.preprocessing).fit(train)
    found = [fresh.evaluate(rows).metrics[metric] for rows in (train, test)]
    scores = [float("nan") if value is None else value for value in found]
    return Point(len(train.X), *scores)


def _part(table: Table, rows: Array) -> Table:
    return Table(table.X.iloc[rows], None if table.y is None else table.y.iloc[rows], table.schema)


def _curve(axes: Any, points: list[Point], metric: str) -> None:
    rows = [point.rows for point in points]
    axes.plot(rows, [point.train for point in points], "o--", color=ORANGE, label="on these rows")
    axes.plot(rows, [point.test for point in points], "o-", color=BLUE, label="on the test rows")
    axes.set(xlabel="training rows", ylabel=metric, title="Learning curve")
    legend_below(axes, ncols=2)
