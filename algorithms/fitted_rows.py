"""FittedRowsAlgorithm: what finds something in the rows that it is fitted on, and has nothing to say of other rows."""

from __future__ import annotations

from abc import abstractmethod
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from algorithms.base import Evaluation, Table
from algorithms.columns import read_columns
from algorithms.errors import DatasetError, ParameterError
from algorithms.manifest import model_error
from algorithms.tabular import TabularAlgorithm

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]


class FittedRowsAlgorithm(TabularAlgorithm):
    """A table algorithm without a prediction for new rows; a subclass says why in `only_training_rows`.

    `train` returns what was found, an array with an entry per training row. The model keeps it beside a digest of the
    rows, and gives it back for these rows, in their order, alone.
    """

    max_rows: ClassVar[int]
    """Training rows at most: it bounds the memory."""
    _digest: str = ""

    @abstractmethod
    def measure(self, X: Any, data: Table, interval: str | None) -> Evaluation:
        """See `evaluate`; X is the matrix of the training rows."""

    def fit(self, data: Table) -> Self:
        """See TabularAlgorithm. Raises ParameterError for `missing: drop`, DatasetError for more than `max_rows`."""
        if self.preprocessing.missing == "drop":
            message = f"drop would leave rows without a result: {self.only_training_rows}. Choose median instead."
            raise ParameterError.of("preprocessing.missing", "drop", f"preprocessing.missing: {message}")
        if len(data.X) > self.max_rows:
            message = f"{self.name} takes at most {self.max_rows} training rows, got {len(data.X)}"
            raise DatasetError.of("dataset", len(data.X), f"dataset: {message}. Use fewer, or another algorithm.")
        super().fit(data)
        self._digest = self._digest_of(data.X)
        return self

    def predict(self, inputs: pd.DataFrame) -> Array:
        """What was found for each training row. Raises DatasetError for any other rows, NotFittedError before fit."""
        self._check_rows(inputs)
        return self.infer(None)

    def infer(self, X: Any) -> Array:  # noqa: ARG002
        """What was found for the training rows, whose matrix X is."""
        found: Array = self._estimator.copy()
        return found

    def evaluate(self, data: Table, interval: str | None = None) -> Evaluation:
        """See TabularAlgorithm, for the training rows. Raises DatasetError for any other rows."""
        self._check_rows(data.X)
        return super().evaluate(data, interval)

    def state(self) -> dict[str, Any]:
        """What `model.skops` holds beside the features."""
        return {**super().state(), "rows": self._digest}

    def restore(self, state: dict[str, Any], model_dir: Path) -> None:
        """Takes back what `state` gave away."""
        import numpy as np

        super().restore(state, model_dir)
        found = self._estimator
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "if" or len(found) > self.max_rows:
            raise model_error(f"must hold numbers for at most {self.max_rows} rows. Train again.")
        self._digest = state["rows"]

    def _check_rows(self, rows: pd.DataFrame) -> None:
        if len(rows) != len(self._fitted) or self._digest_of(rows) != self._digest:
            message = f"must be the {len(self._fitted)} training rows in their order, got other rows"
            raise DatasetError.of("rows", len(rows), f"rows: {message}. {self.only_training_rows}.")

    @property
    def _fitted(self) -> Array:
        _ = self.features  # raises NotFittedError
        found: Array = self._estimator
        return found

    def _digest_of(self, rows: pd.DataFrame) -> str:
        import pandas as pd

        hashes = pd.util.hash_pandas_object(read_columns(rows, self.features.columns), index=False)
        return sha256(hashes.to_numpy().tobytes()).hexdigest()
