"""Cross-validation, held against scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from algorithms.base import Table
from algorithms.cross_validation import cross_validated
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema


def table(X, y=None, task="regression", classes=None):
    names = [f"x{number}" for number in range(X.shape[1])]
    columns = [Column(name=name, type="number") for name in names]
    target = None if y is None else "y"
    schema = TableSchema(task_type=task, columns=columns, target=target, classes=classes)
    return Table(pd.DataFrame(X, columns=names), None if y is None else pd.Series(y), schema)


def maker(name, **params):
    found = algorithm(name)
    return lambda: found(found.params_model(**params), seed=0)


@pytest.mark.parametrize(("metric", "scoring"), [("r2", "r2"), ("mae", "neg_mean_absolute_error")])
def test_regression_is_scikit_learns(metric, scoring):
    X, y = load_diabetes(return_X_y=True)
    folds = KFold(5, shuffle=True, random_state=3)
    expected = cross_val_score(make_pipeline(StandardScaler(), Ridge(alpha=1.0)), X, y, cv=folds, scoring=scoring)
    found = cross_validated(maker("linear_regression", alpha=1.0), table(X, y), metric, seed=3)
    assert found == pytest.approx(expected.mean())


def test_classification_is_by_class():
    X, y = load_iris(return_X_y=True)
    labels = np.array(["a", "b", "c"])[y]
    data = table(X, labels, "classification", ["a", "b", "c"])
    found = cross_validated(maker("logistic_regression"), data, "accuracy", seed=0)
    from sklearn.linear_model import LogisticRegression

    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), X, labels, cv=folds)
    assert found == pytest.approx(expected.mean(), abs=0.02)


def test_few_rows_of_a_class_are_no_error():
    X, y = load_iris(return_X_y=True)
    rows = [*range(50), 50, 51]
    labels = np.array(["a", "b", "c"])[y[rows]]
    data = table(X[rows], labels, "classification", ["a", "b"])
    assert cross_validated(maker("random_forest", n_estimators=5), data, "accuracy", seed=0) == pytest.approx(
        0.98, abs=0.03
    )


def test_better_hyperparameters_score_higher():
    X, y = load_iris(return_X_y=True)
    labels = np.array(["a", "b", "c"])[y]
    data = table(X, labels, "classification", ["a", "b", "c"])
    one, four = (
        cross_validated(maker("random_forest", n_estimators=20, max_depth=depth), data, "accuracy", seed=0)
        for depth in (1, 4)
    )
    assert one is not None
    assert four is not None
    assert four > one + 0.05


def test_what_says_nothing_of_new_rows_is_scored_on_its_own():
    X, _ = load_iris(return_X_y=True)
    data = table(X, task="clustering")
    make = maker("dbscan", eps=0.8, min_samples=5)
    expected = make().fit(data).evaluate(data).metrics["silhouette"]
    assert cross_validated(make, data, "silhouette", seed=0) == expected


def test_an_undefined_fold_leaves_no_score():
    X, _ = load_iris(return_X_y=True)
    make = maker("dbscan", eps=1000.0)
    assert cross_validated(make, table(X, task="clustering"), "silhouette", seed=0) is None
