"""XGBoost (Chen and Guestrin 2016): gradient boosting, each tree corrects what the trees before it left over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from algorithms.base import Progress, Table
from algorithms.cores import usable_cores
from algorithms.distributed import DistributedAlgorithm
from algorithms.errors import DatasetError
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.peers import Peers, gather_values
from algorithms.wording import plain, shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

XGBOOST_DEFAULT = "XGBoost's default"
LIBRARY = source(XGBOOST_DEFAULT)
STEADY = "more and smaller steps, each on a random part: steadier on noisy tables than XGBoost's 100, 0.3, 1, 1"
GENTLE = source(STEADY)
FILE_NAME = "booster.ubj"
LARGEST_SUM = 1.8e19
"""Of a regression target's sizes: XGBoost squares sums over rows, and float32 ends at 3.4e38. Beyond, no tree grows."""


class XGBoostParams(Params):
    """Hyperparameters, named as in XGBoost's scikit-learn interface."""

    n_estimators: int = Field(
        200, ge=1, le=5_000, description="Number of boosting rounds.", json_schema_extra=source(STEADY, "effort")
    )
    max_depth: int = Field(
        6, ge=1, le=30, description="Greatest depth of a tree.", json_schema_extra=source(XGBOOST_DEFAULT, "capacity")
    )
    learning_rate: float = Field(
        0.1,
        gt=0,
        le=1,
        description="How much of each tree's correction is taken.",
        json_schema_extra=source(STEADY, "either"),
    )
    subsample: float = Field(0.8, gt=0, le=1, description="Share of the rows per tree.", json_schema_extra=GENTLE)
    colsample_bytree: float = Field(
        0.8, gt=0, le=1, description="Share of the features per tree.", json_schema_extra=GENTLE
    )
    min_child_weight: float = Field(
        1.0,
        ge=0,
        le=1e6,
        description="Least sum of instance weights in a leaf.",
        json_schema_extra=source(XGBOOST_DEFAULT, "regularisation"),
    )
    gamma: float = Field(
        0.0, ge=0, le=1e6, description="Least loss reduction that a split must bring.", json_schema_extra=LIBRARY
    )
    reg_alpha: float = Field(0.0, ge=0, le=1e6, description="L1 penalty on leaf weights.", json_schema_extra=LIBRARY)
    reg_lambda: float = Field(
        1.0,
        ge=0,
        le=1e6,
        description="L2 penalty on leaf weights.",
        json_schema_extra=source(XGBOOST_DEFAULT, "regularisation"),
    )


class XGBoost(DistributedAlgorithm):
    """Often the most accurate choice on tables with thousands of rows."""

    name = "xgboost"
    title = "XGBoost"
    task_types = ("classification", "regression")
    params_model = XGBoostParams
    dtype = "float32"
    libraries = (*DistributedAlgorithm.libraries, "xgboost")

    def encode(self, data: Table) -> Array:
        """See SupervisedAlgorithm. Raises DatasetError for numbers that are too large to be learned."""
        y = super().encode(data)
        if not self.labels:
            _check_size(float(abs(y).max()), len(y), data.schema.target)
        return y

    def encode_shard(self, data: Table, total: int, peers: Peers) -> Array:
        """See DistributedAlgorithm. Raises DatasetError for numbers that are too large to be learned."""
        y = super().encode_shard(data, total, peers)
        if not self.labels:
            largest = gather_values(peers, float(abs(y).max()) if len(y) else 0.0)
            _check_size(max(largest), total, data.schema.target)
        return y

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:
        """Boosted trees; reports every round. The result is the same with any number of threads."""
        values = self.params.model_dump()
        report = _progress_callback(self.on_progress, values["n_estimators"])
        model = _estimator(task_type)(**values, random_state=self.seed, n_jobs=usable_cores(), callbacks=[report])
        return model.fit(X, y).set_params(callbacks=None)

    def train_shard(self, X: Any, y: Any, task_type: TaskType, peers: Peers) -> Any:  # noqa: ARG002
        """As `train`, with the sums over rows of all peers: XGBoost's own collective must be under way.

        With `subsample: 1` the trees are those of one process, as far as the quantiles of the features are: each peer
        sketches its own rows, and the sketches are merged. Else each peer draws among its own rows.
        """
        import xgboost

        values = self.params.model_dump()
        model = _estimator(task_type)(**values, random_state=self.seed, n_jobs=usable_cores())
        parameters = {**model.get_xgb_params(), **_objective(len(self.labels))}
        rows = xgboost.QuantileDMatrix(X, label=y, nthread=usable_cores())
        report = _progress_callback(self.on_progress, values["n_estimators"])
        booster = xgboost.train(parameters, rows, values["n_estimators"], callbacks=[report])
        model.load_model(booster.save_raw("ubj"))
        return model

    def contributions(self, rows: pd.DataFrame) -> Array:
        """SHAP values of raw rows, exact for trees (`pred_contribs`), shape (n_rows, n_outputs, n_matrix_columns).

        One output for numbers and for two classes (log-odds of the second one), else one for each class.
        """
        import xgboost

        matrix = xgboost.DMatrix(self.features.transform(rows))
        found: Array = self._estimator.get_booster().predict(matrix, pred_contribs=True)
        return found.reshape(len(rows), -1, found.shape[-1])[:, :, :-1]

    def state(self) -> dict[str, Any]:
        """The booster has a file of its own."""
        return {**super().state(), "estimator": None}

    def save_estimator(self, model_dir: Path) -> None:
        """XGBoost's own binary JSON."""
        self._estimator.save_model(model_dir / FILE_NAME)

    def restore(self, state: dict[str, Any], model_dir: Path) -> None:
        """Reads the booster."""
        super().restore(state, model_dir)
        self._estimator = _estimator("classification" if self.labels else "regression")()
        self._estimator.load_model(model_dir / FILE_NAME)


def _objective(classes: int) -> dict[str, Any]:
    """What XGBClassifier and XGBRegressor choose when they see the whole target."""
    if classes > 2:
        return {"objective": "multi:softprob", "num_class": classes}
    return {"objective": "binary:logistic" if classes else "reg:squarederror"}


def _check_size(largest: float, rows: int, target: str | None) -> None:
    limit = LARGEST_SUM / rows
    if not largest <= limit:
        name = shown(target or "target")
        message = f"target: {name} must be at most {limit:.1e} in size to be summed in float32, got {largest:.1e}. "
        message += "Divide the column by a constant, or choose another algorithm."
        raise DatasetError.of("target", plain(largest), message)


def _estimator(task_type: TaskType) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    return XGBClassifier if task_type == "classification" else XGBRegressor


def _progress_callback(on_progress: Progress, rounds: int) -> Any:
    from xgboost.callback import TrainingCallback

    class Report(TrainingCallback):  # type: ignore[misc, unused-ignore]
        """Tells the listener after each round."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            on_progress(epoch + 1, rounds, "round")
            return False

    return Report()
