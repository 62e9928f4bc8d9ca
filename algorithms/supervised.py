"""SupervisedAlgorithm: a table algorithm with a target. Estimators see class codes; people see their own labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms import evaluation
from algorithms.base import Evaluation, Table
from algorithms.errors import DatasetError
from algorithms.metrics import TaskType
from algorithms.tabular import TabularAlgorithm
from algorithms.wording import shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Matrix = Any
    Array = np.ndarray[Any, Any]

Labels = list[Any]
"""The classes of the training rows in sorted order: texts, whole numbers or truth values. Empty for regression."""


class SupervisedAlgorithm(TabularAlgorithm):
    """Classification, regression, or both."""

    labels: Labels = []

    def encode(self, data: Table) -> Array:
        """Class codes 0 to k-1, or numbers, of shape (n_rows,). Raises DatasetError for targets without a value."""
        self.labels = _labels(data)
        return class_codes(data, self.labels)

    def predict(self, inputs: pd.DataFrame) -> Array:
        """Class labels in their own type, or float64 values, of shape (n_rows,)."""
        import numpy as np

        predicted = super().predict(inputs)
        return np.array(self.labels)[predicted] if self.labels else predicted.astype("float64")

    def measure(self, X: Matrix, data: Table, interval: str | None) -> Evaluation:
        """See `evaluation.classification_scorers` and `evaluation.regression_scorers`."""
        return evaluation.report(self._scorers(X, data), len(data.X), interval, self.seed)

    def scorers(self, data: Table) -> evaluation.Scorers:
        """Every metric, over any of the rows of `data`."""
        return self._scorers(self.features.transform(data.X), data)

    def _scorers(self, X: Matrix, data: Table) -> evaluation.Scorers:
        probabilities = self.probabilities(X) if self.labels else None
        return _scorers(class_codes(data, self.labels), self.infer(X), probabilities)

    def probabilities(self, X: Matrix) -> Array:
        """Class probabilities of shape (n_rows, k)."""
        probabilities: Array = self._estimator.predict_proba(X)
        return probabilities

    def baseline(self, train: Table, test: Table) -> Evaluation:
        """The most frequent class with the class shares as probabilities, or the mean (scikit-learn's Dummy...)."""
        import numpy as np

        labels = _labels(train)
        dummy = _dummy(train.schema.task_type).fit(np.zeros(len(train.X)), class_codes(train, labels))
        X = np.zeros(len(test.X))
        probabilities = dummy.predict_proba(X) if labels else None
        scorers = _scorers(class_codes(test, labels), dummy.predict(X), probabilities)
        return evaluation.report(scorers, len(test.X), None, self.seed)

    def state(self) -> dict[str, Any]:
        """What `model.skops` holds beside the features."""
        return {**super().state(), "labels": self.labels}

    def restore(self, state: dict[str, Any], model_dir: Path) -> None:
        """Takes back what `state` and `save_estimator` gave away."""
        super().restore(state, model_dir)
        self.labels = state["labels"]


def _scorers(y: Array, predicted: Array, probabilities: Array | None) -> evaluation.Scorers:
    if probabilities is None:
        return evaluation.regression_scorers(y, predicted)
    return evaluation.classification_scorers(y, predicted, probabilities)


def _target(data: Table) -> pd.Series[Any]:
    name = data.schema.target or "target"
    if data.y is None:
        raise DatasetError.of("target", name, f"target: {shown(name)} is missing from the rows. Add the column.")
    empty = int(data.y.isna().sum())
    if empty:
        message = f"target: {shown(name)} needs a value in every row, got {empty} without one. Remove these rows."
        raise DatasetError.of("target", name, message)
    return data.y


def _labels(data: Table) -> Labels:
    return [] if data.schema.task_type == "regression" else labels_among(data, set(_target(data).tolist()))


def labels_among(data: Table, found: set[Any]) -> Labels:
    """The classes of `found`, in their order. Raises DatasetError for fewer than two."""
    labels = [label for label in data.schema.classes or sorted(found) if label in found]
    if len(labels) < 2:
        message = f"target: training needs at least 2 classes, got {shown(labels)}. Choose another target or add rows."
        raise DatasetError.of("target", data.schema.target, message)
    return labels


def class_codes(data: Table, labels: Labels) -> Array:
    """The target as float64, or as class codes; classes that training did not see get codes of their own, k and up."""
    import numpy as np

    y = _target(data)
    if not labels:
        return y.to_numpy(dtype="float64")
    codes = {label: code for code, label in enumerate(labels)}
    return np.array([codes.setdefault(label, len(codes)) for label in y.tolist()])


def _dummy(task_type: TaskType) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyClassifier(strategy="prior") if task_type == "classification" else DummyRegressor()
