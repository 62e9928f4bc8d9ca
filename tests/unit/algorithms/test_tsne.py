"""t-SNE: the places are scikit-learn's, the trustworthiness too, and what cannot be mapped is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import manifold
from sklearn.preprocessing import StandardScaler

from algorithms import evaluation
from algorithms.base import Table
from algorithms.errors import DatasetError, ParameterError
from algorithms.tsne import TSNE, TSNEParams


@pytest.fixture(scope="module")
def wines(sample_tables):
    return sample_tables("wine", "dimensionality_reduction")


def test_the_map_and_its_figure_are_those_of_a_plain_script(wines):
    train, _ = wines
    model = TSNE(TSNEParams(perplexity=20, max_iter=300), seed=5).fit(train)
    X = StandardScaler().fit_transform(train.X)
    plain = manifold.TSNE(perplexity=20, max_iter=300, random_state=5).fit_transform(X)
    found = model.evaluate(train, "trustworthiness")
    np.testing.assert_array_equal(model.predict(train.X), plain)
    assert found.metrics == {"trustworthiness": pytest.approx(manifold.trustworthiness(X, plain))}
    assert found.ci95[0] < found.metrics["trustworthiness"] < found.ci95[1]


@pytest.mark.parametrize("kind", [np.asarray, csr_matrix])
@pytest.mark.parametrize(("rows", "components"), [(11, 1), (60, 2), (300, 3)])
def test_trustworthiness_is_that_of_scikit_learn(rows, components, kind):
    dice = np.random.default_rng(rows)
    X, places = dice.normal(size=(rows, 6)), dice.normal(size=(rows, components))
    shares = evaluation.map_scorers(kind(X), places, 0)["trustworthiness"]
    assert shares(np.arange(rows)) == pytest.approx(manifold.trustworthiness(X, places))


def test_a_sample_stands_for_many_rows_and_few_rows_have_no_figure():
    X = np.random.default_rng(0).normal(size=(evaluation.MAP_ROWS + 500, 2))
    assert evaluation.map_scorers(X, X, 0)["trustworthiness"](np.arange(len(X))) == 1
    few = evaluation.map_scorers(X[:10], X[:10], 0)
    assert evaluation.report(few, 10, "trustworthiness", 0).metrics == {"trustworthiness": None}


def test_places_dealt_out_at_random_are_worth_half(wines):
    train, _ = wines
    model = TSNE(TSNEParams(max_iter=250)).fit(train)
    assert model.baseline(train, train).metrics["trustworthiness"] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("changes", "rows", "told"),
    [
        ({"perplexity": 40}, 40, "must be less than the 40 training rows, got 40. Choose 13."),
        ({"n_components": 3, "perplexity": 1}, 2, "got 'pca'. Choose random"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_advice(wines, changes, rows, told):
    train, _ = wines
    few = Table(train.X[:rows], None, train.schema)
    with pytest.raises(ParameterError, match=told):
        TSNE(TSNEParams(**changes)).fit(few)


def test_other_rows_are_refused(wines):
    train, test = wines
    model = TSNE(TSNEParams(max_iter=250)).fit(train)
    with pytest.raises(DatasetError, match="no place on its map"):
        model.predict(test.X)
