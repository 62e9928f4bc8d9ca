"""TabularAlgorithm: what the table algorithms share. Raw rows in everywhere; the feature pipeline is part of the model.

A subclass says how to train an estimator on a matrix; the rest (features, classes, metrics, files) is here.
Numerical libraries run in one thread, since the order of their sums would depend on the number of cores. Trees are
grown side by side, which changes nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from zipfile import ZipFile

from algorithms.base import Algorithm, Evaluation, NotFittedError, Table
from algorithms.errors import DatasetError, ParameterError
from algorithms.features import Features
from algorithms.manifest import MAX_BYTES, Manifest, model_error, read_manifest, write_manifest
from algorithms.metrics import TaskType
from algorithms.params import Params, Preprocessing
from algorithms.schema import TableSchema

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Matrix = Any
    Array = np.ndarray[Any, Any]

STATE_NAME = "model.skops"
TRUSTED_TYPES = (
    "numpy.dtype",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""What a model file may hold beyond the types that skops trusts by itself: scikit-learn's and NumPy's public ones."""


class TabularAlgorithm(Algorithm):
    """An algorithm on tables.

    Parameters
    ----------
    params, seed : see Algorithm
    preprocessing : how raw rows become numbers; its defaults when left out
    """

    dtype: ClassVar[Literal["float32", "float64"]] = "float64"
    """Of the matrix that `train` gets."""
    libraries: ClassVar[tuple[str, ...]] = ("numpy", "pandas", "sklearn", "skops")

    def __init__(
        self, params: Params | None = None, *, seed: int = 0, preprocessing: Preprocessing | None = None
    ) -> None:
        super().__init__(params, seed=seed)
        self.preprocessing = preprocessing or Preprocessing()
        self._features: Features | None = None
        self._estimator: Any = None

    @abstractmethod
    def train(self, X: Matrix, y: Any, task_type: TaskType) -> Any:
        """The fitted estimator. X has shape (n_rows, n_features); y holds class codes or numbers, or is None."""

    @abstractmethod
    def measure(self, X: Matrix, data: Table, interval: str | None) -> Evaluation:
        """See `evaluate`; X is the matrix of `data.X`."""

    @abstractmethod
    def baseline(self, train: Table, test: Table) -> Evaluation:
        """What a dummy reaches on `test` that looked at `train` only."""

    def check(self, schema: TableSchema) -> None:
        """Raises ParameterError for parameters that do not fit the table."""
        if schema.task_type not in self.task_types:
            tasks = ", ".join(self.task_types)
            message = f"task_type: {self.name} does {tasks}, got {schema.task_type}. Choose another algorithm or task."
            raise ParameterError.of("task_type", schema.task_type, message)

    def encode(self, data: Table) -> Array | None:  # noqa: ARG002
        """The target as numbers; None for tasks without one."""
        return None

    def fit(self, data: Table) -> Self:
        """Learns from training rows. Raises ParameterError and DatasetError for what does not fit the data."""
        self.check(data.schema)
        features = Features(data.schema, self.preprocessing, seed=self.seed, dtype=self.dtype)
        data = _rows(data, features.complete_rows(data.X))
        y = self.encode(data)
        X = features.fit_transform(data.X, y)
        with one_thread():
            self._estimator = self.train(X, y, data.schema.task_type)
        self._features = features
        return self

    def predict(self, inputs: pd.DataFrame) -> Array:
        """One prediction per row of raw values, shape (n_rows,); projections have shape (n_rows, num_components).

        Raises NotFittedError before fit, DatasetError for rows without the feature columns.
        """
        X = self.features.transform(inputs)
        with one_thread():
            return self.infer(X)

    def infer(self, X: Matrix) -> Array:
        """Predictions for a matrix."""
        predicted: Array = self._estimator.predict(X)
        return predicted

    def evaluate(self, data: Table, interval: str | None = None) -> Evaluation:
        """Every metric of the task on the rows of `data`; with `interval`, the 95 % interval of that metric."""
        X = self.features.transform(data.X)
        with one_thread():
            return self.measure(X, data, interval)

    @property
    def features(self) -> Features:
        """The fitted feature pipeline."""
        if self._features is None:
            raise NotFittedError(f"{self.name}: fit comes before predict, evaluate and save.")
        return self._features

    def save(self, model_dir: Path) -> None:
        """Writes `model.skops`, what `save_estimator` writes, and the manifest, into an empty or new folder."""
        from algorithms.skops_io import dump

        features = self.features
        model_dir.mkdir(parents=True, exist_ok=True)
        dump({"features": features.state(), **self.state()}, model_dir / STATE_NAME)
        self.save_estimator(model_dir)
        write_manifest(
            model_dir,
            self,
            task_type=features.schema.task_type,
            libraries=self.libraries,
            preprocessing=self.preprocessing,
            table=features.schema,
        )

    @classmethod
    def load(cls, model_dir: Path, manifest: Manifest | None = None) -> Self:
        """The fitted model that `save` wrote. Raises DatasetError for a folder that is damaged or of another kind."""
        manifest = manifest or read_manifest(model_dir)
        if manifest.algorithm != cls.name or manifest.table is None or manifest.preprocessing is None:
            raise model_error(f"must be made by {cls.name}, got {manifest.algorithm}. Name the right model.")
        try:
            return cls._restored(manifest, manifest.table, model_dir)
        except (DatasetError, MemoryError):
            raise
        except Exception as error:
            raise model_error(f"the files cannot be read ({type(error).__name__}). Train again.") from error

    @classmethod
    def _restored(cls, manifest: Manifest, table: TableSchema, model_dir: Path) -> Self:
        params = cls.params_model.model_validate(manifest.parameters)
        model = cls(params, seed=manifest.seed, preprocessing=manifest.preprocessing)
        model.check(table)
        state = _read_state(model_dir / STATE_NAME)
        features = Features(table, model.preprocessing, seed=model.seed, dtype=cls.dtype)
        model._features = features.restore(state["features"])
        model.restore(state, model_dir)
        return model

    def state(self) -> dict[str, Any]:
        """What `model.skops` holds beside the features."""
        return {"estimator": self._estimator}

    def restore(self, state: dict[str, Any], model_dir: Path) -> None:  # noqa: ARG002
        """Takes back what `state` and `save_estimator` gave away."""
        self._estimator = state["estimator"]

    def save_estimator(self, model_dir: Path) -> None:
        """Writes files of the estimator's own format; none where skops does."""


def _rows(data: Table, kept: Array) -> Table:
    rows = Table(data.X[kept], None if data.y is None else data.y[kept], data.schema)
    check_rows(len(rows.X))
    return rows


def check_rows(rows: int) -> None:
    """Raises DatasetError for fewer training rows than two."""
    if rows < 2:
        message = f"dataset: at least 2 training rows are needed, got {rows}. Add rows."
        raise DatasetError.of("dataset", rows, message)


def _read_state(path: Path) -> dict[str, Any]:
    from algorithms.skops_io import UntrustedTypesFoundException, load

    with ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_BYTES:
        raise model_error(f"{path.name} unpacks to at most {MAX_BYTES} bytes, got {size}. Train a smaller model.", size)
    try:
        state: dict[str, Any] = load(path, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise _untrusted(path) from error
    return state


def _untrusted(path: Path) -> DatasetError:
    from algorithms.skops_io import get_untrusted_types

    names = ", ".join(sorted(set(get_untrusted_types(file=path)) - set(TRUSTED_TYPES)))[:200]
    return model_error(f"{path.name} holds types that are not trusted: {names}. Train again.", names)


def one_thread() -> Any:
    """Holds numerical libraries to one thread."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(limits=1)
