"""k-means: the checks of its parameters, and clusters that are known."""

import pytest
from sklearn.cluster import KMeans as Plain
from sklearn.metrics import davies_bouldin_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from algorithms.base import Table
from algorithms.errors import ParameterError
from algorithms.kmeans import KMeans, KMeansParams


@pytest.fixture(scope="module")
def irises(sample_tables):
    return sample_tables("iris", "clustering")


def test_the_figures_are_those_of_a_plain_script(irises):
    train, test = irises
    found = KMeans(KMeansParams(k=3)).fit(train).evaluate(test, interval="silhouette")
    scaler = StandardScaler().fit(train.X)
    labels = Plain(3, n_init=10, random_state=0).fit(scaler.transform(train.X)).predict(scaler.transform(test.X))
    X = scaler.transform(test.X)
    expected = {"silhouette": silhouette_score(X, labels), "davies_bouldin": davies_bouldin_score(X, labels)}
    assert found.metrics == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("given", [4, 5, None])
def test_feature_dim_counts_the_raw_columns(irises, given):
    schema = irises[0].schema.model_copy(update={"left_out": {"id": "looks like an id"}})
    data = Table(irises[0].X, None, schema)
    model = KMeans(KMeansParams(feature_dim=given))
    if given == 4:
        with pytest.raises(ParameterError, match="must be the number of feature columns, 5, got 4"):
            model.fit(data)
    else:
        assert len(model.fit(data).predict(data.X)) == len(data.X)


def test_more_clusters_than_rows_are_refused(irises):
    few = Table(irises[0].X[:5], None, irises[0].schema)
    with pytest.raises(ParameterError, match=r"k: must be at most the number of training rows, 5, got 6"):
        KMeans(KMeansParams(k=6)).fit(few)
