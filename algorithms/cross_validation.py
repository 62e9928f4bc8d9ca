"""How good hyperparameters are, judged by training rows alone: cross-validation (Stone 1974)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.metrics import METRICS
from algorithms.tabular import TabularAlgorithm

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[Any, np.dtype[np.intp]]

FOLDS = 5
"""scikit-learn's default."""


def cross_validated(make: Callable[[], TabularAlgorithm], data: Table, metric: str, seed: int) -> float | None:
    """The mean score of a metric over the folds, greater is better; None where it is undefined in one of them.

    Folds are drawn with `seed`, by class for classification, so that every set of hyperparameters sees the same. An
    algorithm that says nothing of new rows is scored on the rows that it was fitted on. Raises ParameterError and
    DatasetError, see `TabularAlgorithm.fit`.
    """
    if make().only_training_rows:
        found = [make().fit(data).evaluate(data).metrics[metric]]
    else:
        parts = _folds(data, seed)
        found = [make().fit(_rows(data, train)).evaluate(_rows(data, test)).metrics[metric] for train, test in parts]
    defined = [METRICS[metric].score(value) for value in found if value is not None]
    return fmean(defined) if len(defined) == len(found) else None


def _folds(data: Table, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Row numbers of training and validation. A class with fewer rows than folds is missing in some of them."""
    import numpy as np
    from sklearn.model_selection import KFold, StratifiedKFold

    rows = np.arange(len(data.X))
    folds = min(FOLDS, len(rows))
    if data.schema.task_type != "classification" or data.y is None:
        return iter(KFold(folds, shuffle=True, random_state=seed).split(rows))
    folds = max(2, min(folds, int(data.y.value_counts().max())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with fewer rows than folds, which Prepare has told of
        return iter(list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, data.y.astype(str))))


def _rows(data: Table, rows: Rows) -> Table:
    return Table(data.X.iloc[rows], None if data.y is None else data.y.iloc[rows], data.schema)
