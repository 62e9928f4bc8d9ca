"""Linear regression with a ridge penalty (Hoerl and Kennard 1970)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.supervised import SupervisedAlgorithm


class LinearRegressionParams(Params):
    """Hyperparameters, named as in scikit-learn's Ridge."""

    alpha: float = Field(
        1.0,
        ge=0,
        le=1e9,
        description="L2 penalty on the weights. 0: ordinary least squares.",
        json_schema_extra=source("scikit-learn's default of Ridge", "regularisation"),
    )


class LinearRegression(SupervisedAlgorithm):
    """A weighted sum of the features: quick, easy to explain, and a good first comparison."""

    name = "linear_regression"
    title = "Linear regression (ridge)"
    task_types = ("regression",)
    params_model = LinearRegressionParams

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:  # noqa: ARG002
        """A fitted Ridge."""
        from sklearn.linear_model import Ridge

        return Ridge(**self.params.model_dump(), random_state=self.seed).fit(X, y)
