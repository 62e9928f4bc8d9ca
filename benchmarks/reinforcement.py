"""Training steps a second of agents, beside bare stable-baselines3 with the same hyperparameters.

`python benchmarks/reinforcement.py` trains ppo, dqn and a2c on CartPole-v1 in one thread: as the step Train does, with
progress lines and the record of episodes, and as a bare `model.learn`. Both take turns. Writes
`results/reinforcement.md`.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before torch is imported
    os.environ[threads] = "1"
PROJECT = Path(__file__).parents[1]
STEPS = {"ppo": 20_480, "dqn": 10_000, "a2c": 20_000}
ENVIRONMENT = "CartPole-v1"
PAIRS = 5
HEADER = ("algorithm", "steps", "bare, steps a second", "ours, steps a second", "ours / bare")

sys.path[:0] = [str(PROJECT)]


def main() -> None:
    """Measures, prints and writes."""
    from benchmarks.tools.measuring import bars, ratio, rounds, table, write

    rows, ratios = [], {}
    for name, steps in STEPS.items():
        found = rounds({"bare": bare(name, steps), "ours": ours(name, steps)}, PAIRS)
        speed = {way: steps / median(one[way] for one in found) for way in found[0]}
        ratios[name] = ratio(found, "bare", "ours")
        rows.append((name, f"{steps:,}", f"{speed['bare']:,.0f}", f"{speed['ours']:,.0f}", f"{ratios[name]:.2f}"))
    figure = bars("reinforcement", "Steps a second, bare stable-baselines3 = 1", ratios, "ratio")
    write("reinforcement", "Agents beside stable-baselines3", __doc__, table(HEADER, rows), figure)


def ours(name: str, steps: int) -> Callable[[], object]:
    """Our algorithm, with what the step Train tells."""
    from algorithms.base import EnvSpec
    from steps.container import print_progress
    from steps.train import build_algorithm

    def train() -> None:
        with redirect_stdout(io.StringIO()):
            model = build_algorithm(hyperparameters(name, steps))
            model.on_progress = print_progress
            model.fit(EnvSpec(ENVIRONMENT, 0))

    return train


def bare(name: str, steps: int) -> Callable[[], object]:
    """The same agent of stable-baselines3 in the same environments, without what we do beside it.

    What falls with our budget, such as DQN's share of random actions, falls with the library's own progress here: a
    random action is cheaper than one that the network is asked for.
    """
    from algorithms.reinforcement import one_thread
    from algorithms.stable_baselines import StableBaselinesAlgorithm
    from algorithms.training import Budget
    from steps.train import build_algorithm

    made = build_algorithm(hyperparameters(name, steps))
    if not isinstance(made, StableBaselinesAlgorithm):
        raise TypeError(f"{name}: is not of stable-baselines3")

    class Own(Budget):
        @property
        def remaining(self) -> float:
            return float(agents[-1]._current_progress_remaining) if agents else 1.0

    agents: list[Any] = []

    def train() -> None:
        agents.clear()
        with one_thread():
            agents.append(made._build(ENVIRONMENT, Own(steps, "step")))
            agents[0].learn(steps, log_interval=None)

    return train


def hyperparameters(name: str, steps: int) -> dict[str, str]:
    """Of the step Train."""
    return {"algorithm": name, "hyperparameters": f'{{"total_timesteps": {steps}}}', "seed": "0"}


if __name__ == "__main__":
    main()
