"""What the algorithms that learn in an environment through stable-baselines3 have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import maxsize
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError, model_validator

from algorithms.base import Algorithm, EnvSpec, Evaluation, NotFittedError
from algorithms.environments import ActionType, environment_spec, require_extra
from algorithms.episodes import (
    MAX_EPISODE_STEPS,
    episode_seeds,
    evaluate_policy,
    make_environment,
    observations,
    play,
)
from algorithms.errors import ParameterError
from algorithms.manifest import Manifest, model_error, read_manifest, write_manifest
from algorithms.params import Params, source
from algorithms.policy_file import read_policy
from algorithms.training import BestPolicy, Budget, Training

if TYPE_CHECKING:
    import numpy as np
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

    Array = np.ndarray[Any, Any]

POLICY_FILE = "policy.zip"
VALIDATION_EPISODES = 10
LIBRARIES = ("gymnasium", "numpy", "stable_baselines3", "torch")
SCHEDULES = ["clip_range", "exploration_schedule", "learning_rate", "lr_schedule"]
"""Functions that follow a training's budget; not saved, as a policy needs none of them to act."""

LayerUnits = Annotated[int, Field(ge=1, le=512)]


class ReinforcementParams(Params):
    """How long to learn: in episodes or in steps, never both."""

    default_timesteps: ClassVar[int]

    num_episodes: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Training ends when this many episodes have ended, whatever their steps. "
        "Not together with `total_timesteps`.",
        json_schema_extra=source("none: `total_timesteps` decides", "effort"),
    )
    total_timesteps: int | None = Field(None, ge=1, le=10_000_000)
    learning_rate: float

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if self.num_episodes is not None and self.total_timesteps is not None:
            given = f"got {self.num_episodes} and {self.total_timesteps}"
            raise ValueError(f"num_episodes and total_timesteps exclude each other, {given}. Keep one of them.")
        return self

    def budget(self) -> Budget:
        """Episodes where they were asked for, steps otherwise."""
        if self.num_episodes is not None:
            return Budget(self.num_episodes, "episode")
        return Budget(self.total_timesteps or self.default_timesteps, "step")


