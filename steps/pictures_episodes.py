"""Pictures of a policy: its returns on fresh episodes, beside those of random actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from steps.drawing import BLUE, GREY, ORANGE, Drawing


def episodes(rewards: Sequence[float], random_mean: float | None) -> Iterator[tuple[str, Drawing]]:
    """`rewards`: one per evaluation episode; `random_mean`: of the random policy on the same ones."""
    yield "episode_rewards", lambda axes: _rewards(axes, rewards, random_mean)


def _rewards(axes: Any, rewards: Sequence[float], random_mean: float | None) -> None:
    mean = sum(rewards) / len(rewards)
    axes.bar(range(1, len(rewards) + 1), rewards, color=BLUE)
    axes.axhline(mean, linestyle="--", color=GREY, label=f"mean {mean:.1f}")
    if random_mean is not None:
        axes.axhline(random_mean, linestyle=":", color=ORANGE, label=f"random actions {random_mean:.1f}")
    axes.set(xlabel="evaluation episode", ylabel="return", title="Return of each evaluation episode")
    axes.legend(loc="lower right")
