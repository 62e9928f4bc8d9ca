"""Metrics of the table algorithms, and their 95 % intervals. Undefined figures are None, never an exception."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from algorithms.base import Evaluation

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Interval = tuple[float, float] | None
Scorer = Callable[["Array"], float]
"""A function of row numbers, shape (n,), to a metric over those rows."""
Scorers = Mapping[str, Scorer]
"""Metric name -> scorer."""

SILHOUETTE_ROWS = 5_000
"""Rows that enter the silhouette at most: it compares every row with every other one."""
MAP_ROWS = 2_000
"""Rows that enter the trustworthiness at most: it compares every row with every other one."""
NEIGHBOURS = 5
RESAMPLES = 500
RESAMPLED_ROWS = 5_000_000
"""Rows that one bootstrap draws at most; larger tables get fewer resamples, 100 at least."""


def classification_scorers(y: Array, predicted: Array, probabilities: Array) -> Scorers:
    """Macro-averaged where classes are averaged; a class that is never predicted has precision 0.

    Parameters
    ----------
    y, predicted : class codes, shape (n,); codes 0 to k-1 are the classes of the training rows
    probabilities : shape (n, k)

    `roc_auc` is undefined unless exactly the classes of the training rows are among `y`.
    """
    from sklearn import metrics

    def averaged(score: Callable[..., float]) -> Scorer:
        return lambda rows: score(y[rows], predicted[rows], average="macro", zero_division=0)

    return {
        "accuracy": lambda rows: metrics.accuracy_score(y[rows], predicted[rows]),
        "precision": averaged(metrics.precision_score),
        "recall": averaged(metrics.recall_score),
        "f1": averaged(metrics.f1_score),
        "roc_auc": lambda rows: _roc_auc(y[rows], probabilities[rows]),
    }


def _roc_auc(y: Array, probabilities: Array) -> float:
    import numpy as np
    from sklearn.metrics import roc_auc_score

    k = probabilities.shape[1]
    if not np.array_equal(np.unique(y), np.arange(k)):
        return math.nan
    if k == 2:
        return float(roc_auc_score(y, probabilities[:, 1]))
    return float(roc_auc_score(y, probabilities, multi_class="ovr", average="macro"))


def regression_scorers(y: Array, predicted: Array) -> Scorers:
    """`y` and `predicted` have shape (n,). `mape` is undefined where a target is zero: it would divide by it."""
    import numpy as np
    from sklearn import metrics

    def mape(rows: Array) -> float:
        return math.nan if np.any(y[rows] == 0) else metrics.mean_absolute_percentage_error(y[rows], predicted[rows])

    return {
        "r2": lambda rows: metrics.r2_score(y[rows], predicted[rows]),
        "rmse": lambda rows: metrics.root_mean_squared_error(y[rows], predicted[rows]),
        "mae": lambda rows: metrics.mean_absolute_error(y[rows], predicted[rows]),
        "mape": mape,
    }


def clustering_scorers(features: Any, labels: Array, seed: int) -> Scorers:
    """`features` is a dense or sparse matrix of shape (n, d), `labels` has shape (n,).

    The silhouette compares every row with every other one, so a seeded sample of `SILHOUETTE_ROWS` stands for more
    rows. So it does for `davies_bouldin` where the matrix is sparse.
    """
    import numpy as np
    from scipy.sparse import issparse
    from sklearn import metrics

    n = len(labels)
    sample = np.sort(np.random.default_rng(seed).permutation(n)[:SILHOUETTE_ROWS])
    silhouettes = np.full(n, math.nan)
    if 1 < len(np.unique(labels[sample])) < len(sample):
        silhouettes[sample] = metrics.silhouette_samples(features[sample], labels[sample])

    def davies_bouldin(rows: Array) -> float:
        if issparse(features):
            rows = rows[np.isin(rows, sample)]
            return float(metrics.davies_bouldin_score(features[rows].toarray(), labels[rows]))
        return float(metrics.davies_bouldin_score(features[rows], labels[rows]))

    return {"silhouette": lambda rows: float(np.nanmean(silhouettes[rows])), "davies_bouldin": davies_bouldin}


def map_scorers(features: Any, places: Array, seed: int) -> Scorers:
    """`features` is a dense or sparse matrix of shape (n, d), `places` has shape (n, components).

    Trustworthiness with 5 neighbours, scikit-learn's default (Venna and Kaski 2001, equation 1): 1 less a penalty for
    each neighbour on the map that is none among the rows. It compares every row with every other one, so that a seeded
    sample of `MAP_ROWS` stands for more rows.
    """
    import numpy as np

    n = len(places)
    sample = np.sort(np.random.default_rng(seed).permutation(n)[:MAP_ROWS])
    shares = np.full(n, math.nan)
    if len(sample) > 2 * NEIGHBOURS:
        shares[sample] = _trust(features[sample], places[sample])
    return {"trustworthiness": lambda rows: float(np.nanmean(shares[rows]))}


def _trust(features: Any, places: Array) -> Array:
    """What each row adds to the trustworthiness, shape (n,); their mean is scikit-learn's `trustworthiness`.

    NaN where all rows are alike: none is another one's neighbour more than the rest.
    """
    import numpy as np
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    n, k = len(places), NEIGHBOURS
    distances = pairwise_distances(features)
    if not distances.any():
        return np.full(n, math.nan)
    np.fill_diagonal(distances, np.inf)
    ranks = np.empty((n, n), dtype=int)
    np.put_along_axis(ranks, np.argsort(distances, axis=1), np.arange(1, n + 1)[np.newaxis, :], axis=1)
    near = NearestNeighbors(n_neighbors=k).fit(places).kneighbors(return_distance=False)
    beyond = np.maximum(np.take_along_axis(ranks, near, axis=1) - k, 0).sum(axis=1)
    shares: Array = 1 - beyond * 2 / (k * (2 * n - 3 * k - 1))
    return shares


def report(scorers: Scorers, n: int, metric: str | None, seed: int) -> Evaluation:
    """Every metric over `n` rows; with `metric`, its 95 % interval too."""
    import numpy as np

    metrics = {name: finite(score_of(scorer, np.arange(n))) for name, scorer in scorers.items()}
    if metric is None or metrics.get(metric) is None:
        return Evaluation(metrics, n)
    return Evaluation(metrics, n, interval(metric, scorers[metric], n, seed))


def interval(metric: str, scorer: Scorer, n: int, seed: int) -> Interval:
    """The 95 % interval of a metric over `n` rows; None where too few resamples define it.

    accuracy: Wilson's score interval (1927). Others: percentile bootstrap (Efron 1979).
    """
    import numpy as np

    if metric == "accuracy":
        return wilson(round(scorer(np.arange(n)) * n), n)
    return bootstrap(scorer, n, seed)


def paired(new: Scorer, old: Scorer, n: int, seed: int) -> Interval:
    """The 95 % interval of how much greater `new` is than `old` over the same `n` rows, drawn for both at once.

    That is narrower than the two intervals beside each other: rows that are hard for one are mostly hard for the other.
    """
    return bootstrap(lambda rows: new(rows) - old(rows), n, seed)


def wilson(successes: int, n: int) -> Interval:
    """Wilson's 95 % score interval of a share."""
    from scipy.stats import binomtest

    found = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def bootstrap(scorer: Scorer, n: int, seed: int) -> Interval:
    """Percentile bootstrap over row numbers, seeded, with about `RESAMPLED_ROWS` rows drawn in all at most.

    Resamples in which the metric is undefined (a class is missing, say) are left out; None when most are.
    """
    import numpy as np
    from scipy import stats
    from sklearn import config_context

    if n < 2:
        return None
    resamples = max(100, min(RESAMPLES, RESAMPLED_ROWS // n))
    with config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            (np.arange(n),),
            lambda rows: score_of(scorer, rows),
            n_resamples=resamples,
            batch=1,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
    return _middle(found.bootstrap_distribution)


def _middle(values: Array) -> Interval:
    """The middle 95 % of the values that are defined."""
    import numpy as np

    defined = values[np.isfinite(values)]
    if len(defined) * 2 < len(values):
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def score_of(scorer: Scorer, rows: Array) -> float:
    """The score over some rows; NaN where scikit-learn refuses the data, for instance one cluster or no row at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(scorer(rows))
        except ValueError:
            return math.nan


def finite(value: float | None) -> float | None:
    """NaN and infinity are no figures."""
    return float(value) if value is not None and math.isfinite(value) else None