class ReinforcementAlgorithm(Algorithm):
    """An agent of stable-baselines3, trained on the CPU with one torch thread: same seed, same result.

    The policy that is kept is the best one on validation episodes, whose seeds serve neither training nor evaluation.
    """

    task_types = ("control",)
    actions: ClassVar[tuple[ActionType, ...]]
    """The kinds of actions that it can choose."""
    steps_per_validation_step: ClassVar[int]
    """See BestPolicy; chosen so that validation takes about 3 % of the training's time."""

    params: ReinforcementParams

    def __init__(self, params: Params | None = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self._environment = ""
        self._agent: BaseAlgorithm | None = None

    @property
    def n_envs(self) -> int:
        """Environments that are played side by side in training."""
        return 1

    @abstractmethod
    def _new_agent(self, environments: VecEnv, budget: Budget) -> BaseAlgorithm:
        """An untrained agent with this algorithm's parameters; its schedules follow the budget."""

    def fit(self, data: EnvSpec) -> Self:
        """Learns in `data.environment` from the seed of the constructor; `data.seed` is for evaluation.

        Raises ParameterError for an environment that is unknown or has actions of the wrong kind, and when the
        training diverges.
        """
        budget = self.params.budget()
        with one_thread():
            agent = self._build(data.environment, budget)
            best = self._best_policy(agent, data.environment)
            self._learn(agent, Training(budget, best, self.on_progress))
            best.restore(agent.policy)
        self._environment, self._agent = data.environment, agent
        return self

    def predict(self, inputs: Any) -> Array:
        """The best known action for each observation.

        Parameters
        ----------
        inputs : array-like of shape (n, *observation), or (n,) where observations are discrete

        Returns actions of shape (n,), or (n, action_dim) where they are continuous.
        Raises DatasetError for anything that is no observation of the environment.
        """
        agent = self._fitted()
        with one_thread():
            return act(agent, observations(agent.observation_space, inputs))

    def evaluate(self, data: EnvSpec, interval: str | None = None) -> Evaluation:
        """Fresh episodes with the best known actions, see `evaluate_policy`.

        Raises ParameterError for another environment than the one it learned in.
        """
        agent = self._fitted()
        if data.environment != self._environment:
            message = f"environment: the model learned in {self._environment}, got {data.environment!r}. Train again."
            raise ParameterError.of("environment", data.environment, message)
        with one_thread():
            return evaluate_policy(lambda seen: act(agent, seen), data, interval)

    def save(self, model_dir: Path) -> None:
        """Writes stable-baselines3's zip and the manifest, into an empty or new folder."""
        agent = self._fitted()
        model_dir.mkdir(parents=True, exist_ok=True)
        agent.save(model_dir / POLICY_FILE, exclude=SCHEDULES)
        write_manifest(model_dir, self, task_type="control", libraries=LIBRARIES, environment=self._environment)

    @classmethod
    def load(cls, model_dir: Path, manifest: Manifest | None = None) -> Self:
        """Builds the agent anew from the manifest and reads only the policy's weights from the zip."""
        require_extra()
        manifest = manifest or read_manifest(model_dir)
        model = cls._from_manifest(manifest)
        weights = read_policy(model_dir / POLICY_FILE)
        try:
            model._fitted().policy.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            raise model_error("the weights do not fit the manifest's parameters. Train again.") from error
        if not finite(model._fitted().policy):
            raise model_error("the weights are not finite. Train again.")
        return model

    @classmethod
    def _from_manifest(cls, manifest: Manifest) -> Self:
        if manifest.algorithm != cls.name or not 0 <= manifest.seed < 2**32:
            raise model_error(f"is no model of {cls.name}, or its seed is out of range. Train again.")
        try:
            model = cls(cls.params_model.model_validate(manifest.parameters), seed=manifest.seed)
            model._environment = manifest.environment or ""
            model._agent = model._build(model._environment, model.params.budget())
        except (ValidationError, ParameterError) as error:
            raise model_error("the manifest's parameters or environment are not valid. Train again.") from error
        return model

    def _build(self, environment: str, budget: Budget) -> BaseAlgorithm:
        self._check_actions(environment)
        from stable_baselines3.common.vec_env import DummyVecEnv

        return self._new_agent(DummyVecEnv([lambda: make_environment(environment)] * self.n_envs), budget)

    def _check_actions(self, environment: str) -> None:
        kind = environment_spec(environment).action
        if kind not in self.actions:
            message = f"environment: has {kind} actions, which {self.name} cannot choose, got {environment!r}. "
            raise ParameterError.of("environment", environment, message + "Choose another environment or algorithm.")

    def _best_policy(self, agent: BaseAlgorithm, environment: str) -> BestPolicy:
        seeds = episode_seeds("validation", self.seed, VALIDATION_EPISODES)
        arenas = [make_environment(environment) for _ in seeds]
        longest = environment_spec(environment).max_episode_steps or MAX_EPISODE_STEPS
        return BestPolicy(
            lambda: play(lambda seen: act(agent, seen), arenas, seeds),
            self.steps_per_validation_step,
            first=self.steps_per_validation_step * longest,
        )

    def _learn(self, agent: BaseAlgorithm, training: Training) -> None:
        steps = training.budget.total if training.budget.unit == "step" else maxsize
        cause: ValueError | None = None
        try:
            agent.learn(steps, callback=training, log_interval=None)
        except ValueError as error:  # torch's distributions refuse weights that are no numbers
            cause = error
        if not finite(agent.policy):
            rate = self.params.learning_rate
            message = f"hyperparameters.learning_rate: the training diverged, got {rate}. Give a smaller one."
            raise ParameterError.of("hyperparameters.learning_rate", rate, message) from cause
        if cause is not None:
            raise cause

    def _fitted(self) -> BaseAlgorithm:
        if self._agent is None:
            raise NotFittedError(f"{self.name}: not fitted yet. Call fit or load first.")
        return self._agent


def act(agent: BaseAlgorithm, seen: Array) -> Array:
    """The policy's action for each observation, without exploration."""
    actions: Array = agent.policy.predict(seen, deterministic=True)[0]
    return actions


def finite(policy: Any) -> bool:
    """Whether all weights are numbers."""
    import torch

    return all(bool(torch.isfinite(weight).all()) for weight in policy.parameters())


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread: small networks gain nothing from more, and results do not depend on the machine's cores."""
    require_extra()
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
