"""DistributedAlgorithm: what several processes train together, each with some of the rows.

`fit_shard` is `fit` for one of them. In the end each holds the whole model.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from algorithms.base import Table
from algorithms.features import Features
from algorithms.metrics import TaskType
from algorithms.peers import Peers, gather_values
from algorithms.shards import gather_sample
from algorithms.supervised import SupervisedAlgorithm, class_codes, labels_among
from algorithms.tabular import check_rows, one_thread

if TYPE_CHECKING:
    import numpy as np

    Matrix = Any
    Array = np.ndarray[Any, Any]


class DistributedAlgorithm(SupervisedAlgorithm):
    """Classification or regression, in one process or in several."""

    distributed: ClassVar[bool] = True

    @abstractmethod
    def train_shard(self, X: Matrix, y: Array, task_type: TaskType, peers: Peers) -> Any:
        """As `train`, of one peer's rows, which may be none. Each peer gets the same estimator."""

    def fit_shard(self, data: Table, numbers: Array, peers: Peers) -> Self:
        """Learns from the rows of all peers.

        Parameters
        ----------
        data : the peer's own training rows
        numbers : which rows of the whole table they are, int64 of shape (n_rows,), counted from 0
        peers : the other processes, which call this too

        Raises ParameterError and DatasetError as `fit`, in each peer alike.
        """
        self.check(data.schema)
        features = Features(data.schema, self.preprocessing, seed=self.seed, dtype=self.dtype)
        kept = features.complete(data.X)
        data = Table(data.X[kept], None if data.y is None else data.y[kept], data.schema)
        total = sum(gather_values(peers, len(data.X)))
        features.check_left(total)
        check_rows(total)
        y = self.encode_shard(data, total, peers)
        sample = gather_sample(data, numbers[kept], total, peers)
        features.fit_sample(sample.X, total)
        X = features.transform(data.X) if len(data.X) else features.transform(sample.X[:1])[:0]
        with one_thread():
            self._estimator = self.train_shard(X, y, data.schema.task_type, peers)
        self._features = features
        return self

    def encode_shard(self, data: Table, total: int, peers: Peers) -> Array:  # noqa: ARG002
        """As `encode`, of one peer's rows; the classes are those of all `total` rows."""
        self.labels = []
        if data.schema.task_type == "classification":
            own = sorted(set(data.y.tolist())) if data.y is not None else []
            self.labels = labels_among(data, set().union(*gather_values(peers, own)))
        return class_codes(data, self.labels)
