"""A2C against bare stable-baselines3, and on the task that its documentation promises."""

from __future__ import annotations

import pytest
import stable_baselines3
from stable_baselines3.common.env_util import make_vec_env

from algorithms.a2c import A2C, A2CParams
from algorithms.base import EnvSpec
from algorithms.reinforcement import one_thread

CARTPOLE = EnvSpec("CartPole-v1")


def test_takes_the_steps_of_stable_baselines3():
    with one_thread():
        bare = stable_baselines3.A2C(
            "MlpPolicy", make_vec_env("CartPole-v1", 8, seed=6), ent_coef=0.0, seed=6, device="cpu"
        ).learn(400)
    ours = A2C(A2CParams(total_timesteps=400), seed=6).fit(CARTPOLE)
    theirs = bare.policy.state_dict()
    assert all(weight.equal(theirs[name]) for name, weight in ours._agent.policy.state_dict().items())


def test_continuous_actions_stay_in_bounds():
    model = A2C(A2CParams(total_timesteps=256)).fit(EnvSpec("Pendulum-v1"))
    actions = model.predict([[1, 0, 0], [0, 1, 8], [0, -1, -8]])
    assert actions.shape == (3, 1)
    assert abs(actions).max() <= 2


@pytest.mark.slow
def test_cartpole_in_a_tenth_of_the_default_steps():
    model = A2C(A2CParams(total_timesteps=50_000), seed=1).fit(CARTPOLE)
    assert model.evaluate(EnvSpec("CartPole-v1", 1)).metrics["mean_reward"] >= 195
