"""One small builder per step of a pipeline.

Every job runs one own image with an entry point of `steps/`, so compiling uploads nothing and asks AWS nothing.
The SDK's `SourceCode` is not used: it uploads, and it writes hyperparameter values unescaped into a shell file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import Properties, PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.retry import (
    RetryPolicy,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import (
    CacheConfig,
    ConfigurableRetryStep,
    ProcessingStep,
    Step,
    StepTypeEnum,
)

from algorithms.search import PLACE, SLOTS
from pipelines.plan import Plan
from pipelines.settings import Settings

REPORT = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
PROCESSING = "/opt/ml/processing"
OBJECTIVE = {"Name": "objective", "Regex": "objective: (\\S+)"}
"""The line that `steps.search` prints for each trial."""
ROWS_FOLDER, SCHEMA_FILE = "rows/", "schema.json"
"""What Prepare writes for several instances, as `steps.prepare` names it."""


class RequestStep(ConfigurableRetryStep):  # type: ignore[misc]
    """A step with the request of its service call as it is, where the SDK (3.27) has no class that can write it.

    `ModelTrainer` sets an entry point only together with `SourceCode`, and there is no class for RegisterModel.
    `answer` names the shape whose members later steps may refer to.
    """

    def __init__(
        self, name: str, step_type: StepTypeEnum, answer: str, request: Mapping[str, Any], **options: Any
    ) -> None:
        super().__init__(name, step_type, **options)
        self._request = dict(request)
        self._properties = Properties(step_name=name, step=self, shape_name=answer)

    @property
    def arguments(self) -> dict[str, Any]:
        """The request, with pipeline variables in it."""
        return self._request

    @property
    def properties(self) -> Properties:
        """What later steps may refer to."""
        return self._properties


def prepare_table(plan: Plan, *arguments: Any) -> ProcessingStep:
    """Prepare for tables. The digest is part of the cache key, so new data never re-uses an old result."""
    return _prepare(
        plan,
        ["--task", plan["TaskType"], "--duplicates", plan["Duplicates"], *arguments],
        description="Reads and checks the dataset, splits it, and writes the quality report and baseline statistics.",
        inputs=[_input("raw", plan.s3("datasets", plan["DatasetId"], "raw/"))],
        outputs=("train", "test", "report"),
        environment={"DATASET_DIGEST": plan["DatasetDigest"]},
    )


def prepare_environment(plan: Plan) -> ProcessingStep:
    """Prepare for reinforcement learning: there is no data to read."""
    return _prepare(
        plan,
        ["--task", "control", "--environment", plan["Environment"]],
        description="Checks the environment and measures the random policy, the baseline of the later report.",
        inputs=[],
        outputs=("train", "report"),
        environment={},
    )


def _prepare(
    plan: Plan,
    arguments: list[Any],
    *,
    description: str,
    inputs: list[ProcessingInput],
    outputs: Iterable[str],
    environment: Mapping[str, Any],
) -> ProcessingStep:
    folder = ("datasets", plan.source, "processed", ExecutionVariables.PIPELINE_EXECUTION_ID)
    return ProcessingStep(
        name="Prepare",
        display_name="Prepare the data" if inputs else "Prepare the environment",
        description=description,
        step_args=_processor(plan, "prepare", environment).run(
            inputs=inputs,
            outputs=[_output(name, plan.s3(*folder, name)) for name in outputs],
            arguments=[*arguments, "--seed", plan["Seed"].to_string()],
        ),
        cache_config=CacheConfig(enable_caching=True, expire_after="P30D"),
        retry_policies=_job_retries(),
    )


@dataclass(frozen=True)
class Trained:
    """The step that trains, and the URI of the model that it writes."""

    step: RequestStep
    model: Any


def train_step(plan: Plan, prepare: ProcessingStep, **hyperparameters: Any) -> Trained:
    """Train: the algorithm's own parameters travel as one JSON object; `hyperparameters` are added to it."""
    return _training(plan, _training_job(plan, prepare), hyperparameters)


