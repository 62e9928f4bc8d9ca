"""XGBoost (Chen and Guestrin 2016): gradient boosting, each tree corrects what the trees before it left over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from algorithms.base import Progress
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.supervised import SupervisedAlgorithm

LIBRARY = source("XGBoost's default")
FILE_NAME = "booster.ubj"


class XGBoostParams(Params):
    """Hyperparameters, named as in XGBoost's scikit-learn interface."""

    n_estimators: int = Field(100, ge=1, le=5_000, description="Number of boosting rounds.", json_schema_extra=LIBRARY)
    max_depth: int = Field(6, ge=1, le=30, description="Greatest depth of a tree.", json_schema_extra=LIBRARY)
    learning_rate: float = Field(
        0.3, gt=0, le=1, description="How much of each tree's correction is taken.", json_schema_extra=LIBRARY
    )
    subsample: float = Field(1.0, gt=0, le=1, description="Share of the rows per tree.", json_schema_extra=LIBRARY)
    colsample_bytree: float = Field(
        1.0, gt=0, le=1, description="Share of the features per tree.", json_schema_extra=LIBRARY
    )
    min_child_weight: float = Field(
        1.0, ge=0, le=1e6, description="Least sum of instance weights in a leaf.", json_schema_extra=LIBRARY
    )
    gamma: float = Field(
        0.0, ge=0, le=1e6, description="Least loss reduction that a split must bring.", json_schema_extra=LIBRARY
    )
    reg_alpha: float = Field(0.0, ge=0, le=1e6, description="L1 penalty on leaf weights.", json_schema_extra=LIBRARY)
    reg_lambda: float = Field(1.0, ge=0, le=1e6, description="L2 penalty on leaf weights.", json_schema_extra=LIBRARY)


class XGBoost(SupervisedAlgorithm):
    """Often the most accurate choice on tables with thousands of rows."""

    name = "xgboost"
    title = "XGBoost"
    task_types = ("classification", "regression")
    params_model = XGBoostParams
    dtype = "float32"
    libraries = (*SupervisedAlgorithm.libraries, "xgboost")

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:
        """Boosted trees; reports every round. The result is the same with any number of threads."""
        values = self.params.model_dump()
        report = _progress_callback(self.on_progress, values["n_estimators"])
        model = _estimator(task_type)(**values, random_state=self.seed, callbacks=[report])
        return model.fit(X, y).set_params(callbacks=None)

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
