"""The budget, the reports, and which policy is kept, without any learning."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from algorithms.episodes import Episodes
from algorithms.training import BINS, BestPolicy, Budget, Training, TrainingLog


class Policy:
    """Weights are one number, which a validation returns as its reward."""

    def __init__(self):
        self.weight = np.array(0.0)

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, weights):
        self.weight = np.array(weights["weight"])


def best_of(policy, length=10, ratio=5, first=100):
    return BestPolicy(lambda: Episodes([float(policy.weight)], [length], [False]), ratio, first)


def step(training, policy, steps, ended=0):
    model = SimpleNamespace(num_timesteps=steps, policy=policy)
    dones = np.array([True] * ended + [False])
    return training({"self": model, "dones": dones, "rewards": np.ones(len(dones))}, {})


class TestBudget:
    def test_steps(self):
        budget = Budget(100, "step")
        budget.count(steps=75, ended=3)
        assert (budget.done, budget.remaining) == (75, 0.25)

    def test_steps_of_the_last_rollout_do_not_count_beyond(self):
        budget = Budget(100, "step")
        budget.count(steps=128, ended=0)
        assert (budget.done, budget.remaining) == (100, 0)

    def test_episodes(self):
        budget = Budget(4, "episode")
        budget.count(steps=75, ended=2)
        budget.count(steps=76, ended=1)
        assert (budget.done, budget.remaining) == (3, 0.25)


class TestBestPolicy:
    def test_better_weights_than_the_last_are_put_back(self):
        policy = Policy()
        best = best_of(policy)
        for steps, weight in [(100, 3.0), (200, 7.0), (300, 5.0)]:
            policy.weight = np.array(weight)
            best.consider(policy, steps)
        best.restore(policy)
        assert policy.weight == 7

    def test_final_weights_have_their_chance(self):
        policy = Policy()
        best = best_of(policy)
        best.consider(policy, 100)
        policy.weight = np.array(9.0)
        best.restore(policy)
        assert policy.weight == 9

    def test_short_training_is_left_as_it_is(self):
        policy = Policy()
        best = best_of(policy)
        best.consider(policy, 99)
        policy.weight = np.array(-1.0)
        best.restore(policy)
        assert (policy.weight, best.mean_reward) == (-1, None)

    def test_of_equals_the_one_trained_longer(self):
        best = BestPolicy(lambda: Episodes([1.0], [10], [False]), 5, 100)
        policy = Policy()
        for steps, weight in [(100, 3.0), (200, 7.0)]:
            policy.weight = np.array(weight)
            best.consider(policy, steps)
        assert best.weights == {"weight": 7.0}

    def test_cost_is_bounded_by_the_training_steps(self):
        policy, validated = Policy(), []
        best = BestPolicy(lambda: validated.append(1) or Episodes([0.0, 0.0], [10, 40], [False] * 2), 5, 100)
        for steps in range(1001):
            best.consider(policy, steps)
        assert len(validated) == 1 + (1000 - 100) // (5 * 40)


class TestTraining:
    def test_reports_about_a_hundred_times_and_the_end(self):
        reports, policy = [], Policy()
        training = Training(
            Budget(10_000, "step"), best_of(policy, first=10**9), lambda *seen: reports.append(seen), TrainingLog()
        )
        assert all(step(training, policy, steps) for steps in range(1, 10_200))
        assert len(reports) == 100
        assert reports[0] == (100, 10_000, "step")
        assert reports[-1] == (10_000, 10_000, "step")

    def test_short_trainings_report_every_episode(self):
        reports, policy = [], Policy()
        training = Training(Budget(3, "episode"), best_of(policy), lambda *seen: reports.append(seen), TrainingLog())
        for steps in range(10):
            step(training, policy, steps, ended=steps % 2)
        assert reports == [(1, 3, "episode"), (2, 3, "episode"), (3, 3, "episode")]

    @pytest.mark.parametrize(("ended", "goes_on"), [(1, True), (2, False), (3, False)])
    def test_ends_with_the_last_episode(self, ended, goes_on):
        policy = Policy()
        training = Training(Budget(2, "episode"), best_of(policy), lambda *_: None, TrainingLog())
        assert step(training, policy, 10, ended) is goes_on

    def test_no_validation_near_the_end(self):
        policy = Policy()
        best = best_of(policy, first=95)
        training = Training(Budget(100, "step"), best, lambda *_: None, TrainingLog())
        step(training, policy, 95)
        assert best.mean_reward is None


class TestLog:
    def test_episodes_of_each_environment_are_summed_apart(self):
        log, policy = TrainingLog(), Policy()
        training = Training(Budget(100, "step"), best_of(policy, first=10**9), lambda *_: None, log)
        for number, (rewards, dones) in enumerate([((1, 5), (0, 0)), ((2, 5), (1, 0)), ((4, 5), (0, 1))], 1):
            frame = {
                "self": SimpleNamespace(num_timesteps=2 * number, policy=policy),
                "rewards": np.array(rewards),
                "dones": np.array(dones),
            }
            training(frame, {})
        assert (log.steps, log.rewards, log.lengths) == ([4, 6], [3, 15], [2, 3])

    def test_the_curve_is_means_and_the_middle_of_the_rewards(self):
        log = TrainingLog()
        for number in range(10 * BINS):
            log.add(number + 1, float(number % 10), 7)
        curve = log.curve()
        assert len(curve) == BINS
        assert curve[0] == {"steps": 10, "episodes": 10, "reward": 4.5, "low": 0.9, "high": 8.1, "length": 7}
        assert curve[-1]["episodes"] == 10 * BINS

    def test_few_episodes_are_points_of_their_own_and_none_is_no_curve(self):
        log = TrainingLog()
        assert log.curve() == []
        log.add(5, 1.0, 5)
        assert log.curve() == [{"steps": 5, "episodes": 1, "reward": 1, "low": 1, "high": 1, "length": 5}]