def distributed_train_step(plan: Plan, prepare: ProcessingStep, **hyperparameters: Any) -> Trained:
    """Train on several instances: each gets its share of the files of rows, and all of them the schema.

    The prefix of the rows holds nothing else, so that the shares are even. What the instances tell each other is
    encrypted on its way: there are rows in it.
    """
    uri = _uri(prepare, "train")
    rows, schema = (Join(on="/", values=[uri, name]) for name in (ROWS_FOLDER, SCHEMA_FILE))
    job = _training_job(plan, prepare)
    own = {
        "InputDataConfig": [_channel("train", rows, "ShardedByS3Key"), _channel("schema", schema)],
        "ResourceConfig": {**job["ResourceConfig"], "InstanceCount": plan["InstanceCount"]},
        "EnableInterContainerTrafficEncryption": True,
    }
    return _training(plan, {**job, **own}, hyperparameters)


def _training(plan: Plan, job: Mapping[str, Any], hyperparameters: Mapping[str, Any]) -> Trained:
    step = RequestStep(
        name="Train",
        step_type=StepTypeEnum.TRAINING,
        answer="DescribeTrainingJobResponse",
        request={
            "AlgorithmSpecification": {**_image(plan), "ContainerEntrypoint": _entry_point("train")},
            "HyperParameters": _hyperparameters(plan, hyperparameters),
            **job,
            "Tags": plan.tags,
        },
        display_name="Train the model",
        description="Fits the algorithm on the training data and saves the model with its manifest.",
        retry_policies=_job_retries(),
    )
    return Trained(step, step.properties.ModelArtifacts.S3ModelArtifacts)


def tune_step(plan: Plan, prepare: ProcessingStep, **hyperparameters: Any) -> Trained:
    """Train, many times: a tuning job tries points of the unit cube, the container turns each into hyperparameters.

    The ranges are the same for every request, since a definition is compiled before there is one (docs/adr/0010). A
    tuning job has no entry point: it starts `train` of the image ("Use Your Own Training Algorithms").
    """
    more = {"metric": plan["EvaluationMetric"], "strategy": plan["SearchStrategy"], **hyperparameters}
    step = RequestStep(
        name="Train",
        step_type=StepTypeEnum.TUNING,
        answer="DescribeHyperParameterTuningJobResponse",
        request={
            "HyperParameterTuningJobConfig": _search(plan),
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {**_image(plan), "MetricDefinitions": [OBJECTIVE]},
                "StaticHyperParameters": _hyperparameters(plan, more),
                **_training_job(plan, prepare),
            },
            "Tags": plan.tags,
        },
        display_name="Search and train the model",
        description="Cross-validates hyperparameters on the training data, and fits the algorithm with the best ones.",
        retry_policies=_job_retries(),
    )
    best = step.properties.BestTrainingJob.TrainingJobName
    return Trained(step, Join(on="/", values=[_models(plan), best, "output/model.tar.gz"]))


def _search(plan: Plan) -> dict[str, Any]:
    places = [
        {"Name": f"{PLACE}{number}", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}
        for number in range(1, SLOTS + 1)
    ]
    return {
        "Strategy": plan["TuningJobStrategy"],
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE["Name"]},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": plan["MaxTrainingJobs"],
            "MaxParallelTrainingJobs": plan["MaxParallelTrainingJobs"],
        },
        "ParameterRanges": {"ContinuousParameterRanges": places},
        "TrainingJobEarlyStoppingType": "Off",
        "RandomSeed": plan["RandomSeed"],
    }


def _image(plan: Plan) -> dict[str, Any]:
    return {"TrainingImage": plan.settings.image_uri, "TrainingInputMode": "File"}


def _hyperparameters(plan: Plan, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "algorithm": plan["Algorithm"],
        "hyperparameters": plan["Hyperparameters"],
        "seed": plan["Seed"].to_string(),
        **more,
    }


def _models(plan: Plan) -> Any:
    return plan.s3("models", plan["ModelPackageGroupName"], plan["RunId"])


