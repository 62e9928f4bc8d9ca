from __future__ import annotations

import pytest

from algorithms.metrics import UNDEFINED_SCORE
from lambda_bridge.diagnosis import diagnose, figures_of
from pipelines.request import parse_request, resolve


def told(score, train, baseline=None, ci95=None, **keys):
    given = {"learning_type": "supervised", "algorithm": "random_forest", "dataset_id": "iris", **keys}
    evaluation = {"metrics": {"primary": {"ci95": ci95}}, "baseline": {"primary": {"score": baseline}}}
    return diagnose(figures_of(resolve(parse_request(given)), score, train, evaluation), given["learning_type"])


RMSE = {"task_type": "regression", "evaluation_metric": "rmse", "evaluation_threshold": 10}


@pytest.mark.parametrize(
    ("score", "train", "diagnosis"),
    [(0.5, 0.6, "underfitting"), (0.5, 0.9, "overfitting"), (0.5, 1.0, "overfitting"), (0.88, 1.0, "close")],
)
def test_training_against_test_against_threshold(score, train, diagnosis):
    assert told(score, train, 0.3, evaluation_threshold=0.9)[0] == diagnosis


def test_lower_is_better_is_told_in_the_metrics_own_values():
    found, why = told(-20.0, -15.0, -40.0, **RMSE)
    assert found == "underfitting"
    assert "rmse is 15 on the training rows and 20 on the test rows; both miss the threshold." in why
    assert told(-20.0, -3.0, -40.0, **RMSE)[0] == "overfitting"


def test_training_rows_far_better_than_test_rows_are_overfitted_below_the_threshold_too():
    found, why = told(0.7, 0.89, 0.33, evaluation_threshold=0.9)
    assert found == "overfitting"
    assert "both miss the threshold. The training rows do much better" in why
    assert told(0.5, 0.7, 0.33, evaluation_threshold=0.99)[0] == "overfitting"
    assert told(0.5, 0.7, None, evaluation_threshold=0.99)[0] == "underfitting"
    assert told(0.2, 0.3, 0.33, evaluation_threshold=0.99)[0] == "underfitting"
    assert told(-50.0, -20.0, -100.0, **RMSE)[0] == "overfitting"
    assert told(-50.0, -45.0, -100.0, **RMSE)[0] == "underfitting"


def test_clusters_and_components_do_not_fit():
    keys = {"learning_type": "unsupervised", "evaluation_threshold": 0.9}
    found, why = told(0.5, 0.95, 0.1, algorithm="kmeans", **keys)
    assert (found, "fit" in why, "only trying shows" in why) == ("unclear", False, True)
    found, why = told(0.5, 0.5, 0.1, algorithm="pca", **keys)
    assert (found, "too little of the variance" in why) == ("unclear", True)
    assert "neighbours on the map" in told(0.5, 0.5, 0.1, algorithm="tsne", **keys)[1]
    assert "training rows" not in told(0.88, 0.88, 0.1, algorithm="pca", **keys)[1]


def test_a_threshold_within_the_interval_is_close():
    assert told(-20.0, -3.0, -40.0, ci95=[9.0, 30.0], **RMSE)[0] == "close"
    assert told(-20.0, -3.0, -40.0, ci95=[11.0, 30.0], **RMSE)[0] == "overfitting"
    found, why = told(0.88, None, 0.3, ci95=[0.8, 0.95], evaluation_threshold=0.9)
    assert (found, "training" in why) == ("close", False)


def test_no_better_than_a_dummy_is_said():
    assert "no better than a dummy, which reaches 0.6" in told(0.5, 0.6, 0.6, evaluation_threshold=0.9)[1]
    assert "dummy" not in told(0.5, 0.6, 0.4, evaluation_threshold=0.9)[1]
    assert "dummy" not in told(0.5, 0.6, None, evaluation_threshold=0.9)[1]


def test_what_is_not_known_is_unclear():
    assert told(None, None, evaluation_threshold=0.9)[0] == "unclear"
    assert told(UNDEFINED_SCORE, 1.0, UNDEFINED_SCORE, evaluation_threshold=0.9)[0] == "unclear"
    assert told(0.5, 0.6)[0] == "unclear"
    assert told(0.5, None, 0.3, evaluation_threshold=0.9) == (
        "unclear",
        "accuracy is 0.5 and the threshold 0.9, and the score on the training rows is not known.",
    )


def test_agents_have_no_training_rows():
    keys = {"learning_type": "reinforcement", "algorithm": "ppo", "dataset_id": None, "environment": "CartPole-v1"}
    found, why = told(100.0, None, 20.0, evaluation_threshold=475, **keys)
    assert (found, why) == (
        "underfitting",
        "mean_reward is 100 and the threshold 475: the agent has not learned enough yet.",
    )


def test_an_evaluation_without_figures_is_no_error():
    given = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "evaluation_threshold": 0.9}
    request = resolve(parse_request(given))
    figures = figures_of(request, 0.5, None, {"baseline": None, "metrics": None})
    assert (figures.baseline, figures.interval, figures.close) == (None, None, False)
    assert not figures_of(request, None, None, {}).close
