"""One worker of A3C: plays in an environment of its own, and changes the weights that all workers share.

Algorithm S3 of Mnih et al. 2016 with the optimiser of its equations S2 and S3 (shared RMSProp, without locks). Imported
by the processes that learn only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import nn
from torch.nn.functional import one_hot
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from algorithms.episodes import make_environment
from algorithms.training import LAST_SHARE, Budget

if TYPE_CHECKING:
    from algorithms.a3c import A3CParams

SNAPSHOTS = 20
"""Times that the first worker hands in its weights, for validation."""


class DivergedError(ArithmeticError):
    """A gradient is no number."""


class ActorCritic(nn.Sequential):
    """One network for both: its outputs are a preference for each action and, at last, the value."""

    def __init__(self, space: Any, actions: int, layers: list[int]) -> None:
        self.states: int | None = None if space.shape else int(space.n)
        sizes = [self.states or math.prod(space.shape), *layers]
        hidden = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.Tanh())]
        super().__init__(*hidden, nn.Linear(sizes[-1], actions + 1))

    def features(self, seen: Any) -> torch.Tensor:
        """Observations of shape (n, ...) as numbers of shape (n, features); states become indicators."""
        if self.states is not None:
            return one_hot(torch.as_tensor(np.asarray(seen)), self.states).float()
        return torch.as_tensor(np.asarray(seen, dtype=np.float32)).flatten(start_dim=1)


@dataclass(frozen=True)
class Shared:
    """What all workers read and write, in shared memory, without locks."""

    weights: torch.Tensor
    """All weights of the network in one row."""
    squares: torch.Tensor
    """RMSProp's running mean of squared gradients, one for each weight."""
    steps: torch.Tensor
    """Steps of each worker, which alone writes its own."""
    episodes: torch.Tensor
    """Ended episodes of each worker."""

    @classmethod
    def of(cls, policy: nn.Module, n_workers: int) -> Self:
        """The policy's weights, and nothing done yet."""
        weights = parameters_to_vector(policy.parameters()).detach().clone()
        counts = [torch.zeros(n_workers, dtype=torch.int64) for _ in range(2)]
        shared = cls(weights, torch.zeros_like(weights), *counts)
        for tensor in vars(shared).values():
            tensor.share_memory_()
        return shared

    def put_into(self, policy: nn.Module) -> None:
        """A copy of the present weights."""
        vector_to_parameters(self.weights.clone(), policy.parameters())

    def count(self, budget: Budget) -> None:
        """Brings the budget up to date."""
        episodes = int(self.episodes.sum())
        budget.done = min(budget.total, int(self.steps.sum()) if budget.unit == "step" else episodes)


@dataclass(frozen=True)
class Task:
    """What one worker is told."""

    number: int
    """From 0."""
    environment: str
    seed: int
    params: A3CParams


@dataclass
class Rollout:
    """Some steps in a row of one episode."""

    seen: list[Any] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    following: float = 0.0
    """Value of the state after the last step; 0 where the environment itself ended the episode."""

    def returns(self, gamma: float) -> torch.Tensor:
        """The discounted return from each step on."""
        found, onward = [0.0] * len(self.rewards), self.following
        for place in reversed(range(len(self.rewards))):
            onward = self.rewards[place] + gamma * onward
            found[place] = onward
        return torch.tensor(found)


class ActorLearner:
    """Plays a few steps with a copy of the shared weights, then moves the shared weights by the copy's gradient."""

    def __init__(self, task: Task, shared: Shared) -> None:
        self.task, self.shared, self.params = task, shared, task.params
        self.budget = task.params.budget()
        self.random = np.random.default_rng([task.seed, 1])  # the environment draws from the seed itself
        self.arena = make_environment(task.environment)
        actions: Any = self.arena.action_space
        self.policy = ActorCritic(self.arena.observation_space, int(actions.n), task.params.net_arch)
        self.state = self.arena.reset(seed=task.seed)[0]
        self.snapshots = 0
        self.played: list[tuple[int, float, int]] = []
        """Of each episode that ended: the steps of all workers until then, its reward, its length."""
        self._reward, self._length = 0.0, 0

    def work(self) -> bool:
        """One rollout and one update; False when the budget is used up."""
        self.shared.count(self.budget)
        if self.budget.remaining <= 0:
            return False
        self.shared.put_into(self.policy)
        self._apply(self._gradient(self._play()))
        return True

    def due(self) -> bool:
        """Whether it is time for a snapshot: the first worker's, so that one worker makes them at the same steps."""
        part = self.budget.done * SNAPSHOTS // self.budget.total
        if self.task.number > 0 or part == self.snapshots or self.budget.remaining <= LAST_SHARE:
            return False
        self.snapshots = part
        return True

    def _play(self) -> Rollout:
        rollout, ended = Rollout(), False
        while len(rollout.rewards) < self.params.n_steps and not ended:
            action = self._choose()
            rollout.seen.append(self.state)
            self.state, reward, terminated, truncated, _ = self.arena.step(action)
            rollout.actions.append(action)
            rollout.rewards.append(float(reward))
            ended = terminated or truncated
            rollout.following = 0.0 if terminated else math.nan
        if math.isnan(rollout.following):
            rollout.following = float(self._outputs()[-1])
        if ended:
            self.state = self.arena.reset()[0]
        self.shared.steps[self.task.number] += len(rollout.rewards)
        self.shared.episodes[self.task.number] += int(ended)
        self._note(rollout, ended)
        return rollout

    def _note(self, rollout: Rollout, ended: bool) -> None:
        self._reward += sum(rollout.rewards)
        self._length += len(rollout.rewards)
        if ended:
            self.played.append((int(self.shared.steps.sum()), self._reward, self._length))
            self._reward, self._length = 0.0, 0

    def _choose(self) -> int:
        """An action by the policy's probabilities."""
        chances = torch.softmax(self._outputs()[:-1], dim=0).cumsum(dim=0).numpy()
        return min(int(np.searchsorted(chances, self.random.random(), side="right")), len(chances) - 1)

    def _outputs(self) -> torch.Tensor:
        with torch.inference_mode():
            found: torch.Tensor = self.policy(self.policy.features([self.state]))[0]
            return found

    def _gradient(self, rollout: Rollout) -> torch.Tensor:
        outputs = self.policy(self.policy.features(rollout.seen))
        chances, values = torch.log_softmax(outputs[:, :-1], dim=1), outputs[:, -1]
        advantages = rollout.returns(self.params.gamma) - values
        chosen = chances[range(len(rollout.actions)), rollout.actions]
        entropy = -(chances.exp() * chances).sum()
        losses = self.params.vf_coef * advantages.square().sum() - (chosen * advantages.detach()).sum()
        gradients = torch.autograd.grad(losses - self.params.ent_coef * entropy, list(self.policy.parameters()))
        found = torch.cat([gradient.flatten() for gradient in gradients])
        length = float(found.norm())
        if not math.isfinite(length):
            raise DivergedError("a gradient is no number")
        return found * min(1.0, self.params.max_grad_norm / (length + 1e-6))

    def _apply(self, gradient: torch.Tensor) -> None:
        """Shared RMSProp. The step size falls linearly to 0 with the work that all workers have done."""
        shared, params = self.shared, self.params
        shared.squares.mul_(params.rms_decay).addcmul_(gradient, gradient, value=1 - params.rms_decay)
        step = (shared.squares + params.rms_epsilon).sqrt()
        shared.weights.addcdiv_(gradient, step, value=-params.learning_rate * self.budget.remaining)
