"""What the algorithms that learn in an environment have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError, model_validator

from algorithms.base import Algorithm, EnvSpec, Evaluation, NotFittedError
from algorithms.environments import ActionType, EnvironmentSpec, environment_spec, require_extra
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
from algorithms.training import BestPolicy, Budget, TrainingLog

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CURVE_FILE = "training_curve.json"
"""See `TrainingLog.curve`."""
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
    """An agent, trained on the CPU with one torch thread: same seed, same result.

    The policy that is kept is the best one on validation episodes, whose seeds serve neither training nor evaluation.
    """

    task_types = ("control",)
    actions: ClassVar[tuple[ActionType, ...]]
    """The kinds of actions that it can choose."""
    observations: ClassVar[tuple[ActionType, ...]] = ("continuous", "discrete")
    """The kinds of observations that it can learn from."""
    libraries: ClassVar[tuple[str, ...]]
    """Import names of the libraries that a saved model depends on."""
    validation_episodes: ClassVar[int] = 10
    steps_per_validation_step: ClassVar[int]
    """See BestPolicy; chosen so that validation takes about 3 % of the training's time."""

    params: ReinforcementParams

    def __init__(self, params: Params | None = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self.log = TrainingLog()
        """The episodes of the training; empty in a model that was loaded."""
        self._environment = ""
        self._space: Any = None

    @classmethod
    def can_learn(cls, spec: EnvironmentSpec) -> bool:
        """Whether it can deal with the environment's actions and observations."""
        return spec.action in cls.actions and spec.observation in cls.observations

    @abstractmethod
    def _prepare(self, environment: str) -> None:
        """Makes the untrained agent for an environment that it can learn."""

    @abstractmethod
    def _learn(self, environment: str) -> None:
        """Trains what `_prepare` made, up to the budget, and keeps the best policy."""

    @abstractmethod
    def _act(self, seen: Array) -> Array:
        """The best known action for each observation, without exploration."""

    @abstractmethod
    def _write(self, model_dir: Path) -> None:
        """Writes what was learned, without the manifest."""

    @abstractmethod
    def _read(self, model_dir: Path) -> None:
        """Reads what `_write` wrote into what `_prepare` made. Raises DatasetError on anything else."""

    def fit(self, data: EnvSpec) -> Self:
        """Learns in `data.environment` from the seed of the constructor; `data.seed` is for evaluation.

        Raises ParameterError for an environment that is unknown or has actions or observations of the wrong kind, and
        when the training diverges.
        """
        self.log = TrainingLog()
        with self._one_thread():
            self._take_up(data.environment)
            self._learn(data.environment)
        self._environment = data.environment
        return self

    def predict(self, inputs: Any) -> Array:
        """The best known action for each observation.

        Parameters
        ----------
        inputs : array-like of shape (n, *observation), or (n,) where observations are discrete

        Returns actions of shape (n,), or (n, action_dim) where they are continuous.
        Raises DatasetError for anything that is no observation of the environment.
        """
        self._learned()
        with self._one_thread():
            return self._act(observations(self._space, inputs))

    def evaluate(self, data: EnvSpec, interval: str | None = None) -> Evaluation:
        """Fresh episodes with the best known actions, see `evaluate_policy`.

        Raises ParameterError for another environment than the one it learned in.
        """
        if data.environment != self._learned():
            message = f"environment: the model learned in {self._environment}, got {data.environment!r}. Train again."
            raise ParameterError.of("environment", data.environment, message)
        with self._one_thread():
            return evaluate_policy(self._act, data, interval)

    def save(self, model_dir: Path) -> None:
        """Writes the policy, the curve of its training and the manifest, into an empty or new folder."""
        environment = self._learned()
        model_dir.mkdir(parents=True, exist_ok=True)
        self._write(model_dir)
        (model_dir / CURVE_FILE).write_text(json.dumps(self.log.curve(), allow_nan=False), encoding="utf-8")
        write_manifest(model_dir, self, task_type="control", libraries=self.libraries, environment=environment)

    @classmethod
    def load(cls, model_dir: Path, manifest: Manifest | None = None) -> Self:
        """Builds the agent anew from the manifest, and reads only numbers into it."""
        require_extra()
        model = cls._from_manifest(manifest or read_manifest(model_dir))
        model._read(model_dir)
        return model

    @classmethod
    def _from_manifest(cls, manifest: Manifest) -> Self:
        if manifest.algorithm != cls.name or not 0 <= manifest.seed < 2**32:
            raise model_error(f"is no model of {cls.name}, or its seed is out of range. Train again.")
        try:
            model = cls(cls.params_model.model_validate(manifest.parameters), seed=manifest.seed)
            model._environment = manifest.environment or ""
            model._take_up(model._environment)
        except (ValidationError, ParameterError) as error:
            raise model_error("the manifest's parameters or environment are not valid. Train again.") from error
        return model

    def _take_up(self, environment: str) -> None:
        """Checks the environment, and makes the untrained agent for it."""
        self._check_environment(environment)
        self._space = make_environment(environment).observation_space
        self._prepare(environment)

    def _check_environment(self, environment: str) -> None:
        spec = environment_spec(environment)
        if not self.can_learn(spec):
            wrong = f"{spec.action} actions" if spec.action not in self.actions else f"{spec.observation} observations"
            message = f"environment: has {wrong}, which {self.name} cannot take, got {environment!r}. "
            raise ParameterError.of("environment", environment, message + "Choose another environment or algorithm.")

    def _best_policy(self, environment: str) -> BestPolicy:
        seeds = episode_seeds("validation", self.seed, self.validation_episodes)
        arenas = [make_environment(environment) for _ in seeds]
        longest = min(environment_spec(environment).max_episode_steps or MAX_EPISODE_STEPS, MAX_EPISODE_STEPS)
        return BestPolicy(
            lambda: play(self._act, arenas, seeds),
            self.steps_per_validation_step,
            first=self.steps_per_validation_step * longest,
        )

    def _one_thread(self) -> AbstractContextManager[None]:
        return one_thread() if "torch" in self.libraries else nullcontext()

    def _diverged(self) -> ParameterError:
        """For weights that are no numbers."""
        rate = self.params.learning_rate
        message = f"hyperparameters.learning_rate: the training diverged, got {rate}. Give a smaller one."
        return ParameterError.of("hyperparameters.learning_rate", rate, message)

    def _learned(self) -> str:
        """The environment that it learned in."""
        if not self._environment:
            raise NotFittedError(f"{self.name}: not fitted yet. Call fit or load first.")
        return self._environment


def load_weights(policy: Any, weights: dict[str, Any]) -> None:
    """Puts weights from a file into a torch module. Raises DatasetError where they do not fit, or are no numbers."""
    try:
        policy.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise model_error("the weights do not fit the manifest's parameters. Train again.") from error
    if not finite(policy):
        raise model_error("the weights are not finite. Train again.")


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
