"""What the builders of one pipeline share: parameters, the account's settings, a session that sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import boto3
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import Parameter, ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import Step

from algorithms.metrics import LEARNING_TYPE_OF, METRICS, NO_THRESHOLD, LearningType
from algorithms.search import Strategy, Tuning
from pipelines.definitions import PipelineKey, pipeline_name
from pipelines.instances import DEFAULT_INSTANCE_TYPE
from pipelines.parameters import PARALLEL_JOBS
from pipelines.settings import NO_MODEL_PREFIX, Settings

PROJECT_TAG = "mlops-pipeline"
APPROVAL = ["PendingManualApproval", "Approved", "Rejected"]


@dataclass(frozen=True)
class Plan:
    """One pipeline in the making: which one, for which account, with which parameters."""

    learning_type: LearningType
    settings: Settings
    parameters: Mapping[str, Parameter]
    key: PipelineKey

    @classmethod
    def of(
        cls, learning_type: LearningType, settings: Settings, own: Iterable[Parameter], key: PipelineKey | None = None
    ) -> Plan:
        """A plan with the parameters that every pipeline has, and this pipeline's `own`."""
        declared = [*common_parameters(learning_type, settings), *own]
        return cls(learning_type, settings, {parameter.name: parameter for parameter in declared}, key or learning_type)

    def __getitem__(self, name: str) -> Parameter:
        return self.parameters[name]

    @cached_property
    def session(self) -> PipelineSession:
        """A session that records the requests of jobs and sends none."""
        account = boto3.Session(region_name=self.settings.region)
        session = PipelineSession(boto_session=account, default_bucket=self.settings.bucket)
        session.sagemaker_config = {}  # the SDK's configuration files would change what this machine compiles
        return session

    @property
    def tags(self) -> list[dict[str, Any]]:
        """What every job is tagged with, for the bill. Tags are no part of the key of a cached step.

        A model package takes those of its group (CreateModelPackage, "Tags").
        """
        values = {"project": PROJECT_TAG, "issue": self["Issue"], "attempt": self["Attempt"]}
        return [{"Key": key, "Value": value} for key, value in values.items()]

    @property
    def source(self) -> Parameter:
        """What is learned from: the dataset, or the environment."""
        return self["Environment" if self.learning_type == "reinforcement" else "DatasetId"]

    def s3(self, *parts: Any) -> Join:
        """A URI in the account's bucket: whatever the values are, no other bucket can be named."""
        return Join(on="/", values=[f"s3://{self.settings.bucket}", *parts])

    def pipeline(self, steps: list[Step]) -> Pipeline:
        """The pipeline of these steps. SageMaker Experiments are left out: the model registry keeps the record."""
        return Pipeline(
            name=pipeline_name(self.key),
            parameters=list(self.parameters.values()),
            steps=steps,
            sagemaker_session=self.session,
            pipeline_experiment_config=None,
        )


def common_parameters(learning_type: LearningType, settings: Settings) -> list[Parameter]:
    """The parameters of every pipeline. `Algorithm` has no enum: adding an algorithm changes no pipeline."""
    metrics = [name for name, metric in METRICS.items() if LEARNING_TYPE_OF[metric.task_type] == learning_type]
    return [
        ParameterString("RunId"),
        ParameterString("Issue", default_value="none"),
        ParameterString("Attempt", default_value="none"),
        ParameterString("Algorithm"),
        ParameterString("Hyperparameters", default_value="{}"),
        ParameterString("EvaluationMetric", enum_values=metrics),
        ParameterFloat("ScoreThreshold", default_value=NO_THRESHOLD),
        ParameterInteger("Seed", default_value=0),
        ParameterString("InstanceType", default_value=DEFAULT_INSTANCE_TYPE[learning_type]),
        ParameterString("ProcessingInstanceType", default_value=settings.processing_instance_type),
        ParameterString("ModelPackageGroupName"),
        ParameterString("ModelApprovalStatus", default_value=APPROVAL[0], enum_values=APPROVAL),
        ParameterString("PreviousModelUri", default_value=f"s3://{settings.bucket}/{NO_MODEL_PREFIX}"),
        ParameterString("PreviousModelPackageArn", default_value="none"),
    ]


def table_parameters(learning_type: LearningType) -> list[Parameter]:
    """What the pipelines that learn from tables add."""
    tasks = [task for task, owner in LEARNING_TYPE_OF.items() if owner == learning_type]
    return [
        ParameterString("DatasetId"),
        ParameterString("DatasetDigest"),
        ParameterString("TaskType", enum_values=tasks),
        ParameterString("Duplicates", default_value="keep", enum_values=["keep", "drop"]),
        ParameterString("Preprocessing", default_value="{}"),
    ]


def distributed_parameters() -> list[Parameter]:
    """What the pipeline that trains on several instances adds."""
    return [ParameterInteger("InstanceCount", default_value=2)]


def search_parameters() -> list[Parameter]:
    """What the pipelines that search hyperparameters add."""
    return [
        ParameterString("SearchStrategy", default_value="bayesian", enum_values=list(get_args(Strategy))),
        ParameterString("TuningJobStrategy", default_value="Bayesian", enum_values=["Bayesian", "Random"]),
        ParameterInteger("RandomSeed", default_value=0),
        ParameterInteger("MaxTrainingJobs", default_value=Tuning().max_trials),
        ParameterInteger("MaxParallelTrainingJobs", default_value=PARALLEL_JOBS),
    ]
