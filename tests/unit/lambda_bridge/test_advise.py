from __future__ import annotations

import pytest

from algorithms.metrics import UNDEFINED_SCORE
from algorithms.registry import ALGORITHMS
from lambda_bridge.adjusting import effective, merge
from lambda_bridge.advise import Tried, advise, tried
from lambda_bridge.runs import Attempt
from pipelines.request import parse_request, resolve

TABLES = {"learning_type": "supervised", "dataset_id": "iris", "evaluation_threshold": 0.9}
REQUESTS = {
    "random_forest": TABLES,
    "xgboost": TABLES,
    "neural_network": TABLES,
    "logistic_regression": TABLES,
    "linear_regression": TABLES,
    "dbscan": {**TABLES, "learning_type": "unsupervised"},
    "kmeans": {**TABLES, "learning_type": "unsupervised"},
    "pca": {**TABLES, "learning_type": "unsupervised"},
    "tsne": {**TABLES, "learning_type": "unsupervised"},
    "a2c": {"learning_type": "reinforcement", "environment": "CartPole-v1", "evaluation_threshold": 475},
    "a3c": {"learning_type": "reinforcement", "environment": "CartPole-v1", "evaluation_threshold": 475},
    "ppo": {"learning_type": "reinforcement", "environment": "CartPole-v1", "evaluation_threshold": 475},
    "dqn": {"learning_type": "reinforcement", "environment": "CartPole-v1", "evaluation_threshold": 475},
    "q_learning": {"learning_type": "reinforcement", "environment": "Taxi-v4", "evaluation_threshold": 7},
}


def request(algorithm="random_forest", **keys):
    return resolve(parse_request({**REQUESTS.get(algorithm, TABLES), "algorithm": algorithm, **keys}))


def evaluation(baseline=0.3, ci95=None):
    return {"metrics": {"primary": {"ci95": ci95}}, "baseline": {"primary": {"score": baseline}}}


def under(hyperparameters, score=0.5):
    return Tried(hyperparameters, score, score + 0.05)


