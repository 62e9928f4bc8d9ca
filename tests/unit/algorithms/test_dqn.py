"""DQN against bare stable-baselines3, and on the tasks that its documentation promises."""

from __future__ import annotations

import pytest
import stable_baselines3
from stable_baselines3.common.env_util import make_vec_env

from algorithms.base import EnvSpec
from algorithms.dqn import DQN, DQNParams
from algorithms.errors import ParameterError
from algorithms.reinforcement import one_thread
from algorithms.training import Budget

CARTPOLE = EnvSpec("CartPole-v1")


def test_takes_the_steps_of_stable_baselines3():
    with one_thread():
        bare = trained_by_stable_baselines3()
    ours = DQN(DQNParams(total_timesteps=512, learning_starts=200), seed=6).fit(CARTPOLE)
    theirs = bare.policy.state_dict()
    assert all(weight.equal(theirs[name]) for name, weight in ours._agent.policy.state_dict().items())


def trained_by_stable_baselines3():
    return stable_baselines3.DQN(
        "MlpPolicy",
        make_vec_env("CartPole-v1", 1, seed=6),
        learning_rate=0.0023,
        buffer_size=100_000,
        learning_starts=200,
        batch_size=64,
        gamma=0.99,
        train_freq=256,
        gradient_steps=128,
        target_update_interval=10,
        exploration_fraction=0.16,
        exploration_final_eps=0.04,
        policy_kwargs={"net_arch": [256, 256]},
        seed=6,
        device="cpu",
    ).learn(512)


def test_exploration_follows_the_episodes():
    budget = Budget(100, "episode")
    agent = DQN(DQNParams(num_episodes=100))._build("CartPole-v1", budget)
    rates = []
    for ended in (0, 8, 8, 50):
        budget.count(steps=0, ended=ended)
        rates.append(agent.exploration_schedule(1))
    assert rates == pytest.approx([1, 0.52, 0.04, 0.04])


@pytest.mark.parametrize("environment", ["Pendulum-v1", "MountainCarContinuous-v0"])
def test_continuous_actions_are_refused(environment):
    with pytest.raises(ParameterError, match=f"continuous actions, which dqn cannot take, got '{environment}'"):
        DQN().fit(EnvSpec(environment))


@pytest.mark.slow
def test_cartpole_with_the_defaults():
    assert DQN().fit(CARTPOLE).evaluate(CARTPOLE).metrics["mean_reward"] >= 195
