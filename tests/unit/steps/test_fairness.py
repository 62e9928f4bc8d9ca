"""The groups of sensitive columns: found where a model fails one of them, quiet where it does not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_difference
from sklearn.metrics import accuracy_score

from algorithms.base import Table
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema
from steps.fairness import ENOUGH, FEWEST_PERMUTATIONS, LEVEL, fairness


def people(n=600, unfair=True, seed=0):
    """Whether somebody is hired follows from the skill; of women it is drawn by lot where that is unfair."""
    random = np.random.default_rng(seed)
    sex, skill = random.choice(["f", "m"], n), random.normal(size=n)
    lot = random.random(n) < 0.5
    hired = np.where((sex == "f") & unfair, lot, skill > 0)
    frame = pd.DataFrame({"sex": sex, "age": random.integers(18, 80, n), "skill": skill})
    return frame, pd.Series(np.where(hired, "yes", "no"))


def schema(task="classification", classes=("no", "yes")):
    kinds = {"sex": "category", "age": "number", "skill": "number"}
    columns = [Column(name=name, type=kind) for name, kind in kinds.items()]
    return TableSchema(task_type=task, columns=columns, target="hired", classes=list(classes) if classes else None)


def fitted(X, y, found_schema, name="random_forest", **params):
    found = algorithm(name)
    model = found(found.params_model(**params), seed=0)
    half = len(X) // 2
    model.fit(Table(X[:half], y[:half], found_schema))
    return model, Table(X[half:].reset_index(drop=True), y[half:].reset_index(drop=True), found_schema)


def test_a_group_that_the_model_fails_is_found():
    X, y = people()
    model, test = fitted(X, y, schema(), max_depth=4)
    (found,) = fairness(model, test, ["sex"], "accuracy")
    json.dumps(found, allow_nan=False)
    assert [group["group"] for group in found["groups"]] == ["f", "m"]
    predicted = model.predict(test.X)
    for group in found["groups"]:
        rows = (test.X["sex"] == group["group"]).to_numpy()
        assert group["n"] == rows.sum()
        assert group["value"] == pytest.approx(accuracy_score(test.y[rows], predicted[rows]))
        assert group["selection_rate"] == pytest.approx((predicted[rows] == "yes").mean())
        assert group["ci95"][0] < group["value"] <= group["ci95"][1]
    values = [group["value"] for group in found["groups"]]
    assert found["difference"] == pytest.approx(max(values) - min(values))
    assert (found["more_than_chance"], found["positive"]) == (True, "yes")
    expected = demographic_parity_difference(test.y == "yes", predicted == "yes", sensitive_features=test.X["sex"])
    assert found["demographic_parity_difference"] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_equal_treatment_raises_no_alarm(seed):
    X, y = people(unfair=False, seed=seed)
    model, test = fitted(X, y, schema(), max_depth=2)
    sex, age = fairness(model, test, ["sex", "age"], "accuracy")
    assert (sex["more_than_chance"], age["more_than_chance"]) == (False, False)


def test_numbers_are_told_by_quartile_and_regression_has_no_selection():
    X, _ = people()
    target = pd.Series(X["skill"] * np.where(X["age"] > 60, 0.0, 10.0))
    model, test = fitted(X, target, schema("regression", None))
    (found,) = fairness(model, test, ["age"], "mae")
    assert len(found["groups"]) == 4
    assert sum(group["n"] for group in found["groups"]) == len(test.X)
    assert {group["selection_rate"] for group in found["groups"]} == {None}
    assert (found["positive"], found["demographic_parity_difference"]) == (None, None)


def test_three_classes_have_no_selection():
    X, y = people()
    y = y.where(X["skill"] < 1, "maybe")
    model, test = fitted(X, y, schema(classes=("maybe", "no", "yes")))
    (found,) = fairness(model, test, ["sex"], "f1")
    assert found["positive"] is None
    assert found["difference"] is not None


def test_few_rows_are_shown_and_not_compared():
    X, y = people()
    X.loc[[301, 302, 303], "sex"] = "x"
    model, test = fitted(X, y, schema())
    (found,) = fairness(model, test, ["sex"], "accuracy")
    small = next(group for group in found["groups"] if group["group"] == "x")
    assert (small["n"], small["enough"]) == (3, False)
    compared = [group["value"] for group in found["groups"] if group["enough"]]
    assert found["difference"] == pytest.approx(max(compared) - min(compared))


def test_one_group_alone_cannot_be_compared():
    X, y = people()
    X["sex"] = "f"
    model, test = fitted(X, y, schema())
    (found,) = fairness(model, test, ["sex"], "accuracy")
    assert (found["difference"], found["p"], found["more_than_chance"]) == (None, None, None)


def test_a_metric_that_a_group_does_not_define_is_left_open():
    X, y = people()
    y = y.where(X["sex"] == "m", "yes")
    model, test = fitted(X, y, schema())
    (found,) = fairness(model, test, ["sex"], "roc_auc")
    values = {group["group"]: group["value"] for group in found["groups"]}
    assert values["f"] is None
    assert values["m"] is not None
    assert found["difference"] is None


def biased(n=1200):
    """Whether somebody is hired follows from sex and skill, so that a model can be right and choose men."""
    random = np.random.default_rng(0)
    sex, skill = random.choice(["f", "m"], n), random.normal(size=n)
    frame = pd.DataFrame({"sex": sex, "age": random.integers(18, 80, n), "skill": skill})
    return frame, pd.Series(np.where(skill + np.where(sex == "f", -1.2, 1.2) > 0, "yes", "no"))


def test_a_model_that_is_right_and_chooses_one_group_is_found():
    X, y = biased()
    model, test = fitted(X, y, schema(), "logistic_regression")
    sex, age = fairness(model, test, ["sex", "age"], "accuracy")
    assert sex["more_than_chance"] is False
    assert sex["demographic_parity_difference"] > 0.5
    assert sex["demographic_parity_more_than_chance"] is True
    assert age["demographic_parity_more_than_chance"] is False


def test_groups_drawn_by_lot_seldom_raise_an_alarm():
    X, y = people(unfair=False)
    model, test = fitted(X, y, schema(), "logistic_regression")
    random, names = np.random.default_rng(1), [f"lot {number}" for number in range(20)]
    lots = pd.DataFrame({name: random.choice(["a", "b"], len(test.X)) for name in names})
    found = fairness(model, replace(test, X=test.X.join(lots)), names, "accuracy")
    assert not any(one["more_than_chance"] or one["demographic_parity_more_than_chance"] for one in found)
    assert sum(one["p"] <= LEVEL for one in found) <= 4
    assert sum(one["demographic_parity_p"] <= LEVEL for one in found) <= 4


def test_the_fewest_permutations_can_tell_five_columns_from_chance():
    assert 1 / (1 + FEWEST_PERMUTATIONS) < LEVEL / (5 * 2)


def test_missing_values_are_compared_with_the_rest():
    X, y = people()
    X.loc[300:349, "sex"] = None
    model, test = fitted(X, y, schema())
    (found,) = fairness(model, test, ["sex"], "accuracy")
    assert [group["group"] for group in found["groups"]] == ["f", "m", "(missing)"]
    assert found["groups"][2]["n"] == 50 >= ENOUGH
