"""A policy that was learned in an environment: observations in, actions out."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from algorithms.base import Algorithm
from algorithms.episodes import make_environment
from algorithms.errors import DatasetError
from algorithms.manifest import Manifest
from algorithms.wording import shown
from steps.body_formats import read_csv, read_json, read_json_lines, read_text
from steps.findings import counted
from steps.limits import Limits
from steps.media_types import Content
from steps.predictor import Predictor, Rows
from steps.refusals import RefusedError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LARGEST = 2**63
"""No observation has numbers of this size; where a space has no bounds, infinity would lie in it."""


class PolicyPredictor(Predictor):
    """Answers for a reinforcement algorithm: the best known action for each observation.

    An observation is a list of numbers (a line of CSV), or one whole number where observations are discrete.
    """

    part = "action"

    def __init__(self, manifest: Manifest, model: Algorithm) -> None:
        super().__init__(manifest)
        self._model = model
        self._lock = Lock()  # torch's number of threads is set and set back by each prediction
        self._space = make_environment(manifest.environment or "").observation_space
        self._width: int = self._space.shape[0] if self._space.shape else 1

    @property
    def example(self) -> Any:
        """An observation that a fresh episode starts with."""
        found, _ = make_environment(self.manifest.environment or "").reset(seed=0)
        return found.tolist() if self._space.shape else int(found)

    @property
    def row_schema(self) -> dict[str, Any]:
        """A list of numbers, or a whole number."""
        if not self._space.shape:
            return {"type": "integer", "description": str(self._space)}
        numbers = {"type": "array", "minItems": self._width, "maxItems": self._width, "items": {"type": "number"}}
        return {**numbers, "description": str(self._space)}

    @property
    def classes(self) -> None:
        """A policy acts; it has no classes."""
        return

    def read(self, body: bytes, content: Content, limits: Limits) -> Rows:
        """See Predictor."""
        if content.format == "parquet":
            raise RefusedError.of(
                415, "Content-Type: observations are no table, got Parquet. Send CSV, JSON or JSON Lines."
            )
        text = read_text(body)
        if content.format == "csv":
            rows: list[Any] = [_numbers(row) for row in read_csv(text, (), self._width, header=False).rows]
        else:
            rows = read_json(text) if content.format == "json" else read_json_lines(text)
        limits.check_table(len(rows), self._width)
        return Rows(self._observations(rows))

    def _observations(self, rows: list[Any]) -> Array:
        import numpy as np

        kind = np.float64 if self._space.shape else np.int64
        found = np.empty((len(rows), *self._space.shape), dtype=kind)
        for place, row in enumerate(rows):
            found[place] = self._observation(place + 1, row)
        return found

    def _observation(self, number: int, row: Any) -> Any:
        """The row, if it is an observation. Raises RefusedError (400)."""
        values = row if isinstance(row, list) else [row]
        if len(values) == self._width and self._contains(values):
            return values if self._space.shape else values[0]
        unit = "number" if self._space.shape else "whole number"
        what = f"row {number}: must be {counted(self._width, unit)} within {self._space}, got {shown(row)}."
        raise RefusedError.of(400, f"{what} Send observations of {self.manifest.environment}.", number)

    def _contains(self, values: list[Any]) -> bool:
        import numpy as np

        wanted = {int, float} if self._space.shape else {int}
        if not {type(value) for value in values} <= wanted or not all(abs(value) < LARGEST for value in values):
            return False
        if not self._space.shape:
            return bool(self._space.contains(values[0]))
        return bool(self._space.contains(np.array(values, dtype=self._space.dtype)))

    def infer(self, inputs: Any) -> Array:
        """See Predictor."""
        try:
            with self._lock:
                found: Array = self._model.predict(inputs)
                return found
        except DatasetError as error:
            raise RefusedError.malformed(error.problems) from error

    def likelihoods(self, inputs: Any) -> Array:
        """Never asked for: there are no classes."""
        raise NotImplementedError


def _numbers(fields: list[str]) -> list[Any]:
    """Whole numbers, other numbers, and what is neither as it is."""
    return [_number(text) for text in fields]


def _number(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
