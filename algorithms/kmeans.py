"""k-means (Lloyd 1982), started by k-means++ (Arthur and Vassilvitskii 2007)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from algorithms import evaluation
from algorithms.base import Evaluation, Table
from algorithms.errors import ParameterError
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.schema import TableSchema
from algorithms.tabular import TabularAlgorithm

SKLEARN = source("scikit-learn's default")


class KMeansParams(Params):
    """Hyperparameters; `k` and `feature_dim` as in SageMaker's built-in k-means, the others as in scikit-learn."""

    k: int = Field(
        3,
        ge=2,
        le=1_000,
        description="Number of clusters.",
        json_schema_extra=source("few enough to describe one by one; compare silhouettes to choose", "either"),
    )
    feature_dim: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Number of raw feature columns; a check of the data, since it must be right if it is given.",
        json_schema_extra=source("SageMaker's built-in k-means asks for it; here it is known"),
    )
    n_init: int = Field(
        10,
        ge=1,
        le=100,
        description="Starts with other centres; the best one is kept.",
        json_schema_extra=source("scikit-learn's default until 1.4", "effort"),
    )
    max_iter: int = Field(300, ge=1, le=100_000, description="Most steps of one start.", json_schema_extra=SKLEARN)


class KMeans(TabularAlgorithm):
    """Round groups of similar rows. Keep `scaling` on, or large numbers decide alone."""

    name = "kmeans"
    title = "k-means"
    task_types = ("clustering",)
    params_model = KMeansParams
    params: KMeansParams

    def check(self, schema: TableSchema) -> None:
        """Compares `feature_dim` with the table."""
        super().check(schema)
        given, real = self.params.feature_dim, len({*schema.names, *schema.left_out} - {schema.target})
        if given not in (None, real):
            message = f"must be the number of feature columns, {real}, got {given}. Correct it or leave it out."
            raise ParameterError.of("hyperparameters.feature_dim", given, f"hyperparameters.feature_dim: {message}")

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:  # noqa: ARG002
        """A fitted KMeans. Raises ParameterError for more clusters than rows."""
        from sklearn.cluster import KMeans as Estimator

        values = self.params.model_dump(exclude={"feature_dim", "k"})
        k, n = self.params.k, X.shape[0]
        if k > n:
            message = (
                f"hyperparameters.k: must be at most the number of training rows, {n}, got {k}. Choose {n} or less."
            )
            raise ParameterError.of("hyperparameters.k", k, message)
        return Estimator(n_clusters=k, **values, random_state=self.seed).fit(X)

    def measure(self, X: Any, data: Table, interval: str | None) -> Evaluation:  # noqa: ARG002
        """See `evaluation.clustering_scorers`."""
        return self._report(X, self.infer(X), interval)

    def baseline(self, train: Table, test: Table) -> Evaluation:  # noqa: ARG002
        """As many clusters, drawn at random."""
        import numpy as np

        labels = np.random.default_rng(self.seed).integers(self.params.k, size=len(test.X))
        return self._report(self.features.transform(test.X), labels)

    def _report(self, X: Any, labels: Any, interval: str | None = None) -> Evaluation:
        return evaluation.report(evaluation.clustering_scorers(X, labels, self.seed), len(labels), interval, self.seed)
