"""Pictures of a policy: its returns on fresh episodes beside those of random actions, and how its training went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steps.drawing import BLUE, GREY, ORANGE, Drawing, legend_below

FAR = 3
"""Heights of all bars together, beyond which a line would press the bars flat."""


def episodes(rewards: Sequence[float], random_mean: float | None) -> Iterator[tuple[str, Drawing]]:
    """`rewards`: one per evaluation episode; `random_mean`: of the random policy on the same ones."""
    yield "episode_rewards", lambda axes: _rewards(axes, rewards, random_mean)


def training(curve: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, Drawing]]:
    """`curve`: see `algorithms.training.TrainingLog.curve`; nothing is drawn of fewer than two points."""
    if len(curve) > 1:
        yield "training_rewards", lambda axes: _training_rewards(axes, curve)
        yield "training_lengths", lambda axes: _training_lengths(axes, curve)


def _training_rewards(axes: Any, curve: Sequence[Mapping[str, float]]) -> None:
    steps, mean, low, high = ([point[key] for point in curve] for key in ("steps", "reward", "low", "high"))
    axes.fill_between(steps, low, high, color=BLUE, alpha=0.2, linewidth=0, label="middle 80 % of the episodes")
    axes.plot(steps, mean, color=BLUE, label="mean")
    axes.set(xlabel="steps", ylabel="return", title="Return of the training episodes, with exploration")
    legend_below(axes, ncols=2)


def _training_lengths(axes: Any, curve: Sequence[Mapping[str, float]]) -> None:
    axes.plot([point["steps"] for point in curve], [point["length"] for point in curve], color=BLUE)
    axes.set(xlabel="steps", ylabel="steps of an episode", title="Length of the training episodes")
    axes.set_ylim(bottom=0)


def _rewards(axes: Any, rewards: Sequence[float], random_mean: float | None) -> None:
    mean = sum(rewards) / len(rewards)
    axes.bar(range(1, len(rewards) + 1), rewards, color=BLUE)
    axes.axhline(mean, linestyle="--", color=GREY, label=f"mean {mean:.1f}")
    if random_mean is not None:
        low, high = min(0, *rewards), max(0, *rewards)
        room = FAR * (high - low)
        near = not room or low - room <= random_mean <= high + room
        label = f"random actions {random_mean:.1f}{'' if near else ', outside the picture'}"
        place = [random_mean] * 2 if near else []
        axes.plot([0, len(rewards) + 1] if near else [], place, linestyle=":", color=ORANGE, label=label)
    axes.set(xlabel="evaluation episode", ylabel="return", title="Return of each evaluation episode")
    legend_below(axes, ncols=2)
