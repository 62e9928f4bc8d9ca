"""Tables: our algorithm beside the library's own estimator with its defaults, on the same rows of the same splits."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from algorithms.base import Table
from algorithms.metrics import TaskType
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema
from steps.splitting import split_rows

SEEDS = range(5)
"""Of the split and of both models."""
SAME = 1e-9
"""What another order of sums makes."""
Data = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
BOTH, CLASSES, NUMBERS = ("classification", "regression"), ("classification",), ("regression",)
DATASETS: dict[str, tuple[TaskType, Callable[[], Data]]] = {
    "iris": ("classification", lambda: datasets.load_iris(return_X_y=True)),
    "wine": ("classification", lambda: datasets.load_wine(return_X_y=True)),
    "breast_cancer": ("classification", lambda: datasets.load_breast_cancer(return_X_y=True)),
    "digits": ("classification", lambda: datasets.load_digits(return_X_y=True)),
    "diabetes": ("regression", lambda: datasets.load_diabetes(return_X_y=True)),
    "hastie_10_2": ("classification", lambda: datasets.make_hastie_10_2(2_000, random_state=0)),
    "friedman1": ("regression", lambda: datasets.make_friedman1(1_000, noise=1.0, random_state=0)),
}
"""The sample datasets, and two that are made: Hastie et al. 2009, example 10.2; Friedman 1991."""
SCORE = {"classification": ("accuracy", accuracy_score), "regression": ("r2", r2_score)}


def _scaled(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


SUPERVISED: dict[str, dict[str, Callable[[int], Any]]] = {
    "random_forest": {
        "classification": lambda seed: RandomForestClassifier(random_state=seed),
        "regression": lambda seed: RandomForestRegressor(random_state=seed),
    },
    "xgboost": {
        "classification": lambda seed: XGBClassifier(random_state=seed),
        "regression": lambda seed: XGBRegressor(random_state=seed),
    },
    "neural_network": {
        "classification": lambda seed: _scaled(MLPClassifier(max_iter=1_000, random_state=seed)),
        "regression": lambda seed: _scaled(MLPRegressor(max_iter=1_000, random_state=seed)),
    },
    "linear_regression": {"regression": lambda _: _scaled(Ridge())},
    "logistic_regression": {"classification": lambda _: _scaled(LogisticRegression(max_iter=1_000))},
}
"""Algorithm -> task -> the library's own, by seed."""


def supervised_table(name: str) -> dict[str, Any]:
    """One row for each dataset that fits the algorithm."""
    rows = [_row(name, dataset) for dataset, (task, _) in DATASETS.items() if task in SUPERVISED[name]]
    return {
        "about": "Ours with its defaults beside the library's own estimator with its defaults (features scaled for "
        "linear models and networks, 1,000 iterations), trained and tested on the same rows: mean ± standard "
        f"deviation over {len(SEEDS)} splits, seeds {SEEDS[0]} to {SEEDS[-1]}. The difference has its 95 % interval "
        "over the splits (Student's t, paired).",
        "columns": ["dataset", "rows", "metric", "ours", "the library's own", "difference", "verdict"],
        "rows": rows,
    }


def _row(name: str, dataset: str) -> list[str]:
    task, load = DATASETS[dataset]
    X, y = load()
    metric, score = SCORE[task]
    ours, theirs = [], []
    for seed in SEEDS:
        frame, target = pd.DataFrame(X).set_axis([f"x{place}" for place in range(X.shape[1])], axis=1), pd.Series(y)
        train, test, _ = split_rows(len(y), seed, target if task == "classification" else None)
        ours.append(_ours(name, task, frame, target, train, test, seed)[metric])
        labels = np.unique(y, return_inverse=True)[1] if task == "classification" else y  # XGBoost wants 0 to k-1
        other = SUPERVISED[name][task](seed).fit(X[train], labels[train])
        theirs.append(float(score(labels[test], other.predict(X[test]))))
    return [dataset, f"{len(y):,}", metric, spread(ours), spread(theirs), *difference(ours, theirs)]


def _ours(
    name: str, task: TaskType, X: pd.DataFrame, y: pd.Series[Any], train: Any, test: Any, seed: int
) -> dict[str, Any]:
    classes = sorted(y.unique().tolist()) if task == "classification" else None
    if classes is not None:
        y, classes = y.astype(int), [int(label) for label in classes]
    columns = [Column(name=column, type="number") for column in X.columns]
    schema = TableSchema(task_type=task, columns=columns, target="y", classes=classes)
    parts = [
        Table(X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True), schema)
        for rows in (train, test)
    ]
    found = algorithm(name)
    return found(found.params_model(), seed=seed).fit(parts[0]).evaluate(parts[1]).metrics


def spread(values: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{fmean(values):.3f} ± {stdev(values):.3f}"


def difference(ours: list[float], theirs: list[float]) -> tuple[str, str]:
    """The mean difference with its 95 % interval, and whether it is more than noise."""
    each = np.array(ours) - np.array(theirs)
    if np.allclose(each, 0, atol=SAME):
        return "0 on each split", "the same"
    half = float(stats.t.ppf(0.975, len(each) - 1) * stats.sem(each))
    mean = float(each.mean())
    verdict = "within noise" if abs(mean) <= half else "better" if mean > 0 else "MISS: worse"
    return f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})", verdict
