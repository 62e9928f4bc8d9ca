"""Principal component analysis (Pearson 1901): the directions along which the rows vary most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from algorithms import evaluation
from algorithms.base import Evaluation, Table
from algorithms.errors import ParameterError
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.tabular import TabularAlgorithm

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class PCAParams(Params):
    """Hyperparameters; `num_components` as in SageMaker's built-in PCA."""

    num_components: int = Field(
        2,
        ge=1,
        le=10_000,
        description="Number of components that are kept.",
        json_schema_extra=source("a plane can be drawn", "capacity"),
    )


class PCA(TabularAlgorithm):
    """Fewer columns that keep most of the variance. Keep `scaling` on, or large numbers decide alone."""

    name = "pca"
    title = "Principal component analysis"
    task_types = ("dimensionality_reduction",)
    params_model = PCAParams
    params: PCAParams
    _ci95: list[float] | None = None

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:  # noqa: ARG002
        """A fitted PCA. Raises ParameterError for more components than rows or features."""
        from scipy.sparse import issparse
        from sklearn import decomposition

        k, largest = self.params.num_components, min(X.shape)
        if k > largest:
            given = f"{X.shape[0]} rows and {X.shape[1]} features"
            message = f"must be at most {largest} with {given}, got {k}. Choose {largest} or less."
            raise ParameterError.of("hyperparameters.num_components", k, f"hyperparameters.num_components: {message}")
        solver = "covariance_eigh" if issparse(X) else "auto"
        model = decomposition.PCA(n_components=k, svd_solver=solver, random_state=self.seed).fit(X)
        kept, total = _variances(X, model.mean_, model.components_)
        ci95 = evaluation.bootstrap(lambda rows: kept[rows].sum() / total[rows].sum(), len(total), self.seed)
        self._ci95 = None if ci95 is None else list(ci95)
        return model

    @property
    def explained_variance_ratio(self) -> Array:
        """Share of the training rows' variance along each component, shape (num_components,), largest first."""
        ratios: Array = self._estimator.explained_variance_ratio_
        return ratios

    def infer(self, X: Any) -> Array:
        """Coordinates along the components."""
        projected: Array = self._estimator.transform(X)
        return projected

    def measure(self, X: Any, data: Table, interval: str | None) -> Evaluation:  # noqa: ARG002
        """The share of the training rows' variance that is kept: the sum of `explained_variance_ratio_`.

        The interval is a bootstrap over training rows with the components held. `explained_variance_test` is the
        share of the evaluated rows' own variance, around the training mean; `trustworthiness` is theirs too.
        """
        kept, total = _variances(X, self._estimator.mean_, self._estimator.components_)
        share = evaluation.finite(self._estimator.explained_variance_ratio_.sum())
        ci95 = (self._ci95[0], self._ci95[1]) if interval == "explained_variance" and self._ci95 else None
        metrics = {"explained_variance": share, "explained_variance_test": _share(kept, total)}
        map_metrics = evaluation.report(
            evaluation.map_scorers(X, self.infer(X), self.seed), len(total), interval, self.seed
        )
        return Evaluation({**metrics, **map_metrics.metrics}, len(total), ci95 or map_metrics.ci95)

    def baseline(self, train: Table, test: Table) -> Evaluation:
        """The share of the training rows' variance that as many orthonormal random directions keep."""
        import numpy as np

        mean = self._estimator.mean_
        directions = np.random.default_rng(self.seed).normal(size=(len(mean), self.params.num_components))
        orthonormal = np.linalg.qr(directions)[0].T
        kept, total = _variances(self.features.transform(train.X), mean, orthonormal)
        X = self.features.transform(test.X)
        shown = evaluation.report(evaluation.map_scorers(X, X @ orthonormal.T, self.seed), len(test.X), None, self.seed)
        return replace(shown, metrics={"explained_variance": _share(kept, total), **shown.metrics})

    def state(self) -> dict[str, Any]:
        """What `model.skops` holds beside the features."""
        return {**super().state(), "ci95": self._ci95}

    def restore(self, state: dict[str, Any], model_dir: Path) -> None:
        """Takes back what `state` gave away."""
        super().restore(state, model_dir)
        self._ci95 = state["ci95"]


def _variances(X: Any, mean: Array, directions: Array) -> tuple[Array, Array]:
    """Per row: the squared length of its projection onto orthonormal `directions`, and of the row, around `mean`.

    X may be sparse: it is never centred itself.
    """
    import numpy as np
    from scipy.sparse import issparse

    squares = X.multiply(X).sum(axis=1) if issparse(X) else np.square(X).sum(axis=1)
    total = np.asarray(squares).ravel() - 2 * (X @ mean) + mean @ mean
    projected = X @ directions.T - mean @ directions.T
    return np.square(projected).sum(axis=1), total


def _share(kept: Array, total: Array) -> float | None:
    return evaluation.finite(kept.sum() / total.sum()) if total.sum() > 0 else None
