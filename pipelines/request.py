"""TrainingRequest: what an issue may ask for. The single source of the issue form, the pipeline parameters and the
reference tables. Light: pydantic only.

`parse_request` checks what was written; `resolve` settles what was left open, and says what it chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from algorithms.environments import ENVIRONMENTS
from algorithms.errors import ParameterError
from algorithms.metrics import DEFAULT_METRIC, METRICS, NO_THRESHOLD, LearningType, TaskType
from algorithms.params import Params, Preprocessing
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.search import Space, Tuning, space
from pipelines.consistency import (
    MOST_INSTANCES,
    MOST_SENSITIVE,
    canonical_json,
    find_problems,
    metric_problem,
    without_empty,
)
from pipelines.definitions import PipelineKey
from pipelines.instances import DEFAULT_INSTANCE_TYPE, INSTANCE_TYPES

if TYPE_CHECKING:
    AlgorithmName = str
    EnvironmentName = str
    MetricName = str
    InstanceType = str
else:
    AlgorithmName = Literal[tuple(ALGORITHMS)]
    EnvironmentName = Literal[tuple(ENVIRONMENTS)]
    MetricName = Literal[tuple(METRICS)]
    InstanceType = Literal[INSTANCE_TYPES]

ColumnName = Annotated[str, Field(pattern=r"^\P{Cc}{1,256}$")]
DATASET_ID = "^[a-z0-9][a-z0-9_-]{0,63}$"
"""The pattern of a dataset's name."""

__all__ = [
    "DATASET_ID",
    "ResolvedRequest",
    "TrainingRequest",
    "canonical_json",
    "form_label",
    "parse_request",
    "resolve",
]


class TrainingRequest(BaseModel):
    """One request, as it was written: every key is valid and fits the others."""

    model_config = ConfigDict(allow_inf_nan=False, extra="forbid", frozen=True, strict=True)

    learning_type: LearningType = Field(description="What kind of learning the algorithm does.")
    algorithm: AlgorithmName = Field(description="The algorithm; it must fit the learning type.")
    task_type: TaskType | None = Field(
        None,
        description="What is learned. Left out: the only one that fits the algorithm, else the one in the dataset's "
        "metadata.json, else classification.",
    )
    dataset_id: str | None = Field(
        None,
        pattern=DATASET_ID,
        description="The dataset, a folder under datasets/. Required for tables.",
        json_schema_extra={
            "expected": "a name of 1 to 64 lower-case letters, digits, `-` and `_` that begins with a letter or a digit"
        },
    )
    environment: EnvironmentName | None = Field(
        None, description="The Gymnasium environment. Required for reinforcement learning."
    )
    target: str | None = Field(
        None,
        pattern=r"^\P{Cc}{1,256}$",
        description="The column to predict. Left out: the one named in metadata.json, else `target` or `label`, else "
        "the last column.",
        json_schema_extra={"expected": "a column name of 1 to 256 characters without control characters"},
    )
    sensitive_columns: list[ColumnName] = Field(
        default=[],
        max_length=MOST_SENSITIVE,
        description="Columns whose groups the evaluation is broken down by, such as sex or age. They stay features, "
        "unless `preprocessing.drop_columns` names them too.",
        json_schema_extra={"expected": f"a list of at most {MOST_SENSITIVE} column names"},
    )
    preprocessing: Preprocessing = Field(
        default=Preprocessing(), description="How the rows of a table become the numbers that the algorithm sees."
    )
    hyperparameters: dict[str, Any] = Field(
        default={},
        description="The algorithm's own settings. For tables a list of values, or a range `{min: 2, max: 12}`, is "
        "searched by cross-validation on the training rows.",
    )
    tuning: Tuning | None = Field(
        None,
        description="How hyperparameters that are given as lists or ranges are searched. Left out: 20 trials, "
        "bayesian.",
    )
    evaluation_metric: MetricName | None = Field(
        None, description="The metric that decides. Left out: the default of the task type."
    )
    evaluation_threshold: float | None = Field(
        None,
        ge=NO_THRESHOLD,
        le=-NO_THRESHOLD,
        description="The value to reach, in the metric's own unit and direction: `rmse` and 3000 means at most 3000. "
        "Left out: every finite score passes.",
        json_schema_extra={"expected": "a finite number"},
    )
    max_retry: int = Field(3, ge=0, le=5, description="How often training may be repeated after a reply.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Same seed, same data: same model.")
    instance_type: InstanceType | None = Field(
        None,
        description="The machine of the Train step. Left out: the default of the learning type.",
        json_schema_extra={"expected": "a name from docs/reference/instances.md, such as `ml.m5.large`"},
    )
    instance_count: int = Field(
        1,
        ge=1,
        le=MOST_INSTANCES,
        description="How many machines the Train step takes, each with some of the rows. More than 1 for `xgboost` "
        "only, without a search.",
    )

    max_cost_usd: float | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="The most that the run may cost at worst, in US dollars: a request that may cost more is refused. "
        "Left out: the operator's own limit.",
        json_schema_extra={"expected": "a number of US dollars above 0, at most 1000000"},
    )

    def params(self) -> Params:
        """The algorithm's hyperparameters with their defaults; of those that are searched the default."""
        return algorithm(self.algorithm).params_model.model_validate(self.space().fixed)

    def space(self) -> Space:
        """What is searched among the hyperparameters, and what is not."""
        return space(algorithm(self.algorithm).params_model, self.hyperparameters)

    def search(self) -> Tuning | None:
        """How the hyperparameters are searched; None where each has one value."""
        return (self.tuning or Tuning()) if self.space().searched else None


