"""DBSCAN: noise, undefined metrics, and the rows that it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import cluster
from sklearn.metrics import davies_bouldin_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from algorithms.base import Table
from algorithms.dbscan import DBSCAN, NOISE, DBSCANParams
from algorithms.errors import DatasetError, ParameterError
from algorithms.params import Preprocessing


@pytest.fixture(scope="module")
def irises(sample_tables):
    return sample_tables("iris", "clustering")


@pytest.mark.parametrize(("metric", "eps"), [("euclidean", 0.7), ("manhattan", 1.0), ("cosine", 0.05)])
def test_the_figures_are_those_of_a_plain_script_without_the_noise(irises, metric, eps):
    train, _ = irises
    model = DBSCAN(DBSCANParams(eps=eps, metric=metric)).fit(train)
    X = StandardScaler().fit_transform(train.X)
    labels = cluster.DBSCAN(eps=eps, metric=metric).fit_predict(X)
    kept = labels != NOISE
    found = model.evaluate(train)
    np.testing.assert_array_equal(model.predict(train.X), labels)
    expected = {
        "silhouette": silhouette_score(X[kept], labels[kept]),
        "davies_bouldin": davies_bouldin_score(X[kept], labels[kept]),
    }
    assert found.metrics == pytest.approx(expected)
    assert (found.n, found.details) == (len(X), {"clusters": labels.max() + 1, "noise": pytest.approx(1 - kept.mean())})


@pytest.mark.parametrize(("eps", "clusters", "noise"), [(50.0, 1, 0.0), (1e-9, 0, 1.0)])
def test_fewer_than_two_clusters_have_no_metrics_and_the_notes_say_why(irises, eps, clusters, noise):
    found = DBSCAN(DBSCANParams(eps=eps)).fit(irises[0]).evaluate(irises[0], "silhouette")
    assert found.metrics == {"silhouette": None, "davies_bouldin": None}
    assert found.ci95 is None
    assert found.details == {"clusters": clusters, "noise": noise}
    assert "undefined" in found.notes[-1]


def test_other_rows_are_refused(irises):
    train, test = irises
    model = DBSCAN().fit(train)
    for rows in (test.X, train.X[::-1], train.X[:-1]):
        with pytest.raises(DatasetError, match="must be the 120 training rows"):
            model.predict(rows)
    with pytest.raises(DatasetError, match="DBSCAN assigns no cluster"):
        model.evaluate(test)


def test_rows_may_not_be_dropped(irises):
    with pytest.raises(ParameterError, match="Choose median"):
        DBSCAN(preprocessing=Preprocessing(missing="drop")).fit(irises[0])


def test_too_many_rows_are_refused_before_any_work(irises):
    many = Table(irises[0].X.sample(DBSCAN.max_rows + 1, replace=True, random_state=0), None, irises[0].schema)
    with pytest.raises(DatasetError, match="takes at most 20000 training rows, got 20001"):
        DBSCAN().fit(many)