def over(hyperparameters, score=0.5):
    return Tried(hyperparameters, score, 1.0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("make", [under, over])
def test_every_suggestion_is_valid_and_new_until_none_is_left(algorithm, make):
    asked = request(algorithm)
    current, earlier, seen = make({}), [], [effective(asked, {})]
    for _ in range(100):
        advice = advise(asked, current, earlier, evaluation())
        if not advice.changes:
            break
        merged = merge(asked, current.hyperparameters, advice.changes)
        assert effective(asked, merged) not in seen
        seen.append(effective(asked, merged))
        earlier.append(current)
        current = make(merged, current.score - 0.001)
    assert len(seen) > 1


def test_underfitting_asks_for_more():
    advice = advise(request(), under({"n_estimators": 200, "max_depth": 4}), [], evaluation())
    assert advice.diagnosis == "underfitting"
    assert "accuracy is 0.55 on the training rows and 0.5 on the test rows; both miss the threshold." in advice.why
    assert advice.changes == {"max_depth": None}
    assert "defaults" in advice.basis


def test_from_the_defaults_on_values_grow():
    advice = advise(request("xgboost"), under({}), [], evaluation())
    assert advice.changes == {"n_estimators": 400, "max_depth": 12, "min_child_weight": 0.25}


def test_overfitting_asks_for_less():
    advice = advise(request(), over({}), [], evaluation())
    assert advice.diagnosis == "overfitting"
    assert advice.changes == {"min_samples_split": 4, "max_depth": 8}
    advice = advise(request("logistic_regression"), over({"C": 100.0}), [], evaluation())
    assert advice.changes == {"C": 1.0}


def test_close_to_the_threshold_follows_the_training_rows():
    advice = advise(request(), over({}, 0.89), [], evaluation(ci95=[0.8, 0.95]))
    assert (advice.diagnosis, advice.changes) == ("close", {"min_samples_split": 4, "max_depth": 8})
    advice = advise(request("pca"), Tried({}, 0.89, 0.89), [], evaluation())
    assert (advice.diagnosis, advice.changes) == ("close", {"num_components": 4})


def test_values_that_met_the_threshold_before_come_first():
    earlier = [under({"max_depth": 9}, 0.92), under({"max_depth": 7, "n_estimators": 30}, 0.95), under({}, 0.6)]
    advice = advise(request(), under({"min_samples_leaf": 5, "max_depth": 2}), earlier, evaluation())
    assert advice.changes == {"max_depth": 7, "n_estimators": 30, "min_samples_leaf": None}
    assert "reached 0.95 in an earlier attempt" in advice.basis


def test_values_that_met_it_once_and_missed_it_since_are_not_offered():
    earlier = [under({"max_depth": 9}, 0.92), under({"max_depth": 9}, 0.7)]
    advice = advise(request(), under({"max_depth": 2}), earlier, evaluation())
    assert advice.changes.get("max_depth") != 9


def test_a_direction_that_helped_is_continued():
    advice = advise(request(), under({"max_depth": 4}, 0.6), [under({"max_depth": 2}, 0.5)], evaluation())
    assert advice.changes == {"max_depth": 8}
    assert "from 0.5 to 0.6" in advice.basis
    fewer = advise(
        request(), under({"max_depth": 4}, 0.6), [under({"max_depth": 4, "n_estimators": 9}, 0.5)], evaluation()
    )
    assert fewer.changes["n_estimators"] == 200


def test_a_step_that_is_not_valid_is_left_out():
    smaller, larger = Tried({"batch_size": 128}, 100.0, None), Tried({"batch_size": 256}, 150.0, None)
    advice = advise(request("ppo"), larger, [smaller], evaluation(20.0))
    assert advice.changes == {"total_timesteps": 200_000}


def test_a_direction_that_hurt_is_left():
    advice = advise(request(), under({"max_depth": 4}, 0.5), [under({"max_depth": 8}, 0.6)], evaluation())
    assert "They start from the best so far (0.6)" in advice.basis
    assert advice.changes == {"max_depth": None}


def test_after_a_change_that_hurt_the_best_is_the_base():
    best, worse = (
        over({"n_estimators": 50}, 0.8),
        over({"n_estimators": 50, "max_depth": 8, "min_samples_split": 4}, 0.7),
    )
    advice = advise(request(), worse, [best], evaluation())
    assert advice.changes == {"max_depth": None}


def test_clusters_are_tried_both_ways():
    asked = request("kmeans")
    assert advise(asked, Tried({}, 0.5, 0.5), [], evaluation()).changes == {"k": 4}
    second = advise(asked, Tried({"k": 4}, 0.4, 0.4), [Tried({}, 0.5, 0.5)], evaluation())
    assert second.changes == {"k": 2}


def test_agents_learn_longer():
    advice = advise(request("ppo"), Tried({}, 150.0, None), [], evaluation(20.0))
    assert (advice.diagnosis, advice.changes) == ("underfitting", {"total_timesteps": 200_000})
    advice = advise(request("ppo"), Tried({"num_episodes": 500}, 150.0, None), [], evaluation(20.0))
    assert advice.changes == {"num_episodes": 1000}


def test_agents_that_learned_far_too_shortly_get_the_default_first():
    shorter, current = Tried({"total_timesteps": 1_000}, 20.0, None), Tried({"total_timesteps": 2_000}, 150.0, None)
    advice = advise(request("ppo"), current, [shorter], evaluation(20.0))
    assert advice.changes == {"total_timesteps": 100_000}
    assert "default of 100000 steps" in advice.basis
    advice = advise(request("ppo"), Tried({"num_episodes": 50}, 150.0, None), [], evaluation(20.0))
    assert advice.changes == {"total_timesteps": 100_000, "num_episodes": None}


@pytest.mark.parametrize(
    ("before", "interval", "real"), [(0.59, None, False), (0.5, [0.4, 0.8], False), (0.5, [0.55, 0.65], True)]
)
def test_a_gain_that_may_be_chance_is_no_direction(before, interval, real):
    advice = advise(
        request(), under({"max_depth": 4}, 0.6), [under({"max_depth": 2}, before)], evaluation(0.3, interval)
    )
    assert ("same direction" in advice.basis) is real


def test_underfitting_never_asks_for_less():
    advice = advise(request("xgboost"), under({"max_depth": 4}, 0.6), [under({"max_depth": 8}, 0.5)], evaluation())
    assert advice.diagnosis == "underfitting"
    assert advice.changes["max_depth"] > 4


def test_components_are_added():
    advice = advise(request("pca"), Tried({}, 0.5, 0.5), [], evaluation())
    assert (advice.diagnosis, advice.changes) == ("unclear", {"num_components": 4})
    assert advice.basis == "These values keep more of the variance."


def test_a_score_that_could_not_be_computed_is_unclear():
    for score in (None, UNDEFINED_SCORE):
        advice = advise(request(), Tried({}, score, None), [Tried({"max_depth": 3}, score, None)], evaluation(None))
        assert advice.diagnosis == "unclear"
        assert advice.why == "accuracy could not be computed on the evaluated rows."
        assert advice.changes


def test_attempts_that_this_version_does_not_understand_are_left_out():
    earlier = [under({"no_such_name": 3}, 0.99), under({"max_depth": 0}, 0.99)]
    assert advise(request(), under({"max_depth": 2}), earlier, evaluation()).changes == {"max_depth": None}


def test_what_was_undefined_before_is_not_a_direction():
    earlier = [Tried({"max_depth": 3}, None, None)]
    advice = advise(request(), under({"max_depth": 6}), earlier, evaluation())
    assert "last change" not in advice.basis


def test_when_nothing_is_left_other_algorithms_are_named():
    asked = request("pca")
    grid = [Tried({"num_components": n}, 0.5, 0.5) for n in (4, 8, 16)]
    advice = advise(asked, Tried({}, 0.5, 0.5), grid, evaluation())
    assert advice.changes == {}
    assert "was tried" in advice.basis
    assert "another algorithm" not in advice.basis  # tsne has no explained_variance
    asked = request("linear_regression")
    grid = [Tried({"alpha": a}, 0.5, 0.6) for a in (0.25, 0.0625, 0.0156)]
    advice = advise(asked, Tried({}, 0.5, 0.6), grid, evaluation())
    assert advice.changes == {}
    assert "another algorithm (neural_network, random_forest, xgboost)" in advice.basis


class TestTried:
    attempt = Attempt(
        number=1,
        hyperparameters={"max_depth": 3},
        metrics={"primary": {"name": "rmse", "value": 3.0, "score": -3.0}, "rmse": 3.0, "r2": 0.4, "mape": None},
        train_score=-1.0,
    )

    def test_by_the_metric_that_decided(self):
        assert tried(self.attempt, "rmse") == Tried({"max_depth": 3}, -3.0, -1.0)

    def test_by_another_one(self):
        assert tried(self.attempt, "r2") == Tried({"max_depth": 3}, 0.4, None)
        assert tried(self.attempt, "mape") == Tried({"max_depth": 3}, None, None)
        assert tried(Attempt(number=1), "r2") == Tried({}, None, None)
