"""What the algorithms of stable-baselines3 have in common."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from sys import maxsize
from typing import TYPE_CHECKING, Any, ClassVar

from algorithms.base import NotFittedError
from algorithms.episodes import make_environment
from algorithms.params import Params
from algorithms.policy_file import read_policy
from algorithms.reinforcement import ReinforcementAlgorithm, finite, load_weights
from algorithms.training import Budget, Training

if TYPE_CHECKING:
    import numpy as np
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

    Array = np.ndarray[Any, Any]

POLICY_FILE = "policy.zip"
SCHEDULES = ["clip_range", "exploration_schedule", "learning_rate", "lr_schedule"]
"""Functions that follow a training's budget; not saved, as a policy needs none of them to act."""


class StableBaselinesAlgorithm(ReinforcementAlgorithm):
    """An agent of stable-baselines3."""

    libraries: ClassVar[tuple[str, ...]] = ("gymnasium", "numpy", "stable_baselines3", "torch")

    def __init__(self, params: Params | None = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self._agent: BaseAlgorithm | None = None
        self._budget = self.params.budget()

    @property
    def n_envs(self) -> int:
        """Environments that are played side by side in training."""
        return 1

    @abstractmethod
    def _new_agent(self, environments: VecEnv, budget: Budget) -> BaseAlgorithm:
        """An untrained agent with this algorithm's parameters; its schedules follow the budget."""

    def _build(self, environment: str, budget: Budget) -> BaseAlgorithm:
        from stable_baselines3.common.vec_env import DummyVecEnv

        return self._new_agent(DummyVecEnv([lambda: make_environment(environment)] * self.n_envs), budget)

    def _prepare(self, environment: str) -> None:
        self._budget = self.params.budget()
        self._agent = self._build(environment, self._budget)

    def _learn(self, environment: str) -> None:
        agent, best = self._fitted(), self._best_policy(environment)
        training = Training(self._budget, best, self.on_progress, self.log)
        steps = self._budget.total if self._budget.unit == "step" else maxsize
        cause: ValueError | None = None
        try:
            agent.learn(steps, callback=training, log_interval=None)
        except ValueError as error:  # torch's distributions refuse weights that are no numbers
            cause = error
        if not finite(agent.policy):
            raise self._diverged() from cause
        if cause is not None:
            raise cause
        best.restore(agent.policy)

    def _act(self, seen: Array) -> Array:
        actions: Array = self._fitted().policy.predict(seen, deterministic=True)[0]
        return actions

    def _write(self, model_dir: Path) -> None:
        """Stable-baselines3's zip."""
        self._fitted().save(model_dir / POLICY_FILE, exclude=SCHEDULES)

    def _read(self, model_dir: Path) -> None:
        """Only the policy's weights out of the zip."""
        load_weights(self._fitted().policy, read_policy(model_dir / POLICY_FILE))

    def _fitted(self) -> BaseAlgorithm:
        if self._agent is None:
            raise NotFittedError(f"{self.name}: not fitted yet. Call fit or load first.")
        return self._agent
