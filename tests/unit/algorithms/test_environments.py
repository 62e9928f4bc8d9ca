"""The allow-list against gymnasium's own registry."""

from __future__ import annotations

from importlib.util import find_spec

import gymnasium
import pytest
from gymnasium.envs.registration import registry

from algorithms import environments
from algorithms.environments import ENVIRONMENTS, environment_facts, environment_spec, require_extra
from algorithms.errors import MissingExtraError, ParameterError

LEFT_OUT = {"Blackjack-v1", "CartPole-v0"}


def kind(space: gymnasium.Space) -> str:
    return "discrete" if isinstance(space, gymnasium.spaces.Discrete) else "continuous"


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


@pytest.mark.parametrize("missing", ["gymnasium", "stable_baselines3", "torch"])
def test_missing_extra_is_one_line(monkeypatch, missing):
    monkeypatch.setattr(environments, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(MissingExtraError, match=r"^Reinforcement learning needs the extra 'rl': pip install .*$"):
        require_extra()
