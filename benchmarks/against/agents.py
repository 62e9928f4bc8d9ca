"""Agents with their documented defaults, several training seeds, beside published results or the optimum.

The optimum is that of value iteration over the environment's own transition table (Bellman 1957), played on the very
episodes that the agent is judged on.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np

from algorithms.base import EnvSpec
from algorithms.episodes import evaluate_policy, make_environment
from algorithms.registry import algorithm

SEEDS = range(5)
ZOO_TABLE = "https://github.com/DLR-RM/rl-baselines3-zoo/blob/master/benchmark.md"
ZOO = "RL Zoo, 500 ± 0"
AGENTS: dict[str, dict[str, tuple[float, str] | None]] = {
    "ppo": {"CartPole-v1": (500.0, ZOO)},
    "dqn": {"CartPole-v1": (500.0, ZOO)},
    "a2c": {"CartPole-v1": (500.0, ZOO)},
    "a3c": {"CartPole-v1": (475.0, "Gymnasium's threshold, 475")},
    "q_learning": {"Taxi-v4": None, "CliffWalking-v1": None, "FrozenLake-v1": None},
}
"""Algorithm -> environment -> what it is held against; None: the optimum."""
NOISE = 2.0
"""Standard errors of the mean within which an optimum counts as reached, where the environment draws by lot."""
SWEEPS, DISCOUNT = 20_000, 0.9999


def agent_table(name: str) -> dict[str, Any]:
    """One row for each environment."""
    return {
        "about": "Documented defaults, one training for each seed, the mean reward of 30 fresh evaluation episodes of "
        f"each (the same 30 for all). RL Zoo: [benchmark.md]({ZOO_TABLE}), whose agents had the hyperparameters of "
        "their environment too. The optimum is that of value iteration, on the same 30 episodes.",
        "columns": ["environment", "steps", *(f"seed {seed}" for seed in SEEDS), "mean", "beside", "verdict"],
        "rows": [_row(name, environment, beside) for environment, beside in AGENTS[name].items()],
    }


def _row(name: str, environment: str, beside: tuple[float, str] | None) -> list[str]:
    found = [_trained(name, environment, seed) for seed in SEEDS]
    rewards = [reward for reward, _ in found]
    if beside is None:
        best, error = optimum(environment)
        beside = (best - NOISE * error - 1e-9, f"optimum {best:.2f}" + (f" ± {error:.2f}" if error else ""))
    missed = [seed for seed, reward in zip(SEEDS, rewards, strict=True) if reward < beside[0]]
    verdict = f"MISS: seed {', '.join(map(str, missed))}" if missed else "reached on every seed"
    steps = f"{found[0][1]:,}"
    return [environment, steps, *(f"{reward:.2f}" for reward in rewards), f"{fmean(rewards):.2f}", beside[1], verdict]


def _trained(name: str, environment: str, seed: int) -> tuple[float, int]:
    cls = algorithm(name)
    params = cls.params_model()
    agent = cls(params, seed=seed).fit(EnvSpec(environment))
    reward = agent.evaluate(EnvSpec(environment, 0)).metrics["mean_reward"]
    return float(reward or 0.0), params.budget().total  # type: ignore[attr-defined]


def optimum(environment: str) -> tuple[float, float]:
    """Mean reward of the best policy on the evaluation episodes of seed 0, and its standard error (0: no lottery)."""
    table: Any = make_environment(environment).unwrapped.P  # type: ignore[attr-defined]
    values = np.zeros(len(table))
    for _ in range(SWEEPS):
        returns = _returns(table, values)
        if np.allclose(returns.max(axis=1), values, atol=1e-10, rtol=0):
            break
        values = returns.max(axis=1)
    best = _returns(table, values).argmax(axis=1)
    found = evaluate_policy(lambda seen: best[seen], EnvSpec(environment, 0))
    rewards = found.details["episode_rewards"]
    lottery = any(len(outcomes) > 1 for actions in table.values() for outcomes in actions.values())
    return float(found.metrics["mean_reward"] or 0.0), float(np.std(rewards, ddof=1) / np.sqrt(len(rewards))) * lottery


def _returns(table: Any, values: Any) -> Any:
    """Of each action in each state, shape (states, actions)."""
    return np.array(
        [
            [
                sum(
                    share * (reward + DISCOUNT * values[after] * (not ended))
                    for share, after, reward, ended in outcomes
                )
                for outcomes in actions.values()
            ]
            for actions in table.values()
        ]
    )
