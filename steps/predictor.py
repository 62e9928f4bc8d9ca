"""A trained model that answers requests: which rows it takes, and what it says of them."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from algorithms.manifest import Manifest, load_model, model_error, read_manifest
from steps.limits import Deadline, Limits
from steps.media_types import Content
from steps.refusals import RefusedError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CHUNK_ROWS = 10_000
"""Rows that are predicted at a time: it bounds the memory, and the wait until a deadline is seen."""
NO_DEADLINE = Deadline(None, lambda: False)


@dataclass(frozen=True)
class Rows:
    """The rows of a request as the model takes them, a DataFrame or an array, and whether a header line came too."""

    inputs: Any
    header: bool = False


@dataclass(frozen=True)
class Predictions:
    """One prediction a row: a label or number, or a list of numbers with a name each.

    `probabilities` has a list a row, in the order of `classes`; None where they were not asked for.
    """

    values: list[Any]
    names: list[str]
    classes: list[Any] | None = None
    probabilities: list[list[float]] | None = None


class Predictor(ABC):
    """Common to table models and policies; `predict` may be called by several threads."""

    part: ClassVar[str]
    """What one number of a prediction of several is called."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.names = ["prediction"]
        """A name for each number of a prediction."""

    @property
    @abstractmethod
    def example(self) -> Any:
        """A row that the model takes, as JSON."""

    @property
    @abstractmethod
    def row_schema(self) -> dict[str, Any]:
        """The JSON Schema of a row."""

    @property
    @abstractmethod
    def classes(self) -> list[Any] | None:
        """The class labels in the order of the probabilities; None where there are none."""

    @abstractmethod
    def read(self, body: bytes, content: Content, limits: Limits) -> Rows:
        """The rows of a request's body. Raises RefusedError (400, 413, 415)."""

    @abstractmethod
    def infer(self, inputs: Any) -> Array:
        """A prediction for each row, of shape (n,) or (n, width)."""

    @abstractmethod
    def likelihoods(self, inputs: Any) -> Array:
        """The probability of each class for each row, of shape (n, k)."""

    def warm_up(self) -> None:
        """Predicts the example: what libraries load late is loaded then, and how wide a prediction is gets known."""
        body = json.dumps([self.example]).encode()
        rows = self.read(body, Content("json"), Limits())
        values = self.predict(rows, self.classes is not None, NO_DEADLINE).values
        if isinstance(values[0], list):
            self.names = [f"{self.part}_{place}" for place in range(1, len(values[0]) + 1)]

    def predict(self, rows: Rows, probabilities: bool, deadline: Deadline) -> Predictions:
        """What the model says of every row.

        Raises RefusedError: 400 for probabilities that it does not have, and as the deadline does.
        """
        if probabilities and self.classes is None:
            raise RefusedError.of(400, f"probabilities: {self.manifest.algorithm} gives none here. Ask without them.")
        values, likelihoods = [], []
        for start in range(0, len(rows.inputs), CHUNK_ROWS):
            deadline.check()
            chunk = rows.inputs[start : start + CHUNK_ROWS]
            values += _plain(self.infer(chunk))
            likelihoods += _plain(self.likelihoods(chunk)) if probabilities else []
        if not probabilities:
            return Predictions(values, self.names)
        return Predictions(values, self.names, self.classes, likelihoods)


def _plain(predicted: Array) -> list[Any]:
    """Python values; a number that JSON does not have is None."""
    import numpy as np

    values: list[Any] = predicted.tolist()
    if predicted.dtype.kind != "f" or np.isfinite(predicted).all():
        return values
    return [[_finite(part) for part in value] if isinstance(value, list) else _finite(value) for value in values]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def load_predictor(model_dir: Path) -> Predictor:
    """The model in a folder, ready to answer: it has predicted a row before this returns.

    Numerical libraries keep to one thread for each prediction, since results must not depend on what else is asked.
    Raises DatasetError for a folder that is damaged or no model, MissingExtraError.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from steps.policy_predictor import PolicyPredictor
    from steps.table_predictor import TablePredictor

    manifest = read_manifest(model_dir)
    model = load_model(model_dir, manifest)
    if model.only_training_rows:
        raise model_error(f"cannot be served: {model.only_training_rows}. Choose another algorithm.")
    predictor = (PolicyPredictor if manifest.environment else TablePredictor)(manifest, model)
    predictor.warm_up()
    threadpool_limits(limits=1)
    return predictor
