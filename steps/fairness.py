"""How well a model does for the groups of sensitive columns, and whether the gap between them is more than chance.

Demographic parity and equalized odds (Hardt et al. 2016) are fairlearn's, for two classes; the metric by group is the
one that decides. Chance is told by a permutation test (Good 2005): how often groups drawn at random are as far apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algorithms import evaluation
from algorithms.base import Table
from algorithms.supervised import SupervisedAlgorithm

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Series = pd.Series[Any]

MOST_GROUPS = 10
"""Of a column; the rarest categories beyond are told together."""
BINS = 4
"""Of a number: its quartiles."""
ENOUGH = 10
"""Test rows from which on a group is compared with others."""
PERMUTATIONS = 500
PERMUTED_ROWS = 5_000_000
"""Rows that one test draws at most; larger tables get fewer permutations, 100 at least."""
LEVEL = 0.05
LONGEST_NAME = 60
MISSING, OTHERS = "(missing)", "(others)"


def fairness(model: SupervisedAlgorithm, test: Table, columns: list[str], metric: str) -> list[dict[str, Any]]:
    """One entry for each sensitive column, strict JSON.

    `groups` holds name, rows, the metric's value with its 95 % interval and, for two classes, the selection rate: the
    share of rows that are predicted to be `positive`. `difference` is how far the best group's score is from the
    worst's; `p` is how often that happens by chance; `more_than_chance`: at 5 % over all columns (Bonferroni).
    """
    scorer = model.scorers(test)[metric]
    return [_column(model, test, column, scorer, metric, len(columns)) for column in columns]


def _column(
    model: SupervisedAlgorithm, test: Table, column: str, scorer: evaluation.Scorer, metric: str, columns: int
) -> dict[str, Any]:
    groups = group_names(test.X[column])
    rates = _rates(model, test, groups)
    found = [_group(name, groups, scorer, metric, model.seed, rates) for name in sorted(set(groups))]
    large = [one["group"] for one in found if one["enough"] and one["value"] is not None]
    gap = _gap(groups, large, scorer)
    p = None if gap is None else _chance(groups, large, scorer, gap, model.seed)
    return {
        "column": column,
        "metric": metric,
        "groups": found,
        "difference": gap,
        "p": p,
        "more_than_chance": None if p is None else p < LEVEL / columns,
        **_parity(model, test, groups, large),
    }


def group_names(values: Series) -> Array:
    """The group of each row, shape (n,): categories, quartiles of a number with many values, `(missing)`."""
    import numpy as np
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if numeric and values.nunique() > MOST_GROUPS:
        cut = pd.qcut(values.astype("float64"), BINS, duplicates="drop")
        ends = {part: f"{part.left:.4g} to {part.right:.4g}" for part in cut.cat.categories}
        named = cut.map(ends).astype("object")
    else:
        named = values.astype("object").map(lambda value: str(value)[:LONGEST_NAME], na_action="ignore")
    named = named.where(values.notna(), MISSING)
    common = set(named.value_counts().index[: MOST_GROUPS - 1]) if named.nunique() > MOST_GROUPS else set(named)
    return np.array([name if name in common else OTHERS for name in named.tolist()], dtype=object)


def _rows(groups: Array, name: str) -> Array:
    import numpy as np

    return np.flatnonzero(groups == name)


def _group(
    name: str, groups: Array, scorer: evaluation.Scorer, metric: str, seed: int, rates: Mapping[str, float]
) -> dict[str, Any]:
    rows = _rows(groups, name)
    within = evaluation.report({metric: lambda chosen: scorer(rows[chosen])}, len(rows), metric, seed)
    return {
        "group": name,
        "n": len(rows),
        "enough": len(rows) >= ENOUGH,
        "value": within.metrics[metric],
        "ci95": None if within.ci95 is None else list(within.ci95),
        "selection_rate": rates.get(name),
    }


def _gap(groups: Array, names: list[str], scorer: evaluation.Scorer) -> float | None:
    """How far the best of the groups is from the worst, in the metric's own unit; None for fewer than two."""
    if len(names) < 2:
        return None
    values = [evaluation.score_of(scorer, _rows(groups, name)) for name in names]
    return float(max(values) - min(values))


def _chance(groups: Array, names: list[str], scorer: evaluation.Scorer, gap: float, seed: int) -> float:
    """The share of random groups of the same sizes that are at least as far apart (Phipson and Smyth 2010)."""
    import numpy as np

    random = np.random.default_rng(seed)
    kept = np.isin(groups, names)
    rows, labels = np.flatnonzero(kept), groups[kept]
    tries = max(100, min(PERMUTATIONS, PERMUTED_ROWS // max(1, len(rows))))
    as_far = 0
    for _ in range(tries):
        shuffled = random.permutation(rows)
        values = [evaluation.score_of(scorer, shuffled[labels == name]) for name in names]
        as_far += not np.all(np.isfinite(values)) or max(values) - min(values) >= gap - 1e-12
    return (1 + as_far) / (1 + tries)


def _positive(model: SupervisedAlgorithm) -> Any:
    """The class that counts as selected: the second of two, as in scikit-learn; None for more, or for numbers."""
    return model.labels[1] if len(model.labels) == 2 else None


def _rates(model: SupervisedAlgorithm, test: Table, groups: Array) -> dict[str, float]:
    from fairlearn.metrics import MetricFrame, selection_rate

    positive = _positive(model)
    if positive is None:
        return {}
    chosen = model.predict(test.X) == positive
    frame = MetricFrame(metrics=selection_rate, y_true=chosen, y_pred=chosen, sensitive_features=groups)
    return {str(name): float(rate) for name, rate in frame.by_group.items()}


def _parity(model: SupervisedAlgorithm, test: Table, groups: Array, names: list[str]) -> dict[str, Any]:
    """Of the groups with enough rows, for two classes."""
    import numpy as np
    from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

    positive, kept = _positive(model), np.isin(groups, names)
    if positive is None or len(names) < 2 or test.y is None:
        return {"positive": None, "demographic_parity_difference": None, "equalized_odds_difference": None}
    y = np.array(test.y.tolist(), dtype=object)[kept] == positive
    chosen = (model.predict(test.X) == positive)[kept]
    told = {"sensitive_features": groups[kept]}
    return {
        "positive": str(positive)[:LONGEST_NAME],
        "demographic_parity_difference": evaluation.finite(demographic_parity_difference(y, chosen, **told)),
        "equalized_odds_difference": evaluation.finite(equalized_odds_difference(y, chosen, **told)),
    }
