"""Algorithm: the five verbs every way of training answers to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from algorithms.metrics import DEFAULT_METRIC, LEARNING_TYPE_OF, LearningType, TaskType, of_task
from algorithms.params import Params
from algorithms.schema import TableSchema

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from algorithms.manifest import Manifest

Progress = Callable[[int, int, str], None]
"""`(done, total, unit)`, for instance `(37, 100, "round")`."""


class NotFittedError(RuntimeError):
    """predict, evaluate or save came before fit: a defect of the caller."""


@dataclass(frozen=True)
class Table:
    """Raw rows of a prepared table: features as in the file, and the target where there is one."""

    X: pd.DataFrame
    y: pd.Series[Any] | None
    schema: TableSchema


@dataclass(frozen=True)
class EnvSpec:
    """An environment to learn or to be evaluated in."""

    environment: str
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found. A metric that is undefined for this data is None."""

    metrics: dict[str, float | None]
    n: int
    """Rows or episodes that were evaluated."""
    ci95: tuple[float, float] | None = None
    """95 % interval of the metric that was asked for, in the metric's own unit."""
    details: dict[str, Any] = field(default_factory=dict)
    """More figures for people: strict JSON values only."""
    notes: tuple[str, ...] = ()
    """What people should know of these figures, as sentences for the result comment."""


def no_progress(done: int, total: int, unit: str) -> None:
    """The default listener: nobody listens."""


class Algorithm(ABC):
    """One way to train. The constructor stores parameters and does no work.

    Parameters
    ----------
    params : an instance of `params_model`; its defaults when left out
    seed : 0 to 2**32 - 1; same seed, same data: same result
    """

    name: ClassVar[str]
    title: ClassVar[str]
    task_types: ClassVar[tuple[TaskType, ...]]
    params_model: ClassVar[type[Params]]
    repeatable_with: ClassVar[dict[str, Any]] = {}
    """Hyperparameters without which the same seed may give another result; the class says why."""
    only_training_rows: ClassVar[str | None] = None
    """Why nothing can be said of rows that it was not fitted on; such a model is evaluated on its training rows, and
    serves no requests. None: it predicts new rows."""

    distributed: ClassVar[bool] = False
    """Whether several instances can train it, each with some of the rows (`algorithms.distributed`)."""

    undefined_metrics: ClassVar[tuple[str, ...]] = ()
    """Metrics of its tasks that have no meaning for it."""

    def __init__(self, params: Params | None = None, *, seed: int = 0) -> None:
        self.params = params if params is not None else self.params_model()
        self.seed = seed
        self.on_progress: Progress = no_progress

    @classmethod
    def learning_type(cls) -> LearningType:
        """The learning type that all of `task_types` belong to."""
        return LEARNING_TYPE_OF[cls.task_types[0]]

    @classmethod
    def metrics(cls, task_type: TaskType) -> list[str]:
        """The metrics of a task that it has, the one first that decides unless another is asked for."""
        own = [name for name in of_task(task_type) if name not in cls.undefined_metrics]
        return sorted(own, key=lambda name: name != DEFAULT_METRIC[task_type])

    @abstractmethod
    def fit(self, data: Any) -> Self:
        """Learns from a `Table` (training rows) or an `EnvSpec`."""

    @abstractmethod
    def predict(self, inputs: Any) -> np.ndarray[Any, Any]:
        """Labels, values, clusters, projections (raw rows in) or actions (observations in)."""

    @abstractmethod
    def evaluate(self, data: Any, interval: str | None = None) -> Evaluation:
        """Every metric of the task on `data`; with `interval`, the 95 % interval of that metric."""

    @abstractmethod
    def save(self, model_dir: Path) -> None:
        """Writes the model's files and `manifest.json`. No pickle, no joblib."""

    @classmethod
    @abstractmethod
    def load(cls, model_dir: Path, manifest: Manifest | None = None) -> Self:
        """Reads what `save` wrote, after the manifest's digests were checked. Raises DatasetError on anything else.

        `manifest` : as `algorithms.manifest.read_manifest` returned it, where that was done before.
        """
