"""The metrics that a request may name. Light: the formulas live beside the algorithms that use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LearningType = Literal["supervised", "unsupervised", "reinforcement"]
TaskType = Literal["classification", "regression", "clustering", "dimensionality_reduction", "control"]

LEARNING_TYPE_OF: dict[TaskType, LearningType] = {
    "classification": "supervised",
    "regression": "supervised",
    "clustering": "unsupervised",
    "dimensionality_reduction": "unsupervised",
    "control": "reinforcement",
}


@dataclass(frozen=True)
class Metric:
    """One metric: the task it belongs to, its direction, and its definition in a sentence."""

    task_type: TaskType
    greater_is_better: bool
    meaning: str

    def score(self, value: float) -> float:
        """The value turned so that greater is better, as scikit-learn's scorers are."""
        return value if self.greater_is_better else -value


METRICS: dict[str, Metric] = {
    "accuracy": Metric("classification", True, "share of rows whose class is predicted right"),
    "precision": Metric("classification", True, "macro-averaged precision"),
    "recall": Metric("classification", True, "macro-averaged recall"),
    "f1": Metric("classification", True, "macro-averaged F1"),
    "roc_auc": Metric("classification", True, "area under the ROC curve (one-vs-rest, macro)"),
    "r2": Metric("regression", True, "coefficient of determination"),
    "rmse": Metric("regression", False, "root mean squared error, in the target's unit"),
    "mae": Metric("regression", False, "mean absolute error, in the target's unit"),
    "mape": Metric("regression", False, "mean absolute percentage error, as a fraction"),
    "silhouette": Metric("clustering", True, "mean silhouette coefficient (Rousseeuw 1987), -1 to 1"),
    "davies_bouldin": Metric("clustering", False, "Davies-Bouldin index (1979), 0 is best"),
    "explained_variance": Metric("dimensionality_reduction", True, "share of the training rows' variance kept"),
    "trustworthiness": Metric(
        "dimensionality_reduction", True, "whether neighbours on the map are neighbours (Venna and Kaski 2001), 0 to 1"
    ),
    "mean_reward": Metric("control", True, "mean undiscounted return per episode"),
}

DEFAULT_METRIC: dict[TaskType, str] = {
    "classification": "accuracy",
    "regression": "r2",
    "clustering": "silhouette",
    "dimensionality_reduction": "explained_variance",
    "control": "mean_reward",
}


def of_task(task_type: TaskType) -> list[str]:
    """The names of a task's metrics."""
    return [name for name, metric in METRICS.items() if metric.task_type == task_type]


UNDEFINED_SCORE = -1.7e308
"""Score of a metric that could not be computed: below every threshold."""

NO_THRESHOLD = -1e308
"""`ScoreThreshold` of a request without a threshold: every finite score passes."""