def _training_job(plan: Plan, prepare: ProcessingStep) -> dict[str, Any]:
    """What a training job and the jobs of a tuning job have in common."""
    settings = plan.settings
    key = settings.kms_key_id
    return {
        "InputDataConfig": [_channel("train", _uri(prepare, "train"))],
        "OutputDataConfig": {"S3OutputPath": _models(plan), **({"KmsKeyId": key} if key else {})},
        "ResourceConfig": {
            "InstanceType": plan["InstanceType"],
            "InstanceCount": 1,
            "VolumeSizeInGB": settings.volume_size_gb,
            **({"VolumeKmsKeyId": key} if key else {}),
        },
        **_spot(settings),
        "EnableNetworkIsolation": settings.network_isolation,
        "RoleArn": settings.role_arn,
    }


def _spot(settings: Settings) -> dict[str, Any]:
    """How long Train may run, and on spot instances, where that is allowed, how long it may wait for them besides."""
    limit = settings.max_training_seconds
    if not settings.spot_training:
        return {"StoppingCondition": {"MaxRuntimeInSeconds": limit}}
    waiting = {"MaxRuntimeInSeconds": limit, "MaxWaitTimeInSeconds": limit + settings.max_spot_wait_seconds}
    return {"StoppingCondition": waiting, "EnableManagedSpotTraining": True}


def evaluate_step(
    plan: Plan, prepare: ProcessingStep, train: Trained, *arguments: Any, tables: Iterable[str] = ()
) -> ProcessingStep:
    """Evaluate: the new model and the previous version on the same data. `tables` are outputs of Prepare."""
    inputs = {
        "model": train.model,
        "report": _uri(prepare, "report"),
        "previous": plan["PreviousModelUri"],
        **{name: _uri(prepare, name) for name in tables},
    }
    return ProcessingStep(
        name="Evaluate",
        display_name="Evaluate the model",
        description="Measures the model, a dummy baseline and the previous version, and writes evaluation.json.",
        step_args=_processor(plan, "evaluate", {}).run(
            inputs=[_input(name, uri) for name, uri in inputs.items()],
            outputs=[_output("evaluation", plan.s3("evaluations", plan["RunId"]))],
            arguments=[
                *("--metric", plan["EvaluationMetric"]),
                *("--seed", plan["Seed"].to_string()),
                *("--previous-arn", plan["PreviousModelPackageArn"]),
                *arguments,
            ],
        ),
        property_files=[REPORT],
        retry_policies=_job_retries(),
    )


def check_model_step(plan: Plan) -> ProcessingStep:
    """CheckModel: a registered model is loaded and predicts a row."""
    return ProcessingStep(
        name="CheckModel",
        display_name="Check the model",
        description="Loads a registered model and predicts a row, before a rollback makes it the live one.",
        step_args=_processor(plan, "check_model", {}).run(
            inputs=[_input("model", plan["ModelUri"])],
            outputs=[_output("check", plan.s3("evaluations", plan["RunId"]))],
        ),
        retry_policies=_job_retries(),
    )


def check_score(plan: Plan, evaluate: ProcessingStep, register: Step) -> ConditionStep:
    """CheckScore: one condition serves every metric, because scores are greater-is-better."""
    score = JsonGet(step_name=evaluate.name, property_file=REPORT, json_path="metrics.primary.score")
    return ConditionStep(
        name="CheckScore",
        display_name="Is the score good enough?",
        description="Compares metrics.primary.score with the parameter ScoreThreshold.",
        conditions=[ConditionGreaterThanOrEqualTo(left=score, right=plan["ScoreThreshold"])],
        if_steps=[register],
        else_steps=[_below_threshold(plan)],
    )


def _below_threshold(plan: Plan) -> FailStep:
    return FailStep(
        name="BelowThreshold",
        display_name="Below the threshold",
        description="Ends the execution: nothing is registered.",
        error_message=Join(
            on="",
            values=[
                *("Run ", plan["RunId"], ": the score of ", plan["EvaluationMetric"]),
                *(" is below the threshold ", plan["ScoreThreshold"], "; nothing was registered."),
            ],
        ),
    )


