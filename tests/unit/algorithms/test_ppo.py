"""PPO against bare stable-baselines3, and on the tasks that its documentation promises."""

from __future__ import annotations

import pytest
import stable_baselines3
from pydantic import ValidationError
from stable_baselines3.common.env_util import make_vec_env

from algorithms.base import EnvSpec
from algorithms.ppo import PPO, PPOParams
from algorithms.reinforcement import one_thread
from algorithms.training import Budget

CARTPOLE = EnvSpec("CartPole-v1")


def mean_reward(params, seed):
    return PPO(params, seed=seed).fit(CARTPOLE).evaluate(EnvSpec("CartPole-v1", seed)).metrics["mean_reward"]


def test_takes_the_steps_of_stable_baselines3():
    with one_thread():
        bare = trained_by_stable_baselines3()
    ours = PPO(PPOParams(total_timesteps=512), seed=6).fit(CARTPOLE)
    theirs = bare.policy.state_dict()
    assert all(weight.equal(theirs[name]) for name, weight in ours._agent.policy.state_dict().items())


def trained_by_stable_baselines3():
    return stable_baselines3.PPO(
        "MlpPolicy",
        make_vec_env("CartPole-v1", 8, seed=6),
        learning_rate=lambda remaining: 0.001 * remaining,
        n_steps=32,
        batch_size=256,
        n_epochs=20,
        gamma=0.98,
        gae_lambda=0.8,
        clip_range=lambda remaining: 0.2 * remaining,
        seed=6,
        device="cpu",
    ).learn(512)


def test_batch_must_fit_the_steps_between_updates():
    with pytest.raises(ValidationError, match="batch_size must be at most n_steps x n_envs = 128, got 256"):
        PPOParams(n_envs=4)


def test_learning_rate_follows_the_episodes():
    budget = Budget(40, "episode")
    agent = PPO(PPOParams(num_episodes=40))._build("CartPole-v1", budget)
    rates = []
    for ended in (0, 10, 30):
        budget.count(steps=0, ended=ended)
        rates.append((agent.lr_schedule(1), agent.clip_range(1)))
    assert rates == [(0.001, 0.2), pytest.approx((0.00075, 0.15)), (0, 0)]


def test_counts_episodes_over_all_environments():
    reports = []
    model = PPO(PPOParams(num_episodes=20), seed=1)
    model.on_progress = lambda *seen: reports.append(seen)
    model.fit(CARTPOLE)
    assert reports[-1] == (20, 20, "episode")
    assert model._agent.num_timesteps < 20 * 8 * 60


def test_continuous_actions_stay_in_bounds():
    model = PPO(PPOParams(total_timesteps=256)).fit(EnvSpec("Pendulum-v1"))
    actions = model.predict([[1, 0, 0], [0, 1, 8], [0, -1, -8]])
    assert actions.shape == (3, 1)
    assert abs(actions).max() <= 2


@pytest.mark.slow
def test_cartpole_in_a_third_of_the_default_steps():
    """The example issue of the starter, which a test of the documentation runs, takes the defaults."""
    assert mean_reward(PPOParams(total_timesteps=30_000), 1) >= 195
