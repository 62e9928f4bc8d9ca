"""Policies that answer: observations in, actions out."""

from __future__ import annotations

import json

import pytest

from algorithms.base import EnvSpec
from algorithms.ppo import PPO
from steps.limits import Limits
from steps.media_types import Content
from steps.predictor import NO_DEADLINE, load_predictor
from steps.refusals import RefusedError


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """`policies(environment)`: a policy after a few steps of learning."""
    made = {}

    def make(environment):
        if environment not in made:
            folder = tmp_path_factory.mktemp("policy")
            PPO(PPO.params_model(total_timesteps=64)).fit(EnvSpec(environment)).save(folder)
            made[environment] = load_predictor(folder)
        return made[environment]

    return make


def predict(predictor, body, content):
    return predictor.predict(predictor.read(body.encode(), content, Limits()), False, NO_DEADLINE)


OBSERVATIONS = [[0.01, -0.5, 0.02, 1], [0, 0, 0, 0], [0.04, 2.5, -0.1, -1.5]]


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (json.dumps(OBSERVATIONS), Content("json")),
        (json.dumps({"instances": OBSERVATIONS}), Content("json")),
        ("\n".join(map(json.dumps, OBSERVATIONS)), Content("jsonlines")),
        ("\n".join(",".join(map(str, row)) for row in OBSERVATIONS), Content("csv")),
    ],
)
def test_every_format_gets_the_policys_actions(policies, body, content):
    predictor = policies("CartPole-v1")
    found = predict(predictor, body, content)
    assert found.values == predictor._model.predict([list(map(float, row)) for row in OBSERVATIONS]).tolist()
    assert found.names == ["prediction"]


@pytest.mark.parametrize(("body", "content"), [("[3, 15]", Content("json")), ("3\n15\n", Content("csv"))])
def test_discrete_observations(policies, body, content):
    predictor = policies("FrozenLake-v1")
    assert predict(predictor, body, content).values == predictor._model.predict([3, 15]).tolist()


def test_continuous_actions_are_named(policies):
    found = predict(policies("Pendulum-v1"), "[[1, 0, 0.5]]", Content("json"))
    assert found.names == ["action_1"]
    assert [len(action) for action in found.values] == [1]


@pytest.mark.parametrize(
    ("environment", "body", "content"),
    [
        ("CartPole-v1", "[[0, 0, 0, 0], [0, 0, 0]]", Content("json")),
        ("CartPole-v1", "[[0, 0, 0, 0], [0, 0, 0, true]]", Content("json")),
        ("CartPole-v1", "[[0, 0, 0, 0], [100, 0, 0, 0]]", Content("json")),
        ("CartPole-v1", "[[0, 0, 0, 0], [1e999, 0, 0, 0]]", Content("json")),
        ("CartPole-v1", f"[[0, 0, 0, 0], [{'9' * 400}, 0, 0, 0]]", Content("json")),
        ("CartPole-v1", "[[0, 0, 0, 0], {}]", Content("json")),
        ("CartPole-v1", "0,0,0,0\n0,0,0,x\n", Content("csv")),
        ("CartPole-v1", "0,0,0,0\nnan,0,0,0\n", Content("csv")),
        ("FrozenLake-v1", "[0, 16]", Content("json")),
        ("FrozenLake-v1", "[0, -1]", Content("json")),
        ("FrozenLake-v1", "[0, 1.5]", Content("json")),
        ("FrozenLake-v1", f"[0, {'9' * 400}]", Content("json")),
        ("FrozenLake-v1", f"[0, {2**64}]", Content("json")),
    ],
)
def test_what_is_no_observation(policies, environment, body, content):
    with pytest.raises(RefusedError, match=rf"row 2: must be .* Send observations of {environment}") as caught:
        predict(policies(environment), body, content)
    assert (caught.value.status, caught.value.problems[0].row) == (400, 2)


def test_parquet(policies):
    with pytest.raises(RefusedError, match="observations are no table"):
        predict(policies("CartPole-v1"), "x", Content("parquet"))


@pytest.mark.parametrize("environment", ["CartPole-v1", "FrozenLake-v1"])
def test_the_example_is_an_observation(policies, environment):
    predictor = policies(environment)
    assert len(predict(predictor, json.dumps([predictor.example]), Content("json")).values) == 1
