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
from steps.sensitive_groups import LONGEST_NAME, group_names, in_order

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ENOUGH = 10
"""Test rows from which on a group is compared with others."""
PERMUTATIONS = 500
PERMUTED_ROWS = 5_000_000
"""Rows that one test draws at most; larger tables get fewer permutations."""
FEWEST_PERMUTATIONS = 250
"""Enough that five columns of two tests each can still be told from chance: 1 / 251 is below `LEVEL` / 10."""
LEVEL = 0.05
PARITY = (
    "positive",
    "demographic_parity_difference",
    "demographic_parity_p",
    "demographic_parity_more_than_chance",
    "equalized_odds_difference",
)


def fairness(model: SupervisedAlgorithm, test: Table, columns: list[str], metric: str) -> list[dict[str, Any]]:
    """One entry for each sensitive column, strict JSON.

    `groups` holds name, rows, the metric's value with its 95 % interval and, for two classes, the selection rate: the
    share of rows that are predicted to be `positive`. `difference` is how far the best group's score is from the
    worst's; `p` is how often that happens by chance; `more_than_chance`: at 5 % over all tests of all columns
    (Bonferroni). `demographic_parity_p` and `demographic_parity_more_than_chance` tell the same of the selection rates.
    """
    scorer = model.scorers(test)[metric]
    tests = len(columns) * (1 if _positive(model) is None else 2)
    return [_column(model, test, column, scorer, metric, LEVEL / tests) for column in columns]


def _column(
    model: SupervisedAlgorithm, test: Table, column: str, scorer: evaluation.Scorer, metric: str, level: float
) -> dict[str, Any]:
    groups = group_names(test.X[column])
    rates = _rates(model, test, groups)
    found = [_group(name, groups, scorer, metric, model.seed, rates) for name in in_order(groups, test.X[column])]
    large = [one["group"] for one in found if one["enough"] and one["value"] is not None]
    gap = _gap(groups, large, scorer)
    p = None if gap is None else _chance(groups, large, scorer, gap, model.seed)
    return {
        "column": column,
        "metric": metric,
        "groups": found,
        "difference": gap,
        "p": p,
        "more_than_chance": None if p is None else p < level,
        **_parity(model, test, groups, large, level),
    }


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
    tries = max(FEWEST_PERMUTATIONS, min(PERMUTATIONS, PERMUTED_ROWS // max(1, len(rows))))
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


def _parity(model: SupervisedAlgorithm, test: Table, groups: Array, names: list[str], level: float) -> dict[str, Any]:
    """Of the groups with enough rows, for two classes."""
    import numpy as np
    from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

    positive, kept = _positive(model), np.isin(groups, names)
    if positive is None or len(names) < 2 or test.y is None:
        return dict.fromkeys(PARITY)
    y = np.array(test.y.tolist(), dtype=object)[kept] == positive
    chosen = (model.predict(test.X) == positive)[kept]
    told = {"sensitive_features": groups[kept]}
    parity = evaluation.finite(demographic_parity_difference(y, chosen, **told))
    p = None if parity is None else _chance(groups[kept], names, lambda rows: chosen[rows].mean(), parity, model.seed)
    found = (
        str(positive)[:LONGEST_NAME],
        parity,
        p,
        None if p is None else p < level,
        evaluation.finite(equalized_odds_difference(y, chosen, **told)),
    )
    return dict(zip(PARITY, found, strict=True))
