"""t-SNE (van der Maaten and Hinton 2008): a map on which rows that are alike lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from algorithms import evaluation
from algorithms.base import Evaluation, Table
from algorithms.errors import ParameterError
from algorithms.fitted_rows import FittedRowsAlgorithm
from algorithms.metrics import TaskType
from algorithms.params import Params, source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SKLEARN = source("scikit-learn's default")


class TSNEParams(Params):
    """Hyperparameters, named as in scikit-learn."""

    n_components: int = Field(2, ge=1, le=3, description="Dimensions of the map.", json_schema_extra=SKLEARN)
    perplexity: float = Field(
        30.0,
        ge=1,
        le=1000,
        description="About how many neighbours a row has; 5 to 50 is usual. It must be less than the training rows.",
        json_schema_extra=source("scikit-learn's default", "either"),
    )
    early_exaggeration: float = Field(
        12.0,
        ge=1,
        le=100,
        description="How far apart groups are driven at first.",
        json_schema_extra=SKLEARN,
    )
    learning_rate: Literal["auto"] | Annotated[float, Field(gt=0, le=100_000)] = Field(
        "auto",
        description="Length of a step. auto: rows / early_exaggeration / 4, 50 at least (Belkina et al. 2019).",
        json_schema_extra=SKLEARN,
    )
    max_iter: int = Field(
        1000,
        ge=250,
        le=20_000,
        description="Steps at most; the first 250 exaggerate.",
        json_schema_extra=source("scikit-learn's default", "effort"),
    )
    init: Literal["pca", "random"] = Field(
        "pca",
        description="Where the map begins. pca keeps more of how groups lie to each other (Kobak and Berens 2019).",
        json_schema_extra=SKLEARN,
    )
    metric: Literal["euclidean", "manhattan", "cosine"] = Field(
        "euclidean",
        description="The distance between two rows.",
        json_schema_extra=SKLEARN,
    )


class TSNE(FittedRowsAlgorithm):
    """A map to look at. Distances between groups, and the groups' sizes, mean little on it."""

    name = "tsne"
    title = "t-SNE"
    task_types = ("dimensionality_reduction",)
    params_model = TSNEParams
    params: TSNEParams
    only_training_rows = "t-SNE has no place on its map for rows that it has not seen"
    undefined_metrics = ("explained_variance",)
    max_rows = 20_000
    """About four minutes of one processor for the default steps."""

    def train(self, X: Any, y: Any, task_type: TaskType) -> Array:  # noqa: ARG002
        """The place of each row on the map, shape (n_rows, n_components). Raises ParameterError for few rows."""
        from scipy.sparse import issparse
        from sklearn import manifold

        n, perplexity = X.shape[0], self.params.perplexity
        if perplexity >= n:
            message = f"must be less than the {n} training rows, got {perplexity:g}. Choose {max(1, (n - 1) // 3)}."
            raise ParameterError.of("hyperparameters.perplexity", perplexity, f"hyperparameters.perplexity: {message}")
        dense = X.toarray() if issparse(X) else X  # its start by PCA takes no other
        if min(dense.shape) < self.params.n_components and self.params.init == "pca":
            message = f"pca has {min(dense.shape)} directions for {self.params.n_components} dimensions, got 'pca'"
            advice = "Choose random, or fewer n_components."
            raise ParameterError.of("hyperparameters.init", "pca", f"hyperparameters.init: {message}. {advice}")
        found: Array = manifold.TSNE(**self.params.model_dump(), random_state=self.seed).fit_transform(dense)
        return found

    def measure(self, X: Any, data: Table, interval: str | None) -> Evaluation:  # noqa: ARG002
        """See `evaluation.map_scorers`, by Euclidean distance, whatever `metric` is."""
        return self._report(X, self.infer(X), interval)

    def baseline(self, train: Table, test: Table) -> Evaluation:  # noqa: ARG002
        """The same map with its places dealt out at random."""
        import numpy as np

        places = np.random.default_rng(self.seed).permutation(self.infer(None))
        return self._report(self.features.transform(test.X), places)

    def _report(self, X: Any, places: Array, interval: str | None = None) -> Evaluation:
        scorers = evaluation.map_scorers(X, places, self.seed)
        return evaluation.report(scorers, len(places), interval, self.seed)
