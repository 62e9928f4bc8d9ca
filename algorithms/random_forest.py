"""Random forest (Breiman 2001): the average of many decision trees, each grown on other rows and other features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from algorithms.errors import ParameterError
from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.schema import TableSchema
from algorithms.supervised import SupervisedAlgorithm
from algorithms.wording import shown

SKLEARN_DEFAULT = "scikit-learn's default"
SKLEARN = source(SKLEARN_DEFAULT)


class RandomForestParams(Params):
    """Hyperparameters, named as in scikit-learn's RandomForestClassifier and RandomForestRegressor."""

    n_estimators: int = Field(
        100, ge=1, le=2_000, description="Number of trees.", json_schema_extra=source(SKLEARN_DEFAULT, "effort")
    )
    max_depth: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="Greatest depth of a tree. null: until the leaves are pure.",
        json_schema_extra=source(SKLEARN_DEFAULT, "capacity", null=16),
    )
    min_samples_split: int = Field(
        2,
        ge=2,
        le=1_000_000,
        description="Rows that a node needs to be split.",
        json_schema_extra=source(SKLEARN_DEFAULT, "regularisation"),
    )
    min_samples_leaf: int = Field(
        1,
        ge=1,
        le=1_000_000,
        description="Rows that each leaf keeps at least.",
        json_schema_extra=source(SKLEARN_DEFAULT, "regularisation"),
    )
    max_features: Literal["sqrt", "log2"] | Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Features that a split looks at: their square root, their logarithm, or a share. "
        "null: the square root for classification, all for regression.",
        json_schema_extra=SKLEARN,
    )
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="balanced: rare classes weigh more. Classification only.",
        json_schema_extra=SKLEARN,
    )


class RandomForest(SupervisedAlgorithm):
    """Strong on small and messy tables without tuning; needs no scaling."""

    name = "random_forest"
    title = "Random forest"
    task_types = ("classification", "regression")
    params_model = RandomForestParams
    params: RandomForestParams
    dtype = "float32"

    def check(self, schema: TableSchema) -> None:
        """See TabularAlgorithm; also refuses class weights where there are no classes."""
        super().check(schema)
        weight = self.params.class_weight
        if weight is not None and schema.task_type == "regression":
            key = "hyperparameters.class_weight"
            message = f"{key}: is for classification only, got {shown(weight)} with regression. Leave it out."
            raise ParameterError.of(key, weight, message)

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:
        """A forest grown on all cores. It predicts on one, since the sum over trees would depend on their order."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        values = self.params.model_dump()
        weight = values.pop("class_weight")
        if task_type == "classification":
            values["max_features"] = values["max_features"] or "sqrt"
            forest = RandomForestClassifier(**values, class_weight=weight, random_state=self.seed, n_jobs=-1)
        else:
            values["max_features"] = values["max_features"] or 1.0
            forest = RandomForestRegressor(**values, random_state=self.seed, n_jobs=-1)
        return forest.fit(X, y).set_params(n_jobs=1)
