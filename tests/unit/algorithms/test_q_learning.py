"""Q-learning against its update rule by hand, and against the optimum that the environments' own tables imply."""

from __future__ import annotations

import json

import numpy as np
import pytest

from algorithms.base import EnvSpec, NotFittedError
from algorithms.environments import ENVIRONMENTS
from algorithms.episodes import make_environment
from algorithms.errors import DatasetError, ParameterError
from algorithms.manifest import load_model, write_manifest
from algorithms.q_learning import QLearning, QLearningParams, QTable

CLIFF = EnvSpec("CliffWalking-v1")
GRIDS = [name for name, spec in ENVIRONMENTS.items() if spec.observation == "discrete"]


def quick(seed=0, **changes):
    return QLearning(QLearningParams(**{"total_timesteps": 500} | changes), seed=seed)


def optimal_returns(transitions):
    """The return of the best actions from each state, undiscounted, by value iteration; no move is left to chance."""
    values = np.zeros(len(transitions))
    while True:
        better = np.array(
            [
                max(reward + (0 if ended else values[to]) for [(_, to, reward, ended)] in moves.values())
                for moves in transitions.values()
            ]
        )
        if (better == values).all():
            return values
        values = better


def returns(transitions, actions, start, steps=200):
    total, state = 0.0, start
    for _ in range(steps):
        [(_, state, reward, ended)] = transitions[state][actions[state]]
        total += reward
        if ended:
            break
    return total


class TestUpdate:
    def test_moves_by_the_rate(self):
        table = QTable(2, 2)
        table.update(0, 1, 10.0, 0.5)
        table.update(0, 1, 10.0, 0.5)
        assert table.values.tolist() == [[0, 7.5], [0, 0]]

    @pytest.mark.parametrize(("remaining", "expected"), [(1, 0.9), (0.75, 0.5), (0.5, 0.1), (0, 0.1)])
    def test_random_actions_fall_over_their_share_of_the_training(self, remaining, expected):
        params = QLearningParams(exploration_initial_eps=0.9, exploration_final_eps=0.1, exploration_fraction=0.5)
        assert params.epsilon(remaining) == pytest.approx(expected)

    def test_equal_actions_are_chosen_by_chance(self):
        model = quick()
        model._table = QTable(1, 4)
        model._table.values[0] = [1, 3, 3, 0]
        random = np.random.default_rng(0)
        assert {model._explore(0, 0.0, random) for _ in range(50)} == {1, 2}
        assert {model._explore(0, 1.0, random) for _ in range(50)} == {0, 1, 2, 3}


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["CliffWalking-v1", "Taxi-v4"])
def test_the_optimum_from_every_start_with_the_defaults(environment):
    model = QLearning(seed=1).fit(EnvSpec(environment))
    arena = make_environment(environment).unwrapped
    best, actions = optimal_returns(arena.P), model.predict(np.arange(len(arena.P)))
    starts = np.flatnonzero(arena.initial_state_distrib)
    assert [returns(arena.P, actions, start) for start in starts] == [best[start] for start in starts]


def test_chance_in_the_environment_is_averaged():
    """A random policy reaches the goal in 1 or 2 of 100 episodes, the best one in about 74."""
    where = EnvSpec("FrozenLake-v1")
    assert quick(total_timesteps=60_000).fit(where).evaluate(where).metrics["mean_reward"] > 0.5


@pytest.mark.parametrize("environment", GRIDS)
def test_learns_in_every_environment_of_states_and_actions(environment):
    model = quick(total_timesteps=100).fit(EnvSpec(environment))
    assert set(model.predict([0, 1]).tolist()) <= set(range(6))


def test_same_seed_same_table():
    first, again, other = (quick(seed).fit(CLIFF)._table.values.tolist() for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_ends_after_exactly_so_many_episodes():
    reports = []
    model = quick(total_timesteps=None, num_episodes=7)
    model.on_progress = lambda *seen: reports.append(seen)
    model.fit(EnvSpec("FrozenLake-v1"))
    assert reports == [(done, 7, "episode") for done in range(1, 8)]


@pytest.mark.parametrize(
    ("environment", "wrong"),
    [("CartPole-v1", "continuous observations"), ("Pendulum-v1", "continuous actions")],
)
def test_other_environments_are_refused(environment, wrong):
    with pytest.raises(ParameterError, match=f"has {wrong}, which q_learning cannot take, got '{environment}'"):
        quick().fit(EnvSpec(environment))


@pytest.mark.parametrize("inputs", [[48], [-1], [0.5], [[1]], 3, "text", []], ids=str)
def test_no_observations(inputs):
    with pytest.raises(DatasetError, match="observations: must be a list"):
        quick(total_timesteps=1).fit(CLIFF).predict(inputs)


def test_before_fit(tmp_path):
    for verb in (lambda: quick().predict([0]), lambda: quick().evaluate(CLIFF), lambda: quick().save(tmp_path)):
        with pytest.raises(NotFittedError, match="q_learning: not fitted"):
            verb()


class TestSaveAndLoad:
    @pytest.fixture
    def saved(self, tmp_path):
        quick(5).fit(CLIFF).save(tmp_path / "model")
        return tmp_path / "model"

    def test_round_trip(self, saved, tmp_path):
        model = load_model(saved)
        assert isinstance(model, QLearning)
        assert model.seed == 5
        assert model._table.values.tolist() == quick(5).fit(CLIFF)._table.values.tolist()
        model.save(tmp_path / "again")
        assert load_model(tmp_path / "again").evaluate(CLIFF) == model.evaluate(CLIFF)

    @pytest.mark.parametrize(
        ("key", "wrong", "message"),
        [
            ("environment", "CartPole-v1", "parameters or environment are not valid"),
            ("environment", "Taxi-v4", "no table of shape"),
            ("environment", None, "parameters or environment are not valid"),
            ("parameters", {"shell": "rm"}, "parameters or environment are not valid"),
        ],
    )
    def test_manifest_that_was_tampered_with(self, saved, key, wrong, message):
        path = saved / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: wrong}))
        with pytest.raises(DatasetError, match=f"^model: .*{message}"):
            QLearning.load(saved)

    def test_values_that_are_no_numbers(self, tmp_path):
        model = quick().fit(CLIFF)
        model._table.values[0, 0] = np.nan
        model._write(tmp_path)
        write_manifest(tmp_path, model, task_type="control", libraries=model.libraries, environment=CLIFF.environment)
        with pytest.raises(DatasetError, match=r"^model: .*not finite"):
            QLearning.load(tmp_path)
