"""The arithmetic of one worker, against the same by hand or by torch."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import pytest
import torch

from algorithms.a3c import A3CParams
from algorithms.actor_learner import ActorCritic, ActorLearner, DivergedError, Rollout, Shared, Task

ROLLOUT = Rollout([[0.1, 0, 0, 0], [0.2, 0, 0, 0], [0, 0.3, 0, 0]], [0, 1, 1], [1.0, 2.0, 3.0], 4.0)


def learner(number=0, **changes):
    params = A3CParams(**{"n_workers": 1, "total_timesteps": 100, "n_steps": 5, "net_arch": [8]} | changes)
    torch.manual_seed(0)
    policy = ActorCritic(gymnasium.spaces.Box(-1, 1, (4,)), 2, params.net_arch)
    found = ActorLearner(Task(number, "CartPole-v1", 3, params), Shared.of(policy, 2))
    found.shared.put_into(found.policy)
    return found


def test_returns_are_discounted_from_the_last_step_back():
    assert ROLLOUT.returns(0.5).tolist() == [1 + 0.5 * (2 + 0.5 * (3 + 0.5 * 4)), 2 + 0.5 * (3 + 0.5 * 4), 3 + 0.5 * 4]


def test_the_gradient_is_that_of_the_loss_of_the_paper():
    one = learner(ent_coef=0.1, vf_coef=0.25, gamma=0.5)
    found = one._gradient(ROLLOUT)
    loss = torch.zeros(())
    for seen, action, wanted in zip(ROLLOUT.seen, ROLLOUT.actions, ROLLOUT.returns(0.5), strict=True):
        *preferences, value = one.policy(torch.tensor(seen).float())
        chances = torch.distributions.Categorical(logits=torch.stack(preferences))
        advantage = wanted - value
        loss = loss - chances.log_prob(torch.tensor(action)) * advantage.detach()
        loss = loss + 0.25 * advantage**2 - 0.1 * chances.entropy()
    loss.backward()
    expected = torch.cat([weight.grad.flatten() for weight in one.policy.parameters()])
    torch.testing.assert_close(found, expected)


def test_long_gradients_are_shortened():
    assert float(learner(max_grad_norm=0.5)._gradient(ROLLOUT).norm()) == pytest.approx(0.5, rel=1e-4)


def test_a_gradient_that_is_no_number_is_not_applied():
    one = learner()
    one.shared.weights.fill_(math.nan)
    with pytest.raises(DivergedError):
        one.work()


def test_the_optimiser_is_rmsprop_with_statistics_that_are_shared():
    one, other = learner(), learner()
    one.shared.squares.fill_(2.0)
    before, gradient = one.shared.weights.clone(), torch.linspace(-1, 1, len(one.shared.weights))
    one.budget.done = 25
    one._apply(gradient)
    squares = 0.99 * 2 + 0.01 * gradient**2
    torch.testing.assert_close(one.shared.squares, squares)
    rate = one.params.learning_rate * 0.75
    torch.testing.assert_close(one.shared.weights, before - rate * gradient / (squares + one.params.rms_epsilon).sqrt())
    assert other.shared.squares.sum() == 0


@pytest.mark.parametrize(("steps", "zero"), [(500, True), (3, False)], ids=["ended", "went_on"])
def test_only_a_real_end_has_no_future(steps, zero):
    rollout = learner(n_steps=steps)._play()
    assert len(rollout.rewards) <= steps
    assert (rollout.following == 0) == zero


def test_a_truncated_episode_has_a_future(monkeypatch):
    one = learner(n_steps=50)
    monkeypatch.setattr(one.arena, "_max_episode_steps", 2)
    rollout = one._play()
    assert len(rollout.rewards) == 2
    assert rollout.following != 0
    assert one.shared.episodes.tolist() == [1, 0]
    assert one.shared.steps.tolist() == [2, 0]


def test_work_ends_when_all_workers_together_used_up_the_budget():
    one = learner()
    one.shared.steps[1] = 96
    assert one.work()
    assert not one.work()


def test_draws_do_not_repeat_those_of_the_environment():
    one = learner()
    one.arena.reset(seed=3)
    assert one.random.random() != one.arena.unwrapped.np_random.random()


def test_only_the_first_worker_makes_snapshots_and_not_near_the_end():
    first, second = learner(), learner(number=1)
    made = []
    for done in range(101):
        first.budget.done = second.budget.done = done
        made += [done] * first.due()
        assert not second.due()
    assert made == list(range(5, 90, 5))


def test_states_become_indicators():
    policy = ActorCritic(gymnasium.spaces.Discrete(3), 2, [4])
    assert policy.features(np.array([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert policy(policy.features(np.array([2, 0]))).shape == (2, 3)
