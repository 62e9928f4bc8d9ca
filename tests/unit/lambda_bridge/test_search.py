"""What a search tried: read from the service's answers, and told."""

from __future__ import annotations

import pytest

from algorithms.search import PLACE, SLOTS
from lambda_bridge.runs import Trial
from lambda_bridge.search import chosen, search_section, trials, tuning_job
from pipelines.request import parse_request, resolve


def request(tuning=None, hyperparameters=None, **more):
    searched = {"n_estimators": [10, 50], "max_depth": {"min": 2, "max": 12}, "min_samples_leaf": 3}
    given = {"learning_type": "supervised", "algorithm": "random_forest", "dataset_id": "iris", **more}
    return resolve(
        parse_request(
            {**given, "tuning": tuning, "hyperparameters": searched if hyperparameters is None else hyperparameters}
        )
    )


def job(places, score):
    found = {
        "TunedHyperParameters": {f"{PLACE}{number}": str(place) for number, place in enumerate(places, 1)},
        "TrainingJobStatus": "Failed" if score is None else "Completed",
    }
    reached = {"MetricName": "objective", "Value": score}
    return found if score is None else {**found, "FinalHyperParameterTuningJobObjectiveMetric": reached}


def test_each_training_job_is_a_trial():
    jobs = [job([0.0, 0.9, *[0.5] * (SLOTS - 2)], 0.8), job([1.0, 0.0, *[0.1] * (SLOTS - 2)], None)]
    assert trials(request(), None, jobs) == (
        Trial(hyperparameters={"max_depth": 2, "n_estimators": 50}, score=0.8),
        Trial(hyperparameters={"max_depth": 12, "n_estimators": 10}, score=None),
    )


def test_a_grid_left_its_list_to_evaluate():
    listed = [{"hyperparameters": {"max_depth": 2, "n_estimators": 10}, "score": 0.5, "problem": ""}]
    found = trials(request({"strategy": "grid", "max_trials": 22}), {"search": {"trials": listed}}, [job([], 0.5)])
    assert found == (Trial(hyperparameters={"max_depth": 2, "n_estimators": 10}, score=0.5),)


@pytest.mark.parametrize("evaluation", [None, {}, {"search": None}])
def test_a_grid_without_its_list_has_no_trials(evaluation):
    assert trials(request({"strategy": "grid", "max_trials": 22}), evaluation, []) == ()


def test_one_value_each_is_no_search():
    plain = request(hyperparameters={"n_estimators": 10})
    assert trials(plain, None, [job([0.1], 0.5)]) == ()
    assert search_section(plain, [Trial(hyperparameters={}, score=1.0)]) == ""


def test_the_tuning_job_is_named_by_its_step():
    steps = [{"StepName": "Prepare", "Metadata": {"ProcessingJob": {"Arn": "p"}}}, {"StepName": "Train"}]
    assert tuning_job(steps) is None
    assert tuning_job([*steps, {"StepName": "Train", "Metadata": {"TuningJob": {"Arn": "arn:t"}}}]) == "arn:t"


def test_chosen_are_the_values_of_the_model():
    asked = {"n_estimators": [10, 50], "min_samples_leaf": 3}
    used = {"n_estimators": 50, "min_samples_leaf": 3, "max_depth": None}
    assert chosen(asked, {"hyperparameters": used}) == {"n_estimators": 50, "min_samples_leaf": 3}
    assert chosen(asked, None) == asked


def test_the_best_are_shown_each_once_best_first():
    tried = [
        Trial(hyperparameters={"max_depth": depth, "n_estimators": 10}, score=score)
        for depth, score in [(2, 0.5), (3, 0.9), (3, 0.9), (4, 0.7), (5, 0.6), (6, 0.1), (7, 0.8), (8, None)]
    ]
    text = search_section(request(), tried)
    assert "8 trials, bayesian" in text
    assert "1 without a score" in text
    assert "the best 5 of 6 sets" in text
    assert [line.split(" | ")[0].strip("| ") for line in text.splitlines() if line.startswith("| ")][2:] == list(
        "37452"
    )


def test_a_metric_that_is_better_when_lower_is_told_in_its_own_unit():
    tried = [Trial(hyperparameters={"alpha": 1}, score=-55.5), Trial(hyperparameters={"alpha": 2}, score=-44.25)]
    asked = request(hyperparameters={"alpha": [1, 2]}, algorithm="linear_regression", evaluation_metric="rmse")
    lines = search_section(asked, tried).splitlines()
    assert lines[-2:] == ["| 2 | 44.25 |", "| 1 | 55.5 |"]


def test_nothing_is_told_where_nothing_has_a_score():
    assert search_section(request(), [Trial(hyperparameters={"max_depth": 2, "n_estimators": 10}, score=None)]) == ""
