"""What a2c, dqn and ppo have in common: learning toy environments, budgets, seeds, saving and loading."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import registry
from pydantic import ValidationError

from algorithms import environments
from algorithms.a2c import A2C, A2CParams
from algorithms.base import EnvSpec, NotFittedError
from algorithms.dqn import DQN, DQNParams
from algorithms.environments import ENVIRONMENTS, EnvironmentSpec
from algorithms.episodes import EPISODES
from algorithms.errors import DatasetError, MissingExtraError, ParameterError
from algorithms.manifest import load_model, write_manifest
from algorithms.ppo import PPO, PPOParams

QUICK = {
    "a2c": {"total_timesteps": 64, "n_steps": 8},
    "ppo": {"total_timesteps": 64, "n_steps": 8, "batch_size": 64, "n_epochs": 2},
    "dqn": {"total_timesteps": 64, "train_freq": 16, "gradient_steps": 4, "learning_starts": 16, "net_arch": [16]},
}
"""A training of an instant: something has been learned, nothing well."""

TOY = {
    "a2c": {"total_timesteps": 6000, "n_steps": 5, "learning_rate": 0.01},
    "ppo": {"total_timesteps": 1536, "n_steps": 16, "batch_size": 32, "n_epochs": 4, "learning_rate": 0.01},
    "dqn": {
        "total_timesteps": 640,
        "learning_rate": 0.01,
        "batch_size": 32,
        "train_freq": 32,
        "gradient_steps": 32,
        "learning_starts": 32,
        "exploration_fraction": 0.5,
        "net_arch": [32],
    },
}
"""Enough for a task with one right action."""

each = pytest.mark.parametrize("algorithm", [A2C, DQN, PPO], ids=["a2c", "dqn", "ppo"])


class Identity(gymnasium.Env):
    """Reward 1 for the action that equals the observation."""

    observation_space = gymnasium.spaces.Discrete(4)
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._draw(), {}

    def step(self, action):
        reward = float(action == self.state)
        return self._draw(), reward, False, False, {}

    def _draw(self):
        self.state = int(self.np_random.integers(4))
        return self.state


class Endless(gymnasium.Env):
    """Reward 1 for every step in the one state there is. `terminal`: after five steps it ends by itself."""

    observation_space = gymnasium.spaces.Discrete(1)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, terminal=False):
        self.terminal = terminal

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return 0, {}

    def step(self, action):
        self.steps += 1
        return 0, 1.0, self.terminal and self.steps == 5, False, {}


@pytest.fixture
def allow(monkeypatch):
    """Registers a toy environment for one test."""

    def register(environment, limit, **kwargs):
        monkeypatch.setitem(ENVIRONMENTS, "Toy-v0", EnvironmentSpec("discrete", "discrete", limit, None, "a toy"))
        monkeypatch.delitem(registry, "Toy-v0", raising=False)
        gymnasium.register("Toy-v0", entry_point=environment, kwargs=kwargs)
        return EnvSpec("Toy-v0")

    yield register
    registry.pop("Toy-v0", None)


def quick(algorithm, seed=0, **changes):
    return algorithm(algorithm.params_model(**QUICK[algorithm.name] | changes), seed=seed)


def remembered(agent):
    """What the optimiser remembers of every gradient: equal only after equal trainings."""
    states = agent.policy.optimizer.state_dict()["state"].values()
    return [(state["exp_avg"] if "exp_avg" in state else state["square_avg"]).tolist() for state in states]


def value(model):
    """The return that the only state of `Endless` is believed to have."""
    import torch

    policy, state = model._agent.policy, torch.tensor([0])
    return (policy.q_net(state).max() if model.name == "dqn" else policy.predict_values(state)).item()


class TestParams:
    @pytest.mark.parametrize("params", [A2CParams, DQNParams, PPOParams])
    def test_one_budget_only(self, params):
        with pytest.raises(ValidationError, match="exclude each other, got 10 and 20"):
            params(num_episodes=10, total_timesteps=20)

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            (A2CParams(), (500_000, "step")),
            (PPOParams(), (100_000, "step")),
            (DQNParams(), (50_000, "step")),
            (PPOParams(total_timesteps=7), (7, "step")),
            (DQNParams(num_episodes=7), (7, "episode")),
        ],
        ids=["a2c_default", "ppo_default", "dqn_default", "steps", "episodes"],
    )
    def test_budget(self, params, expected):
        assert (params.budget().total, params.budget().unit) == expected

    @pytest.mark.parametrize("params", [A2CParams, DQNParams, PPOParams])
    def test_every_default_has_its_source(self, params):
        fields = params.model_json_schema()["properties"]
        assert not [name for name, field in fields.items() if not field.get("source") or not field.get("description")]

    @pytest.mark.parametrize("params", [A2CParams, DQNParams, PPOParams])
    @pytest.mark.parametrize("layers", [[], [0], [513], [8] * 5, [8.5]], ids=str)
    def test_networks_are_bounded(self, params, layers):
        with pytest.raises(ValidationError, match="net_arch"):
            params(net_arch=layers)


@each
class TestLearning:
    def test_toy_identity_environment(self, allow, algorithm):
        where = allow(Identity, 10)
        model = quick(algorithm, **TOY[algorithm.name]).fit(where)
        assert model.evaluate(where).metrics["mean_reward"] == 10
        assert model.predict([0, 1, 2, 3]).tolist() == [0, 1, 2, 3]

    @pytest.mark.parametrize(("terminal", "low", "high"), [(False, 4.7, 5.3), (True, 2, 4.5)], ids=["cut_off", "ended"])
    def test_truncation_is_not_termination(self, allow, algorithm, terminal, low, high):
        """After truncation the return goes on: 1 / (1 - 0.8) = 5; where the episode really ends it is lower."""
        where = allow(Endless, 5, terminal=terminal)
        model = quick(algorithm, **TOY[algorithm.name], gamma=0.8).fit(where)
        assert low < value(model) < high

    def test_same_seed_same_policy(self, algorithm):
        seen = np.random.default_rng(0).normal(size=(50, 4)).astype("float32") / 10
        first, again, other = (quick(algorithm, seed).fit(EnvSpec("CartPole-v1")) for seed in (3, 3, 4))
        assert remembered(first._agent) == remembered(again._agent)
        assert remembered(first._agent) != remembered(other._agent)
        assert first.predict(seen).tolist() == again.predict(seen).tolist()

    def test_validation_does_not_disturb_the_training(self, allow, monkeypatch, algorithm):
        where = allow(Identity, 10)
        weights = []
        for ratio in (1, 10**9):
            monkeypatch.setattr(algorithm, "steps_per_validation_step", ratio)
            weights.append(remembered(quick(algorithm, total_timesteps=256).fit(where)._agent))
        assert weights[0] == weights[1]

    def test_diverging_training_names_the_learning_rate(self, monkeypatch, algorithm):
        model = quick(algorithm, learning_rate=1.0)
        build = model._build

        def with_broken_weights(environment, budget):
            agent = build(environment, budget)
            for weight in agent.policy.parameters():
                weight.data.fill_(float("nan"))
            return agent

        monkeypatch.setattr(model, "_build", with_broken_weights)
        with pytest.raises(ParameterError, match=r"learning_rate: the training diverged, got 1\.0"):
            model.fit(EnvSpec("CartPole-v1"))

    def test_other_failures_stay_as_they_are(self, algorithm):
        model = quick(algorithm)
        model.on_progress = lambda *_: int("x")
        with pytest.raises(ValueError, match="invalid literal"):
            model.fit(EnvSpec("CartPole-v1"))

    def test_unknown_environment(self, algorithm):
        with pytest.raises(ParameterError, match="environment: not on the allow-list"):
            quick(algorithm).fit(EnvSpec("Blackjack-v1"))


@each
class TestBudget:
    def test_ends_after_exactly_so_many_episodes(self, allow, algorithm):
        reports = []
        changes = {"total_timesteps": None, "num_episodes": 11} | (
            {"a2c": {"n_envs": 1}, "ppo": {"n_envs": 1, "batch_size": 8}}.get(algorithm.name, {})
        )
        model = quick(algorithm, **changes)
        model.on_progress = lambda *seen: reports.append(seen)
        model.fit(allow(Identity, 10))
        assert model._agent.num_timesteps == 11 * 10
        assert reports == [(done, 11, "episode") for done in range(1, 12)]

    def test_steps(self, algorithm):
        reports = []
        model = quick(algorithm)
        model.on_progress = lambda *seen: reports.append(seen)
        model.fit(EnvSpec("CartPole-v1"))
        assert model._agent.num_timesteps == 64
        assert reports[-1] == (64, 64, "step")


@each
class TestPredict:
    def test_before_fit(self, algorithm, tmp_path):
        model = quick(algorithm)
        for verb in (
            lambda: model.predict([[0] * 4]),
            lambda: model.evaluate(EnvSpec("CartPole-v1")),
            lambda: model.save(tmp_path),
        ):
            with pytest.raises(NotFittedError, match=f"{algorithm.name}: not fitted"):
                verb()

    def test_shape(self, algorithm):
        model = quick(algorithm).fit(EnvSpec("CartPole-v1"))
        assert model.predict([[0.1, 0, 0, 0], [0, 0, 0.1, 0]]).shape == (2,)
        assert set(model.predict(np.zeros((3, 4)))) <= {0, 1}

    @pytest.mark.parametrize(
        "inputs",
        [
            None,
            [],
            3,
            "text",
            [0.0] * 4,
            [[0.0] * 3],
            [[0.0] * 4, [0.0]],
            [["a"] * 4],
            [[float("nan")] * 4],
            [[99.0] * 4],
        ],
        ids=["none", "empty", "scalar", "text", "no_batch", "narrow", "ragged", "words", "nan", "out_of_bounds"],
    )
    def test_no_observations(self, algorithm, inputs):
        model = quick(algorithm, total_timesteps=1).fit(EnvSpec("CartPole-v1"))
        with pytest.raises(DatasetError, match="observations: must be a list"):
            model.predict(inputs)

    @pytest.mark.parametrize("inputs", [[16], [-1], [0.5], [[1]]], ids=str)
    def test_no_discrete_observations(self, algorithm, inputs):
        model = quick(algorithm, total_timesteps=1).fit(EnvSpec("FrozenLake-v1"))
        assert model.predict([0, 15]).shape == (2,)
        with pytest.raises(DatasetError, match="observations: must be a list"):
            model.predict(inputs)


@each
class TestEvaluate:
    def test_same_seed_same_episodes(self, algorithm):
        model = quick(algorithm).fit(EnvSpec("CartPole-v1"))
        first, again, other = (model.evaluate(EnvSpec("CartPole-v1", seed), "mean_reward") for seed in (0, 0, 1))
        assert first == again
        assert first.details["episode_rewards"] != other.details["episode_rewards"]
        assert first.n == EPISODES
        assert first.ci95 is not None

    def test_only_where_it_learned(self, algorithm):
        model = quick(algorithm).fit(EnvSpec("CartPole-v1"))
        with pytest.raises(ParameterError, match="learned in CartPole-v1, got 'Acrobot-v1'"):
            model.evaluate(EnvSpec("Acrobot-v1"))


@each
class TestSaveAndLoad:
    @pytest.fixture
    def saved(self, algorithm, tmp_path):
        quick(algorithm, seed=5).fit(EnvSpec("CartPole-v1")).save(tmp_path / "model")
        return tmp_path / "model"

    def test_round_trip(self, algorithm, saved):
        model = load_model(saved)
        seen = np.random.default_rng(0).normal(size=(200, 4)) / 10
        assert isinstance(model, algorithm)
        assert model.seed == 5
        assert model.predict(seen).tolist() == quick(algorithm, 5).fit(EnvSpec("CartPole-v1")).predict(seen).tolist()

    def test_loaded_model_saves_again(self, algorithm, saved, tmp_path):
        load_model(saved).save(tmp_path / "again")
        again, first = load_model(tmp_path / "again"), load_model(saved)
        where = EnvSpec("CartPole-v1", 2)
        assert again.evaluate(where) == first.evaluate(where)

    def test_stable_baselines3_opens_the_zip_alone(self, algorithm, saved):
        import stable_baselines3

        agent = getattr(stable_baselines3, algorithm.__name__).load(saved / "policy.zip", device="cpu")
        seen = np.random.default_rng(0).normal(size=(50, 4)).astype("float32") / 10
        assert agent.predict(seen, deterministic=True)[0].tolist() == load_model(saved).predict(seen).tolist()

    @pytest.mark.parametrize(
        ("key", "wrong", "message"),
        [
            ("environment", None, "parameters or environment are not valid"),
            ("environment", "Evil-v0", "parameters or environment are not valid"),
            ("environment", "Acrobot-v1", "weights do not fit"),
            ("parameters", {"net_arch": [32, 32]}, "weights do not fit"),
            ("parameters", {"net_arch": [10**6]}, "parameters or environment are not valid"),
            ("parameters", {"shell": "rm"}, "parameters or environment are not valid"),
            ("seed", -1, "seed is out of range"),
            ("algorithm", "kmeans", "no model of"),
        ],
        ids=["no_environment", "unknown", "other_environment", "other_net", "huge_net", "unknown_key", "seed", "kind"],
    )
    def test_manifest_that_was_tampered_with(self, algorithm, saved, key, wrong, message):
        path = saved / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: wrong}))
        with pytest.raises(DatasetError, match=f"^model: .*{message}"):
            algorithm.load(saved)

    def test_missing_extra_is_one_line(self, algorithm, saved, monkeypatch):
        monkeypatch.setattr(environments, "find_spec", lambda name: None)
        for verb in (lambda: algorithm.load(saved), lambda: quick(algorithm).fit(EnvSpec("CartPole-v1"))):
            with pytest.raises(MissingExtraError, match="needs the extra 'rl'"):
                verb()

    def test_damaged_file(self, algorithm, saved):
        with (saved / "policy.zip").open("ab") as file:
            file.write(b"x")
        with pytest.raises(DatasetError, match=r"^model: .*SHA-256"):
            algorithm.load(saved)

    def test_weights_that_are_no_numbers(self, algorithm, tmp_path):
        model = quick(algorithm).fit(EnvSpec("CartPole-v1"))
        next(model._agent.policy.parameters()).data.fill_(float("inf"))
        model._agent.save(tmp_path / "policy.zip", exclude=["learning_rate", "lr_schedule", "clip_range"])
        write_manifest(tmp_path, model, task_type="control", libraries=algorithm.libraries, environment="CartPole-v1")
        with pytest.raises(DatasetError, match=r"^model: the weights are not finite"):
            algorithm.load(tmp_path)
