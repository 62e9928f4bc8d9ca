"""Logistic regression with an L2 penalty; several classes share one softmax."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.supervised import SupervisedAlgorithm

SKLEARN_DEFAULT = "scikit-learn's default"
SKLEARN = source(SKLEARN_DEFAULT)


class LogisticRegressionParams(Params):
    """Hyperparameters, named as in scikit-learn's LogisticRegression."""

    C: float = Field(
        1.0,
        gt=0,
        le=1e9,
        description="Inverse of the L2 penalty's strength.",
        json_schema_extra=source(SKLEARN_DEFAULT, "capacity"),
    )
    max_iter: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Greatest number of solver steps.",
        json_schema_extra=source("ten times scikit-learn's default, which often ends before convergence"),
    )
    class_weight: Literal["balanced"] | None = Field(
        None, description="balanced: rare classes weigh more.", json_schema_extra=SKLEARN
    )


class LogisticRegression(SupervisedAlgorithm):
    """Class probabilities from a weighted sum of the features: quick, easy to explain."""

    name = "logistic_regression"
    title = "Logistic regression"
    task_types = ("classification",)
    params_model = LogisticRegressionParams

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:  # noqa: ARG002
        """A fitted LogisticRegression (solver lbfgs)."""
        from sklearn.linear_model import LogisticRegression as Estimator

        return Estimator(**self.params.model_dump(), random_state=self.seed).fit(X, y)
