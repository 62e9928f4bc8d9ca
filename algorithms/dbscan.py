"""DBSCAN (Ester, Kriegel, Sander and Xu 1996): clusters are what is dense, and the rest is noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from algorithms import evaluation
from algorithms.base import Evaluation, Table
from algorithms.fitted_rows import FittedRowsAlgorithm
from algorithms.metrics import TaskType
from algorithms.params import Params, source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NOISE = -1
"""Label of the rows that are in no cluster."""


class DBSCANParams(Params):
    """Hyperparameters, named as in scikit-learn."""

    eps: float = Field(
        0.5,
        gt=0,
        le=1e6,
        description="Distance up to which two rows are neighbours, in the scaled features.",
        json_schema_extra=source("scikit-learn's default; no value suits all data", "either"),
    )
    min_samples: int = Field(
        5,
        ge=1,
        le=10_000,
        description="Rows that a dense place has within `eps` at least, itself included.",
        json_schema_extra=source("scikit-learn's default", "either"),
    )
    metric: Literal["euclidean", "manhattan", "cosine"] = Field(
        "euclidean",
        description="The distance between two rows.",
        json_schema_extra=source("scikit-learn's default"),
    )


class DBSCAN(FittedRowsAlgorithm):
    """Clusters of any shape, as many as there are. Keep `scaling` on, or large numbers decide alone."""

    name = "dbscan"
    title = "DBSCAN"
    task_types = ("clustering",)
    params_model = DBSCANParams
    params: DBSCANParams
    only_training_rows = "DBSCAN assigns no cluster to rows that it has not seen"
    max_rows = 20_000
    """scikit-learn lists all neighbours of all rows: 3.2 GB if every row is every other one's neighbour."""

    def train(self, X: Any, y: Any, task_type: TaskType) -> Array:  # noqa: ARG002
        """The cluster of each row, 0 upwards, or NOISE; shape (n_rows,)."""
        from sklearn import cluster

        labels: Array = cluster.DBSCAN(**self.params.model_dump()).fit(X).labels_
        return labels

    def measure(self, X: Any, data: Table, interval: str | None) -> Evaluation:  # noqa: ARG002
        """See `evaluation.clustering_scorers`, over the rows in clusters; undefined for fewer than two clusters.

        The metrics are those of the other algorithms, by Euclidean distance, whatever `metric` is.
        """
        labels = self.infer(X)
        found, clusters = self._report(X, labels, interval), int(labels.max()) + 1
        noise = float((labels == NOISE).mean())
        found_clusters = "1 cluster" if clusters == 1 else f"{clusters} clusters"
        notes = [f"{found_clusters}; {100 * noise:.3g} % of the rows are noise, which the metrics leave out."]
        if clusters < 2:
            notes.append("The metrics are undefined: they compare two clusters at least.")
        return replace(found, details={"clusters": clusters, "noise": noise}, notes=tuple(notes))

    def baseline(self, train: Table, test: Table) -> Evaluation:  # noqa: ARG002
        """As many clusters and as much noise, drawn at random."""
        import numpy as np

        labels = np.random.default_rng(self.seed).permutation(self.infer(None))
        return self._report(self.features.transform(test.X), labels)

    def _report(self, X: Any, labels: Array, interval: str | None = None) -> Evaluation:
        import numpy as np

        rows = np.flatnonzero(labels != NOISE)
        scorers = evaluation.clustering_scorers(X[rows], labels[rows], self.seed)
        return replace(evaluation.report(scorers, len(rows), interval, self.seed), n=len(labels))
