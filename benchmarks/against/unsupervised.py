"""Clusters and projections: our algorithm beside scikit-learn's own with the same hyperparameters on the same rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn import datasets
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from algorithms.base import Table
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema
from benchmarks.against.supervised import SEEDS, difference, spread
from steps.splitting import split_rows

Params = dict[str, Any]
SAMPLES = ("iris", "wine", "breast_cancer")
UNSUPERVISED: dict[str, tuple[str, str, dict[str, Params]]] = {
    "kmeans": ("clustering", "silhouette", {name: {"k": 3} for name in SAMPLES}),
    "dbscan": ("clustering", "silhouette", {"iris": {"eps": 0.9}, "moons": {"eps": 0.3}}),
    "pca": ("dimensionality_reduction", "explained_variance", {name: {"num_components": 2} for name in SAMPLES}),
    "tsne": ("dimensionality_reduction", "trustworthiness", {name: {"perplexity": 20.0} for name in SAMPLES}),
}
"""Algorithm -> task, metric, and for each dataset the hyperparameters of both."""


def unsupervised_table(name: str) -> dict[str, Any]:
    """One row for each dataset."""
    _, metric, params = UNSUPERVISED[name]
    where = "training" if algorithm(name).only_training_rows or metric == "explained_variance" else "test"
    return {
        "about": f"Ours beside scikit-learn's own with the same hyperparameters on scaled features, {metric} of the "
        f"same {where} rows: mean ± standard deviation over {len(SEEDS)} splits, seeds {SEEDS[0]} to {SEEDS[-1]}. The "
        "difference has its 95 % interval over the splits (Student's t, paired).",
        "columns": [
            "dataset",
            "rows",
            "hyperparameters",
            "metric",
            "ours",
            "scikit-learn's own",
            "difference",
            "verdict",
        ],
        "rows": [_row(name, dataset, given, metric) for dataset, given in params.items()],
    }


def _load(dataset: str) -> Any:
    if dataset == "moons":
        return datasets.make_moons(500, noise=0.05, random_state=0)[0]
    return getattr(datasets, f"load_{dataset}")().data


def _row(name: str, dataset: str, params: Params, metric: str) -> list[str]:
    X = _load(dataset)
    pairs = [_pair(name, X, params, metric, seed) for seed in SEEDS]
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    given = ", ".join(f"`{key}: {value:g}`" for key, value in params.items())
    return [dataset, str(len(X)), given, metric, spread(ours), spread(theirs), *difference(ours, theirs)]


def _pair(name: str, X: Any, params: Params, metric: str, seed: int) -> tuple[float, float]:
    train, test, _ = split_rows(len(X), seed, None)
    frame = pd.DataFrame(X).set_axis([f"x{place}" for place in range(X.shape[1])], axis=1)
    columns = [Column(name=column, type="number") for column in frame.columns]
    schema = TableSchema(task_type=UNSUPERVISED[name][0], columns=columns)  # type: ignore[arg-type]
    cls = algorithm(name)
    parts = [Table(frame.iloc[rows].reset_index(drop=True), None, schema) for rows in (train, test)]
    ours = cls(cls.params_model.model_validate(params), seed=seed).fit(parts[0])
    found = ours.evaluate(parts[0] if cls.only_training_rows else parts[1]).metrics[metric]
    scaler = StandardScaler().fit(X[train])
    if found is None:
        raise ValueError(f"{name}: {metric} is undefined with {params}")
    return float(found), THEIRS[name](scaler.transform(X[train]), scaler.transform(X[test]), params, seed)


def _kmeans(train: Any, test: Any, params: Params, seed: int) -> float:
    labels = KMeans(params["k"], n_init=10, random_state=seed).fit(train).predict(test)
    return float(silhouette_score(test, labels))


def _dbscan(train: Any, _: Any, params: Params, __: int) -> float:
    """Over the rows in clusters, as ours: noise is no cluster."""
    labels = DBSCAN(eps=params["eps"], min_samples=5).fit_predict(train)
    return float(silhouette_score(train[labels >= 0], labels[labels >= 0]))


def _pca(train: Any, _: Any, params: Params, __: int) -> float:
    return float(PCA(params["num_components"]).fit(train).explained_variance_ratio_.sum())


def _tsne(train: Any, _: Any, params: Params, seed: int) -> float:
    places = TSNE(perplexity=params["perplexity"], random_state=seed).fit_transform(train)
    return float(trustworthiness(train, places))


THEIRS = {"kmeans": _kmeans, "dbscan": _dbscan, "pca": _pca, "tsne": _tsne}
