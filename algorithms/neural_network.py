"""Neural network: a multi-layer perceptron, trained with Adam (Kingma and Ba 2015)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from algorithms.errors import ParameterError
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.supervised import SupervisedAlgorithm
from algorithms.wording import number

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SKLEARN_DEFAULT = "scikit-learn's default"
SKLEARN = source(SKLEARN_DEFAULT)
Width = Annotated[int, Field(ge=1, le=4_096)]


class NeuralNetworkParams(Params):
    """Hyperparameters, named as in scikit-learn's MLPClassifier and MLPRegressor."""

    hidden_layer_sizes: list[Width] = Field(
        default=[100],
        min_length=1,
        max_length=8,
        description="Units of each hidden layer.",
        json_schema_extra=source(SKLEARN_DEFAULT, "capacity"),
    )
    activation: Literal["relu", "tanh", "logistic"] = Field(
        "relu", description="Activation function of the hidden layers.", json_schema_extra=SKLEARN
    )
    alpha: float = Field(
        0.0001,
        ge=0,
        le=1e6,
        description="L2 penalty on the weights.",
        json_schema_extra=source(SKLEARN_DEFAULT, "regularisation"),
    )
    learning_rate_init: float = Field(
        0.001, gt=0, le=1, description="Step size of Adam.", json_schema_extra=source(SKLEARN_DEFAULT, "either")
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Rows per step. null: 200, or all where there are fewer.",
        json_schema_extra=SKLEARN,
    )
    max_iter: int = Field(
        200,
        ge=1,
        le=10_000,
        description="Greatest number of epochs.",
        json_schema_extra=source(SKLEARN_DEFAULT, "effort"),
    )
    tol: float = Field(
        0.0001,
        ge=0,
        le=1,
        description="Fall of the training loss that counts as better.",
        json_schema_extra=SKLEARN,
    )
    n_iter_no_change: int = Field(
        10,
        ge=1,
        le=10_000,
        description="Training ends after more epochs than this in a row without a better loss.",
        json_schema_extra=SKLEARN,
    )


class NeuralNetwork(SupervisedAlgorithm):
    """Smooth relations between many scaled numbers. Keep `scaling` on."""

    name = "neural_network"
    title = "Neural network (multi-layer perceptron)"
    task_types = ("classification", "regression")
    params_model = NeuralNetworkParams
    params: NeuralNetworkParams
    dtype = "float32"

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:
        """A fitted perceptron. A regression target is standardised for training only."""
        import numpy as np

        model = self._perceptron(task_type, len(y))
        if task_type == "classification":
            return self._epochs(model, X, y, classes=np.unique(y))
        mean, deviation = y.mean(), y.std() or 1.0
        self._epochs(model, X, (y - mean) / deviation)
        _rescale(model, mean, deviation)
        return model

    def _perceptron(self, task_type: TaskType, n: int) -> Any:
        import numpy as np
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        values = self.params.model_dump(exclude={"max_iter", "tol", "n_iter_no_change"})
        values["batch_size"] = min(values["batch_size"] or 200, n)
        generator = np.random.RandomState(self.seed)  # one stream over all epochs, as in `fit`
        return (MLPClassifier if task_type == "classification" else MLPRegressor)(**values, random_state=generator)

    def _epochs(self, model: Any, X: Any, y: Array, **first: Any) -> Any:
        """One `partial_fit` per epoch, so that progress can be told; ends by the rule of scikit-learn's `fit`."""
        params = self.params
        best, waited = math.inf, 0
        for epoch in range(1, params.max_iter + 1):
            self._epoch(model, X, y, **(first if epoch == 1 else {}))
            self.on_progress(epoch, params.max_iter, "epoch")
            waited = 0 if model.loss_ <= best - params.tol else waited + 1
            best = min(best, model.loss_)
            if waited > params.n_iter_no_change:
                break
        return model.set_params(random_state=self.seed)

    def _epoch(self, model: Any, X: Any, y: Array, **first: Any) -> None:
        """Raises ParameterError where the training diverges: scikit-learn refuses weights that are no numbers."""
        try:
            model.partial_fit(X, y, **first)
        except ValueError as error:
            if _finite(model):
                raise
            rate = self.params.learning_rate_init
            message = f"hyperparameters.learning_rate_init: the training diverged, got {number(rate)}. "
            message += "Choose `scaling: standard` under preprocessing, or give a smaller learning_rate_init."
            raise ParameterError.of("hyperparameters.learning_rate_init", rate, message) from error


def _finite(model: Any) -> bool:
    """Whether all weights are numbers."""
    import numpy as np

    return all(np.isfinite(weights).all() for weights in (*model.coefs_, *model.intercepts_))


def _rescale(model: Any, mean: float, deviation: float) -> None:
    """Puts the target's unit into the output layer, which is linear."""
    model.coefs_[-1] = model.coefs_[-1] * deviation
    model.intercepts_[-1] = model.intercepts_[-1] * deviation + mean
