"""PCA: shares of variance, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition, manifold
from sklearn.preprocessing import StandardScaler

from algorithms import features
from algorithms.base import Table
from algorithms.errors import ParameterError
from algorithms.pca import PCA, PCAParams


@pytest.fixture(scope="module")
def wines(sample_tables):
    return sample_tables("wine", "dimensionality_reduction")


def test_the_score_is_the_share_of_the_training_rows(wines):
    train, test = wines
    found = PCA(PCAParams(num_components=3)).fit(train).evaluate(test, interval="explained_variance")
    X, T = (StandardScaler().fit(train.X).transform(rows.X) for rows in (train, test))
    plain = decomposition.PCA(3).fit(X)
    assert found.metrics["explained_variance"] == pytest.approx(plain.explained_variance_ratio_.sum())
    lost = np.square(T - plain.inverse_transform(plain.transform(T))).sum()
    share = 1 - lost / np.square(T - plain.mean_).sum()
    assert found.metrics["explained_variance_test"] == pytest.approx(share)
    assert found.metrics["trustworthiness"] == pytest.approx(manifold.trustworthiness(T, plain.transform(T)))
    assert found.ci95[0] < found.metrics["explained_variance"] < found.ci95[1]


def test_sparse_matrices_give_the_same_projection(wines, monkeypatch):
    train, _ = wines
    texts = [" ".join(f"w{row}{number % 7}" for number in range(row % 5)) for row in range(len(train.X))]
    schema = train.schema.model_copy(
        update={
            "columns": [*train.schema.columns, train.schema.columns[0].model_copy(update={"name": "n", "type": "text"})]
        }
    )
    data = Table(train.X.assign(n=texts), None, schema)
    dense = PCA().fit(data)
    monkeypatch.setattr(features, "DENSE_CELLS", 0)
    sparse = PCA().fit(data)
    np.testing.assert_allclose(np.abs(sparse.predict(data.X)), np.abs(dense.predict(data.X)), atol=1e-6)
    assert sparse.evaluate(data).metrics == pytest.approx(dense.evaluate(data).metrics)


def test_random_directions_keep_their_share(wines):
    train, test = wines
    model = PCA(PCAParams(num_components=13)).fit(train)
    assert model.baseline(train, test).metrics["explained_variance"] == pytest.approx(1)
    shares = [
        PCA(PCAParams(num_components=2), seed=seed).fit(train).baseline(train, test).metrics["explained_variance"]
        for seed in range(10)
    ]
    assert np.mean(shares) == pytest.approx(2 / 13, abs=0.07)


def test_more_components_than_features_are_refused_with_the_largest(wines):
    train, _ = wines
    with pytest.raises(ParameterError, match="num_components: must be at most 13"):
        PCA(PCAParams(num_components=14)).fit(train)


def test_rows_without_variance_have_no_score(wines):
    train, _ = wines
    equal = Table(pd.DataFrame(1.0, index=range(5), columns=train.schema.names), None, train.schema)
    found = PCA().fit(equal).evaluate(equal, interval="explained_variance")
    assert found.metrics == {"explained_variance": None, "explained_variance_test": None, "trustworthiness": None}
    assert found.ci95 is None
