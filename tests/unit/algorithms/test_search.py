"""Lists and ranges of hyperparameters: what they stand for, and what is wrong with them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.registry import algorithm
from algorithms.search import MOST_VALUES, SLOTS, Range, Space, Tuning, Values, problems, space, tuning_problems

FOREST = algorithm("random_forest").params_model
NETWORK = algorithm("neural_network").params_model
LINEAR = algorithm("linear_regression").params_model


def messages(model, hyperparameters):
    return [problem.message for problem in problems(model, hyperparameters, "hyperparameter")]


def test_what_is_searched_and_what_is_not():
    given = {"n_estimators": [10, 50], "max_depth": {"min": 2, "max": 12}, "min_samples_leaf": 3}
    assert space(FOREST, given) == Space(
        (Range("max_depth", 2, 12, whole=True), Values("n_estimators", (10, 50))), {"min_samples_leaf": 3}
    )


def test_a_list_is_a_value_where_the_field_takes_lists():
    name = next(name for name in NETWORK.model_fields if "list" in str(NETWORK.model_fields[name].annotation))
    assert space(NETWORK, {name: [32, 16]}).searched == ()
    assert space(NETWORK, {name: [[32], [32, 16]]}).searched == (Values(name, ([32], [32, 16])),)


@given(st.floats(0, 1))
def test_a_place_is_a_value_within_the_ends(place):
    assert Values("x", ("a", "b", "c")).at(place) in ("a", "b", "c")
    whole = Range("x", 2, 12, whole=True).at(place)
    assert isinstance(whole, int)
    assert 2 <= whole <= 12
    assert 0.5 <= Range("x", 0.5, 2.0, whole=False).at(place) <= 2.0
    assert 1e-5 <= Range("x", 1e-5, 1.0, whole=False).at(place) <= 1.0
    assert 1 <= Range("x", 1, 1000, whole=True).at(place) <= 1000


def test_every_value_has_the_same_share_of_the_places():
    places = [(number + 0.5) / 300 for number in range(300)]
    found = [Range("x", 1, 3, whole=True).at(place) for place in places]
    assert [found.count(value) for value in (1, 2, 3)] == [100, 100, 100]
    listed = [Values("x", (True, False, None)).at(place) for place in places]
    assert [listed.count(value) for value in (True, False, None)] == [100, 100, 100]


def test_a_wide_range_is_searched_by_its_logarithm():
    assert Range("x", 1e-4, 1.0, whole=False).at(0.5) == pytest.approx(1e-2)
    assert Range("x", 0.5, 2.0, whole=False).at(0.5) == 1.25
    assert Range("x", 1, 10_000, whole=True).at(0.5) == 100


def test_numbers_can_be_written_down():
    assert Range("x", 0.1, 0.2, whole=False).at(1 / 3) == 0.1333
    assert Range("x", 0.123456, 0.2, whole=False).at(0.0) == 0.1235  # never below the low end
    assert Range("x", 0.123446, 0.2, whole=False).at(0.0) == 0.123446


def test_a_point_is_a_set_of_hyperparameters():
    found = space(FOREST, {"n_estimators": [10, 50], "max_depth": {"min": 2, "max": 12}, "min_samples_leaf": 3})
    assert found.at([0.0, 1.0]) == {"min_samples_leaf": 3, "max_depth": 2, "n_estimators": 50}
    assert found.at([0.999, 0.0, 0.7, 0.7]) == {"min_samples_leaf": 3, "max_depth": 12, "n_estimators": 10}


def test_a_grid_is_every_combination():
    found = space(FOREST, {"n_estimators": [10, 50], "max_depth": {"min": 2, "max": 4}, "min_samples_leaf": 3})
    grid = list(found.grid())
    assert found.size() == len(grid) == 6
    assert {(one["max_depth"], one["n_estimators"]) for one in grid} == {(d, n) for d in (2, 3, 4) for n in (10, 50)}
    assert all(one["min_samples_leaf"] == 3 for one in grid)


def test_fractions_have_no_grid():
    found = space(LINEAR, {"alpha": {"min": 0.1, "max": 1}})
    assert found.size() is None
    with pytest.raises(ValueError, match="no grid"):
        next(found.grid())


@pytest.mark.parametrize(
    ("hyperparameters", "expected"),
    [
        ({"n_estimators": [10]}, "n_estimators: must be one value, or a list of 2 to 30 different ones, got [10]"),
        ({"n_estimators": [10, 10]}, "different ones"),
        ({"n_estimators": list(range(1, MOST_VALUES + 2))}, "different ones"),
        ({"n_estimators": [10, 0]}, "n_estimators: must be a whole number from 1 to 2000, got 0"),
        ({"n_estimators": [10, "x"]}, 'n_estimators: must be a whole number from 1 to 2000, got "x"'),
        ({"n_estimators": {"min": 1, "max": 9999}}, "n_estimators: must be a whole number from 1 to 2000, got 9999"),
        ({"n_estimators": {"min": 1.5, "max": 9}}, "n_estimators: must be a whole number from 1 to 2000, got 1.5"),
        ({"n_estimators": {"min": 9, "max": 9}}, "min less than max"),
        ({"n_estimators": {"min": 1}}, "or a range {min, max} with min less than max"),
        ({"n_estimators": {"min": 1, "max": 9, "step": 2}}, "or a range {min, max} with min less than max"),
        ({"n_estimators": {"min": True, "max": 9}}, "or a range {min, max} with min less than max"),
        ({"n_estimators": {}}, "or a range {min, max} with min less than max"),
        ({"class_weight": {"min": 1, "max": 2}}, "since it is no number"),
    ],
)
def test_what_is_wrong_is_told_with_the_value(hyperparameters, expected):
    (message,) = messages(FOREST, hyperparameters)
    assert message.startswith("hyperparameters.")
    assert expected in message


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_ends_that_are_no_numbers(bad):
    assert messages(LINEAR, {"alpha": {"min": 0.1, "max": bad}})
    assert messages(LINEAR, {"alpha": [0.1, bad]})


def test_null_is_a_value_where_the_field_takes_it():
    assert messages(FOREST, {"max_depth": [None, 4]}) == []
    assert messages(FOREST, {"n_estimators": [None, 4]}) != []


def test_every_problem_is_told_and_the_number_is_bounded():
    names = list(algorithm("xgboost").params_model.model_fields)
    many = {name: [0, 0] for name in names[: SLOTS + 1]}
    assert len(many) > SLOTS
    found = messages(algorithm("xgboost").params_model, many)
    assert len(found) == SLOTS + 2
    assert f"at most {SLOTS} may be searched at once, got {SLOTS + 1}" in found[-1]


@pytest.mark.parametrize(
    ("tuning", "hyperparameters", "expected"),
    [
        ({}, {"alpha": 1.0}, "tuning: searches nothing"),
        ({"strategy": "grid"}, {"alpha": {"min": 0.1, "max": 1}}, "got a range for alpha"),
        ({"strategy": "grid", "max_trials": 2}, {"alpha": [1, 2, 3]}, "Raise max_trials to 3"),
    ],
)
def test_tuning_fits_what_is_searched(tuning, hyperparameters, expected):
    (problem,) = tuning_problems(Tuning.model_validate(tuning), space(LINEAR, hyperparameters))
    assert expected in problem.message


def test_a_grid_without_max_trials_may_be_larger_than_the_default():
    given = space(FOREST, {"n_estimators": {"min": 1, "max": 30}})
    assert tuning_problems(Tuning(strategy="grid"), given) == []
    assert tuning_problems(Tuning(strategy="grid", max_trials=20), given) != []


def test_too_large_a_grid_is_not_advised():
    given = {"n_estimators": {"min": 1, "max": 500}}
    (problem,) = tuning_problems(Tuning(strategy="grid"), space(FOREST, given))
    assert "Give fewer values, or choose random or bayesian." in problem.message
