"""How episodes are seeded, capped, played and counted."""

from __future__ import annotations

from itertools import combinations

import gymnasium
import numpy as np
import pytest

from algorithms import episodes
from algorithms.base import EnvSpec
from algorithms.episodes import (
    EPISODES,
    MAX_EPISODE_STEPS,
    PURPOSES,
    episode_seeds,
    evaluate_policy,
    evaluate_random_policy,
    make_environment,
    mean_interval,
    play,
)


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


class TestMakeEnvironment:
    def test_every_episode_is_cut_off(self):
        played = play(stay, [make_environment("CliffWalking-v1")], [1])
        assert (played.lengths, played.truncated) == ([MAX_EPISODE_STEPS], [True])

    def test_own_limit_stays(self):
        assert make_environment("MountainCar-v0").spec.max_episode_steps == 200


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
        played = play(stay, [Corridor() for _ in seeds], seeds)
        assert len(set(drawn)) > 1
        assert played.lengths == drawn
        assert played.rewards == drawn
        assert played.mean_reward == np.mean(drawn)

    def test_truncation_is_told_from_termination(self):
        played = play(lambda seen: np.array([0, 1])[: len(seen)], [Corridor(), Corridor()], [1, 2])
        assert played.truncated == [False, True]

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
        monkeypatch.setattr(episodes, "EPISODES", 3)
        found = evaluate_random_policy(EnvSpec("Pendulum-v1"))
        assert -2000 < found.metrics["mean_reward"] < -500


class TestMeanInterval:
    def test_textbook_values(self):
        # n = 4, mean 5, s = 2: 5 +- 3.1824 * 2 / sqrt(4)
        values = [5 - 3**0.5, 5 - 3**0.5, 5 + 3**0.5, 5 + 3**0.5]
        assert mean_interval(values) == pytest.approx((1.8176, 8.1824), abs=1e-3)

    def test_equal_rewards_have_no_width(self):
        assert mean_interval([500.0] * 20) == (500.0, 500.0)