class ResolvedRequest(TrainingRequest):
    """A request with nothing left open but the target column, which Prepare finds in the table."""

    task_type: TaskType
    evaluation_metric: MetricName
    instance_type: InstanceType
    notes: tuple[str, ...] = ()
    """The choices that were made, as sentences for people."""

    @property
    def pipeline(self) -> PipelineKey:
        """The pipeline that trains it."""
        if self.instance_count > 1:
            return "supervised_distributed"
        if self.search() is None:
            return self.learning_type
        return "supervised_tuning" if self.learning_type == "supervised" else "unsupervised_tuning"

    def score_threshold(self) -> float:
        """The threshold turned so that greater is better: `rmse` and 3000 is -3000.0."""
        if self.evaluation_threshold is None:
            return NO_THRESHOLD
        return METRICS[self.evaluation_metric].score(float(self.evaluation_threshold))


def form_label(key: str) -> str:
    """The heading of a key's field in the issue form: `max_retry` is "Max retry"."""
    return key.replace("_", " ").capitalize()


def parse_request(raw: Mapping[str, Any]) -> TrainingRequest:
    """The request that `raw` describes. A key with the value None counts as left out.

    Raises ParameterError with every problem: unknown, missing and wrong keys, and keys that do not fit each other.
    """
    problems = find_problems(TrainingRequest, without_empty(TrainingRequest, raw))
    if problems:
        raise ParameterError(problems)
    return TrainingRequest.model_validate({key: _filled(value) for key, value in raw.items() if value is not None})


def _filled(value: Any) -> Any:
    return {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, Mapping) else value


def resolve(request: TrainingRequest, metadata: Mapping[str, Any] | None = None) -> ResolvedRequest:
    """The request with task type, metric and instance type settled.

    `metadata` is the dataset's metadata.json; where it is damaged, Prepare says so. Raises ParameterError if the metric
    does not belong to the task.
    """
    task_type, notes = _task_type(request, metadata or {})
    metric = request.evaluation_metric or algorithm(request.algorithm).metrics(task_type)[0]
    if METRICS[metric].task_type != task_type:
        who = algorithm(request.algorithm)
        raise ParameterError([metric_problem(metric, [task_type], f"the task is {task_type}", who)])
    if request.evaluation_metric is None:
        whose = task_type if metric == DEFAULT_METRIC[task_type] else request.algorithm
        notes = [*notes, f"evaluation_metric is {metric}, the default for {whose}."]
    settled = {
        "task_type": task_type,
        "evaluation_metric": metric,
        "instance_type": request.instance_type or DEFAULT_INSTANCE_TYPE[request.learning_type],
        "notes": (*notes, *_threshold_notes(metric, request.evaluation_threshold)),
    }
    return ResolvedRequest.model_validate({**request.model_dump(exclude_unset=True), **settled})


def _task_type(request: TrainingRequest, metadata: Mapping[str, Any]) -> tuple[TaskType, list[str]]:
    """The task and how it was found: asked for, the only one that fits, the dataset's, or classification."""
    possible = algorithm(request.algorithm).task_types
    if request.task_type is not None:
        return request.task_type, []
    if len(possible) == 1:
        return possible[0], [f"task_type is {possible[0]}, the only one that fits {request.algorithm}."]
    stated = metadata.get("task_type")
    if stated in possible:
        return stated, [f"task_type is {stated}, from the dataset's metadata.json."]
    others = " or ".join(f"`task_type: {task}`" for task in possible if task != "classification")
    return "classification", [f"task_type is classification, the default; {others} asks for another."]


def _threshold_notes(metric: str, threshold: float | None) -> list[str]:
    if threshold is None:
        return ["There is no evaluation_threshold: every finite score passes."]
    best = 1.0 if METRICS[metric].greater_is_better else 0.0
    out_of_reach = METRICS[metric].score(threshold) > METRICS[metric].score(best)
    if metric == "mean_reward" or not out_of_reach:
        return []
    return [f"evaluation_threshold {threshold:g} is out of reach: the best possible {metric} is {best:g}."]
