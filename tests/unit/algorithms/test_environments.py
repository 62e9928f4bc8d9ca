"""The allow-list against gymnasium's own registry, and the seeding and counting of episodes."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import combinations

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import registry

from algorithms import environments
from algorithms.base import EnvSpec
from algorithms.environments import (
    ENVIRONMENTS,
    EPISODES,
    MAX_EPISODE_STEPS,
    PURPOSES,
    environment_facts,
    environment_spec,
    episode_seeds,
    evaluate_policy,
    evaluate_random_policy,
    make_environment,
    mean_interval,
    play,
)
from algorithms.errors import MissingExtraError, ParameterError

LEFT_OUT = {"Blackjack-v1", "CartPole-v0"}


def kind(space: gymnasium.Space) -> str:
    return "discrete" if isinstance(space, gymnasium.spaces.Discrete) else "continuous"


class Corridor(gymnasium.Env):
    """Reward 1 a step; ends after as many steps as were drawn at reset, or with action 1."""

    observation_space = gymnasium.spaces.Discrete(20)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = int(self.np_random.integers(1, 20))
        return self.left, {}

    def step(self, action):
        self.left -= 1
        return self.left, 1, self.left == 0, action == 1, {}


def stay(observations):
    return np.zeros(len(observations), dtype=int)


class TestAllowList:
    @pytest.mark.parametrize("name", ENVIRONMENTS)
    def test_literals_are_gymnasiums(self, name):
        made, known = gymnasium.make(name), ENVIRONMENTS[name]
        assert kind(made.action_space) == known.action
        assert kind(made.observation_space) == known.observation
        assert registry[name].max_episode_steps == known.max_episode_steps
        assert registry[name].reward_threshold == known.reward_threshold

    def test_holds_all_that_need_nothing_extra(self):
        own = ("gymnasium.envs.classic_control", "gymnasium.envs.toy_text")
        plain = {name for name, spec in registry.items() if str(spec.entry_point).startswith(own)}
        assert plain - LEFT_OUT == set(ENVIRONMENTS)

    def test_unknown_id_names_the_known_ones(self):
        with pytest.raises(ParameterError, match=r"got 'CartPole-v9'.*CartPole-v1") as caught:
            environment_spec("CartPole-v9")
        assert [problem.key for problem in caught.value.problems] == ["environment"]

    def test_facts(self):
        facts = environment_facts("CartPole-v1")
        assert facts.pop("description")
        assert facts == {
            "environment": "CartPole-v1",
            "action": "discrete",
            "observation": "continuous",
            "max_episode_steps": 500,
            "reward_threshold": 475.0,
        }


class TestMakeEnvironment:
    def test_every_episode_is_cut_off(self):
        episodes = play(stay, [make_environment("CliffWalking-v1")], [1])
        assert (episodes.lengths, episodes.truncated) == ([MAX_EPISODE_STEPS], [True])

    def test_own_limit_stays(self):
        assert make_environment("MountainCar-v0").spec.max_episode_steps == 200

    @pytest.mark.parametrize("missing", ["gymnasium", "stable_baselines3", "torch"])
    def test_missing_extra_is_one_line(self, monkeypatch, missing):
        monkeypatch.setattr(environments, "find_spec", lambda name: None if name == missing else find_spec(name))
        with pytest.raises(MissingExtraError, match=r"^Reinforcement learning needs the extra 'rl': pip install .*$"):
            make_environment("CartPole-v1")


class TestEpisodeSeeds:
    def test_same_seed_same_episodes(self):
        assert episode_seeds("evaluation", 7, 5) == episode_seeds("evaluation", 7, 5)
        assert episode_seeds("evaluation", 7, 5) != episode_seeds("evaluation", 8, 5)

    def test_purposes_never_meet_whatever_the_seed(self):
        drawn = {purpose: {value >> 64 for value in episode_seeds(purpose, 3, 50)} for purpose in PURPOSES}
        assert all(not drawn[one] & drawn[other] for one, other in combinations(PURPOSES, 2))

    @pytest.mark.parametrize("purpose", ["validation", "evaluation", "random_policy"])
    def test_beyond_all_training_seeds(self, purpose):
        assert min(episode_seeds(purpose, 2**32 - 1, 100)) > 2**33

    def test_no_episode_twice(self):
        assert len(set(episode_seeds("evaluation", 0, 1000))) == 1000


class TestPlay:
    def test_episodes_are_counted_one_by_one(self):
        seeds = [1, 2, 3, 4]
        drawn = [int(np.random.default_rng(np.random.SeedSequence(seed)).integers(1, 20)) for seed in seeds]
        episodes = play(stay, [Corridor() for _ in seeds], seeds)
        assert len(set(drawn)) > 1
        assert episodes.lengths == drawn
        assert episodes.rewards == drawn
        assert episodes.mean_reward == np.mean(drawn)

    def test_truncation_is_told_from_termination(self):
        episodes = play(lambda seen: np.array([0, 1])[: len(seen)], [Corridor(), Corridor()], [1, 2])
        assert episodes.truncated == [False, True]

    def test_draws_no_global_random_numbers(self):
        before = np.random.get_state()[1].tolist()
        play(stay, [make_environment("CartPole-v1")], [5])
        assert np.random.get_state()[1].tolist() == before


class TestEvaluatePolicy:
    def test_figures(self):
        found = evaluate_policy(stay, EnvSpec("CartPole-v1", 4), "mean_reward")
        rewards = found.details["episode_rewards"]
        assert len(rewards) == found.n == EPISODES >= 20
        assert found.metrics["mean_reward"] == pytest.approx(np.mean(rewards))
        assert found.metrics["std_reward"] == pytest.approx(np.std(rewards, ddof=1))
        assert found.metrics["mean_episode_length"] == found.metrics["mean_reward"]
        assert found.ci95[0] < found.metrics["mean_reward"] < found.ci95[1]

    def test_no_interval_unasked(self):
        assert evaluate_policy(stay, EnvSpec("CartPole-v1")).ci95 is None

    def test_random_policy_follows_the_seed(self):
        first, again, other = (evaluate_random_policy(EnvSpec("CartPole-v1", seed)) for seed in (1, 1, 2))
        assert first == again
        assert first != other
        assert 10 < first.metrics["mean_reward"] < 40

    def test_random_policy_with_continuous_actions(self, monkeypatch):
        monkeypatch.setattr(environments, "EPISODES", 3)
        found = evaluate_random_policy(EnvSpec("Pendulum-v1"))
        assert -2000 < found.metrics["mean_reward"] < -500


class TestMeanInterval:
    def test_textbook_values(self):
        # n = 4, mean 5, s = 2: 5 +- 3.1824 * 2 / sqrt(4)
        values = [5 - 3**0.5, 5 - 3**0.5, 5 + 3**0.5, 5 + 3**0.5]
        assert mean_interval(values) == pytest.approx((1.8176, 8.1824), abs=1e-3)

    def test_equal_rewards_have_no_width(self):
        assert mean_interval([500.0] * 20) == (500.0, 500.0)
