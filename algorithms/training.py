"""What watches a training: the budget, the progress, and the best policy so far.

stable-baselines3 takes a plain function as callback; `Training` is one. It draws no random numbers, so the training
takes the same steps as without it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from algorithms.base import Progress
from algorithms.episodes import Episodes

LAST_SHARE = 0.1
"""Of the budget: no validation so near the end, where the final policy gets its own."""


@dataclass
class Budget:
    """How long a training lasts, in episodes or in steps, and how much of that is done."""

    total: int
    unit: Literal["episode", "step"]
    done: int = 0

    def count(self, steps: int, ended: int) -> None:
        """`steps` were taken in all; `ended` episodes ended in the last one."""
        reached = steps if self.unit == "step" else self.done + ended
        self.done = min(self.total, reached)

    @property
    def remaining(self) -> float:
        """1 at the start, 0 at the end: what learning-rate and exploration schedules follow."""
        return 1 - self.done / self.total


BINS = 200
"""Points of a training's curve at most."""


FEWEST = 10
"""Episodes of a point at least, so that a range of their rewards means something."""


class TrainingLog:
    """The episodes that ended in a training, in that order, with exploration and all: what its curve is drawn from."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        """Of all environments together, when the episode ended."""
        self.rewards: list[float] = []
        """Undiscounted sums of rewards."""
        self.lengths: list[int] = []

    def add(self, steps: int, reward: float, length: int) -> None:
        """One more episode has ended."""
        self.steps.append(steps)
        self.rewards.append(reward)
        self.lengths.append(length)

    def curve(self) -> list[dict[str, float]]:
        """At most `BINS` points of neighbouring episodes each: means, and the range of the middle 80 % of rewards."""
        import numpy as np

        parts = np.array_split(np.arange(len(self.rewards)), min(BINS, max(1, len(self.rewards) // FEWEST)))
        return [self._point(part) for part in parts if len(part)]

    def _point(self, part: Any) -> dict[str, float]:
        import numpy as np

        rewards = np.array([self.rewards[place] for place in part])
        low, high = np.percentile(rewards, [10, 90])
        return {
            "steps": float(self.steps[part[-1]]),
            "episodes": float(part[-1] + 1),
            "reward": float(rewards.mean()),
            "low": float(low),
            "high": float(high),
            "length": float(np.mean([self.lengths[place] for place in part])),
        }


class BestPolicy:
    """Keeps the weights that did best on the validation episodes, since one bad update can undo a good policy.

    The idea of stable-baselines3's EvalCallback, with a bounded cost: a validation of c batched steps is followed by
    at least `steps_per_validation_step` * c steps of training, and a short training has none. Of equal policies the
    one trained longer is kept.

    Parameters
    ----------
    validate : plays the validation episodes with the present policy
    first : steps of training before the first validation
    """

    def __init__(self, validate: Callable[[], Episodes], steps_per_validation_step: int, first: int) -> None:
        self.validate = validate
        self.steps_per_validation_step = steps_per_validation_step
        self.due = first
        self.mean_reward: float | None = None
        self.weights: dict[str, Any] = {}

    def consider(self, policy: Any, steps: int) -> None:
        """Validates the policy when its time has come."""
        if steps >= self.due:
            calls = self._compare(policy)
            self.due = steps + self.steps_per_validation_step * calls

    def restore(self, policy: Any) -> None:
        """Puts the best weights into the policy, after the final ones had their chance."""
        if self.weights:
            self._compare(policy)
            policy.load_state_dict(self.weights)

    def _compare(self, policy: Any) -> int:
        episodes = self.validate()
        if self.mean_reward is None or episodes.mean_reward >= self.mean_reward:
            self.mean_reward = episodes.mean_reward
            self.weights = deepcopy(policy.state_dict())
        return max(episodes.lengths)


class Watch:
    """Counts what a training has done, and reports about a hundred times."""

    def __init__(self, budget: Budget, on_progress: Progress) -> None:
        self.budget = budget
        self.steps = 0
        self._on_progress = on_progress
        self._reported = 0

    def count(self, steps: int, ended: int) -> None:
        """`steps` were taken in all; `ended` episodes ended since the last count."""
        self.steps = steps
        self.budget.count(steps, ended)
        self.report()

    def report(self) -> None:
        """Reports what is done, if that is news."""
        done, total = self.budget.done, self.budget.total
        if done == total or done >= self._reported + total / 100:
            if done != self._reported:
                self._on_progress(done, total, self.budget.unit)
            self._reported = done


class Training:
    """The callback: counts, reports, logs episodes, keeps the best policy, ends after the last episode."""

    def __init__(self, budget: Budget, best: BestPolicy, on_progress: Progress, log: TrainingLog) -> None:
        self.budget = budget
        self.best = best
        self.log = log
        self._watch = Watch(budget, on_progress)
        self._open: dict[int, tuple[float, int]] = {}
        """Reward and length so far of the episode in each environment."""

    def __call__(self, frame: dict[str, Any], _globals: dict[str, Any]) -> bool:
        """Called after every step of all environments; False ends the training."""
        model = frame["self"]
        self._watch.count(model.num_timesteps, int(frame["dones"].sum()))
        self._note(model.num_timesteps, frame["rewards"], frame["dones"])
        if self.budget.unit == "episode" and self.budget.done == self.budget.total:
            return False
        if self.budget.remaining > LAST_SHARE:
            self.best.consider(model.policy, model.num_timesteps)
        return True

    def _note(self, steps: int, rewards: Any, dones: Any) -> None:
        for place, (reward, done) in enumerate(zip(rewards.tolist(), dones.tolist(), strict=True)):
            before, length = self._open.get(place, (0.0, 0))
            self._open[place] = (before + reward, length + 1)
            if done:
                self.log.add(steps, *self._open.pop(place))