def register_step(
    plan: Plan,
    train: Trained,
    evaluate: ProcessingStep,
    *,
    metadata: Mapping[str, Any],
    statistics: Mapping[str, Any] | None = None,
) -> RequestStep:
    """RegisterModel: a new version in the group, with its figures, the baseline for drift checks and its origin."""
    metrics = {"ModelQuality": _statistics(evaluate, "evaluation", "evaluation.json"), **(statistics or {})}
    description = [plan["Algorithm"], " on ", plan.source, ", run ", plan["RunId"]]
    return RequestStep(
        name="RegisterModel",
        step_type=StepTypeEnum.REGISTER_MODEL,
        answer="DescribeModelPackageOutput",
        request={
            "ModelPackageGroupName": plan["ModelPackageGroupName"],
            "ModelPackageDescription": Join(on="", values=description),
            "ModelApprovalStatus": plan["ModelApprovalStatus"],
            "InferenceSpecification": _inference(plan, train),
            "ModelMetrics": metrics,
            "DriftCheckBaselines": metrics,
            "CustomerMetadataProperties": {
                "run_id": plan["RunId"],
                "algorithm": plan["Algorithm"],
                "metric": plan["EvaluationMetric"],
                "seed": plan["Seed"].to_string(),
                **metadata,
            },
        },
        display_name="Register the model",
        description="Adds a version to the model package group, where a person approves or rejects it.",
        retry_policies=[_throttling()],
    )


def baseline_statistics(prepare: ProcessingStep) -> dict[str, Any]:
    """The statistics of each feature, as `statistics` of a registered model."""
    return {"ModelDataQuality": _statistics(prepare, "report", "baseline.json")}


def _inference(plan: Plan, train: Trained) -> dict[str, Any]:
    model = {"Image": plan.settings.image_uri, "ModelDataUrl": train.model}
    formats = ["text/csv", "application/json", "application/jsonlines"]  # of every model; tables in Parquet too
    return {"Containers": [model], "SupportedContentTypes": formats, "SupportedResponseMIMETypes": formats}


def _statistics(step: ProcessingStep, output: str, file: str) -> dict[str, Any]:
    uri = Join(on="/", values=[_uri(step, output), file])
    return {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}


def _processor(plan: Plan, step: str, environment: Mapping[str, Any]) -> Processor:
    settings = plan.settings
    return Processor(
        role=settings.role_arn,
        image_uri=settings.image_uri,
        entrypoint=_entry_point(step),
        instance_count=1,
        instance_type=plan["ProcessingInstanceType"],
        volume_size_in_gb=settings.volume_size_gb,
        volume_kms_key=settings.kms_key_id,
        output_kms_key=settings.kms_key_id,
        max_runtime_in_seconds=settings.max_processing_seconds,
        network_config=NetworkConfig(enable_network_isolation=settings.network_isolation),
        env=dict(environment) or None,
        tags=plan.tags,
        sagemaker_session=plan.session,
    )


def _entry_point(step: str) -> list[str]:
    return ["python", "-m", f"steps.{step}"]


def _input(name: str, uri: Any) -> ProcessingInput:
    path = f"{PROCESSING}/input/{name}"
    source = ProcessingS3Input(s3_uri=uri, local_path=path, s3_data_type="S3Prefix", s3_input_mode="File")
    return ProcessingInput(input_name=name, s3_input=source)


def _channel(name: str, uri: Any, distribution: str = "FullyReplicated") -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": distribution}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _output(name: str, uri: Any) -> ProcessingOutput:
    target = ProcessingS3Output(s3_uri=uri, local_path=f"{PROCESSING}/output/{name}", s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=target)


def _uri(step: ProcessingStep, output: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[output].S3Output.S3Uri


def _throttling() -> RetryPolicy:
    faults = [StepExceptionTypeEnum.THROTTLING, StepExceptionTypeEnum.SERVICE_FAULT]
    return StepRetryPolicy(faults, interval_seconds=5, backoff_rate=2.0, max_attempts=5)


def _job_retries() -> list[RetryPolicy]:
    """Throttling waits seconds (2.5 minutes in all); missing capacity and quotas wait minutes (half an hour in all)."""
    capacity = SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
        failure_reason_types=[
            SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
            SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
        ],
        interval_seconds=60,
        backoff_rate=2.0,
        max_attempts=5,
    )
    return [_throttling(), capacity]
