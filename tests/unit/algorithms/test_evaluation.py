"""Metrics and intervals, against figures worked out by hand or by scikit-learn."""

import math

import numpy as np
import pytest
from sklearn import metrics

from algorithms import evaluation

RANDOM = np.random.default_rng(0)


def one_hot(codes, k):
    return np.eye(k)[codes]


def classify(y, predicted, k=2, metric=None):
    y, predicted = np.array(y), np.array(predicted)
    scorers = evaluation.classification_scorers(y, predicted, one_hot(predicted, k))
    return evaluation.report(scorers, len(y), metric, seed=0)


def test_classification_by_hand():
    found = classify([0, 0, 0, 1], [0, 0, 1, 1]).metrics
    assert found == pytest.approx(
        {"accuracy": 0.75, "precision": 0.75, "recall": 5 / 6, "f1": (0.8 + 2 / 3) / 2, "roc_auc": 5 / 6}
    )


@pytest.mark.parametrize(
    ("y", "k"),
    [
        pytest.param([0, 0, 1], 3, id="a class is missing from the test rows"),
        pytest.param([0, 1, 2], 2, id="training did not see a class"),
        pytest.param([0, 0, 0], 2, id="one class"),
    ],
)
def test_roc_auc_is_undefined_for_other_classes(y, k):
    found = classify(y, [0, 1, 0], k).metrics
    assert found["roc_auc"] is None
    assert found["accuracy"] is not None


def test_roc_auc_of_several_classes_is_one_vs_rest():
    y, probabilities = np.arange(60) % 3, RANDOM.dirichlet([1, 1, 1], 60)
    scorers = evaluation.classification_scorers(y, probabilities.argmax(1), probabilities)
    expected = np.mean([metrics.roc_auc_score(y == k, probabilities[:, k]) for k in range(3)])
    assert scorers["roc_auc"](np.arange(60)) == pytest.approx(expected)


def regress(y, predicted, metric=None):
    scorers = evaluation.regression_scorers(np.array(y, dtype=float), np.array(predicted, dtype=float))
    return evaluation.report(scorers, len(y), metric, seed=0)


def test_regression_by_hand():
    found = regress([1, 2, 4], [1, 3, 2]).metrics
    assert found == pytest.approx(
        {"r2": 1 - 5 / (14 / 3), "rmse": math.sqrt(5 / 3), "mae": 1.0, "mape": (0 + 0.5 + 0.5) / 3}
    )


def test_mape_with_a_zero_target_is_undefined():
    assert regress([0, 2], [1, 2]).metrics["mape"] is None


def test_r2_of_one_row_is_undefined():
    found = regress([1], [2], "r2")
    assert found.metrics["r2"] is None
    assert found.ci95 is None
    assert found.metrics["mae"] == 1


def test_figures_that_are_not_finite_are_none():
    assert set(regress([1.0, 2.0], [math.nan, 1.0]).metrics.values()) == {None}


def cluster(features, labels, metric=None):
    scorers = evaluation.clustering_scorers(features, np.array(labels), seed=0)
    return evaluation.report(scorers, len(labels), metric, seed=0)


@pytest.mark.parametrize("labels", [[0] * 6, list(range(6))], ids=["one cluster", "a cluster for each row"])
def test_clustering_is_undefined_without_neighbours(labels):
    assert set(cluster(RANDOM.normal(size=(6, 2)), labels, "silhouette").metrics.values()) == {None}


def test_clustering_agrees_with_scikit_learn_and_samples_large_tables(monkeypatch):
    features = RANDOM.normal(size=(400, 2)) + np.repeat([[0, 0], [6, 6]], 200, axis=0)
    labels = np.repeat([0, 1], 200)
    found = cluster(features, labels, "silhouette")
    assert found.metrics["silhouette"] == pytest.approx(metrics.silhouette_score(features, labels))
    assert found.metrics["davies_bouldin"] == pytest.approx(metrics.davies_bouldin_score(features, labels))
    monkeypatch.setattr(evaluation, "SILHOUETTE_ROWS", 100)
    sampled = cluster(features, labels, "silhouette")
    assert sampled.metrics["silhouette"] == pytest.approx(found.metrics["silhouette"], abs=0.05)
    assert sampled.metrics["silhouette"] != found.metrics["silhouette"]
    assert sampled == cluster(features, labels, "silhouette")


def test_sparse_features_give_the_same_figures():
    from scipy.sparse import csr_matrix

    features, labels = RANDOM.normal(size=(30, 3)), np.arange(30) % 2
    assert cluster(csr_matrix(features), labels).metrics == pytest.approx(cluster(features, labels).metrics)


def test_wilson_interval_of_a_textbook_case():
    """81 of 263: Newcombe 1998, Statistics in Medicine 17, table I."""
    assert evaluation.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_accuracy_has_the_wilson_interval():
    found = classify([0] * 10, [0] * 9 + [1], metric="accuracy")
    assert found.ci95 == evaluation.wilson(9, 10)


def test_the_bootstrap_interval_of_a_mean_is_near_students():
    errors = RANDOM.normal(10, 2, 400)
    found = regress(np.zeros(400) + 20, 20 + errors, "mae")
    half = 1.96 * errors.std() / 20
    assert found.ci95 == pytest.approx((errors.mean() - half, errors.mean() + half), abs=0.05)
    assert found == regress(np.zeros(400) + 20, 20 + errors, "mae")


def test_resamples_without_a_class_are_left_out():
    found = classify([0] * 8 + [1] * 2, [0] * 7 + [1] * 3, metric="roc_auc")
    assert found.ci95 is not None
    assert 0.5 < found.ci95[0] <= found.metrics["roc_auc"] <= found.ci95[1] <= 1


def test_most_resamples_undefined_gives_no_interval():
    assert evaluation.bootstrap(lambda rows: 1.0 if len(set(rows.tolist())) > 9 else math.nan, 10, 0) is None


def test_the_work_on_large_tables_is_bounded():
    drawn = []
    evaluation.bootstrap(lambda rows: float(drawn.append(len(rows)) or 1.0), 200_000, 0)
    assert len(drawn) == 100


def test_an_unknown_metric_has_no_interval():
    assert regress([1, 2, 3], [1, 2, 4], "accuracy").ci95 is None


def test_a_paired_interval_is_narrower_than_the_two_beside_each_other():
    dice = np.random.default_rng(4)
    hard = dice.random(400) < 0.3
    first = np.where(hard, dice.random(400) < 0.5, True)
    second = first & (dice.random(400) > 0.03)
    new, old = (lambda rows, right=right: float(right[rows].mean()) for right in (first, second))
    low, high = evaluation.paired(new, old, 400, 0)
    assert 0 < low < first.mean() - second.mean() < high
    alone = evaluation.bootstrap(new, 400, 0)
    assert high - low < alone[1] - alone[0]
