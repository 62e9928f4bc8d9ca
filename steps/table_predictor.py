"""A model on tables: raw rows in, as in the training file; labels, values, clusters or projections out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from algorithms.base import Algorithm
from algorithms.errors import DatasetError
from algorithms.manifest import Manifest, model_error
from algorithms.schema import Column
from algorithms.supervised import SupervisedAlgorithm
from algorithms.tabular import TabularAlgorithm
from algorithms.wording import shown
from steps.body_formats import read_csv, read_json, read_json_lines, read_text
from steps.limits import Limits
from steps.media_types import Content
from steps.parquet_body import read_parquet_body
from steps.predictor import Predictor, Rows
from steps.refusals import RefusedError
from steps.table_rows import by_name, by_position, check_names, from_json, to_frame

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

EXAMPLES = {"number": 1.0, "category": "a", "text": "a few words"}
JSON_TYPES = {"number": ["number", "string", "boolean", "null"], "category": ["string", "number", "boolean", "null"]}


class TablePredictor(Predictor):
    """Answers for a table algorithm. Only the columns that the model uses are needed."""

    part = "component"

    def __init__(self, manifest: Manifest, model: Algorithm) -> None:
        super().__init__(manifest)
        if manifest.table is None or not isinstance(model, TabularAlgorithm):
            raise model_error(f"is no model on tables, got {manifest.algorithm}. Train again.")
        self._model = model
        self.columns: list[Column] = model.features.columns
        self.order: list[str] = manifest.table.names

    @property
    def example(self) -> dict[str, Any]:
        """A row by name, with a made-up value in each column."""
        return {column.name: EXAMPLES[column.type] for column in self.columns}

    @property
    def row_schema(self) -> dict[str, Any]:
        """An object with the columns that the model uses, or a list of all features in the training file's order."""
        properties = {column.name: {"type": JSON_TYPES.get(column.type, ["string", "null"])} for column in self.columns}
        named = {"type": "object", "properties": properties, "required": list(properties)}
        placed = {"type": "array", "minItems": len(self.order), "maxItems": len(self.order), "items": {}}
        return {"anyOf": [named, {**placed, "description": "In this order: " + ", ".join(self.order)}]}

    @property
    def classes(self) -> list[Any] | None:
        """Of a classifier."""
        return (self._model.labels or None) if isinstance(self._model, SupervisedAlgorithm) else None

    def read(self, body: bytes, content: Content, limits: Limits) -> Rows:
        """See Predictor. A header line may come with a CSV; its columns may stand in any order."""
        if content.format == "parquet":
            frame = read_parquet_body(body, limits)
            check_names(self.columns, frame.columns)
            return self._typed({column.name: frame[column.name] for column in self.columns}, content)
        text = read_text(body)
        if content.format == "csv":
            return self._read_csv(text, content, limits)
        rows = read_json(text) if content.format == "json" else read_json_lines(text)
        limits.check_table(len(rows), len(self.order))
        return self._typed(from_json(self.columns, self.order, rows), content)

    def _read_csv(self, text: str, content: Content, limits: Limits) -> Rows:
        known = [column.name for column in self.columns]
        found = read_csv(text, known, len(self.order), content.header)
        limits.check_table(len(found.rows), max(len(self.order), len(found.header or ())))
        if found.header is None:
            return self._typed(by_position(self.columns, self.order, found.rows), content)
        if limits.batch and found.header != self.order:
            _refuse_order(self.order)
        return self._typed(by_name(self.columns, found.header, found.rows), content, header=True)

    def _typed(self, cells: dict[str, Any], content: Content, header: bool = False) -> Rows:
        return Rows(to_frame(self.columns, cells, content.strays_missing), header)

    def infer(self, inputs: Any) -> Array:
        """See Predictor."""
        try:
            return self._model.predict(inputs)
        except DatasetError as error:
            raise RefusedError.malformed(error.problems) from error

    def likelihoods(self, inputs: Any) -> Array:
        """See Predictor."""
        if not isinstance(self._model, SupervisedAlgorithm):
            raise TypeError(f"{self._model.name}: has no probabilities")
        return self._model.probabilities(self._model.features.transform(inputs))


def _refuse_order(order: list[str]) -> None:
    """SageMaker cuts a file at its lines: all pieces but the first come without the header."""
    names = ", ".join(shown(name) for name in order)
    message = f"header: in batch transform it must be the training file's features in their order: {names}."
    raise RefusedError.of(400, f"{message} Reorder the columns, or send JSON Lines.")
