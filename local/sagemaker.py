"""SageMaker on one machine: runs compiled pipeline definitions as they are, and keeps a model registry.

`LocalSageMaker` has the method names, keyword arguments and response shapes of boto3's `sagemaker` client, so that one
adapter serves both. Errors are botocore's ClientError, with every problem in the message.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from local import responses
from local.arns import group_arn, job_arn, last_part, pipeline_arn
from local.catalog import Catalog
from local.client_errors import client_errors, refuse
from local.definitions import parse
from local.engine import Engine, EngineOptions
from local.events import Listener
from local.executions import Execution
from local.parameters import bind
from local.responses import Response
from local.workspace import Workspace

SortOrder = Literal["Ascending", "Descending"]
PAGE = 100
ROLE_ARN = "arn:aws:iam::000000000000:role/mlops-local"


class LocalSageMaker:
    """The client, and the runner behind it. Holds the workspace's threads and processes until `close`."""

    def __init__(
        self, workspace: Workspace, listener: Listener | None = None, options: EngineOptions | None = None
    ) -> None:
        options = options or EngineOptions()
        self._catalog = Catalog(workspace.store, options.clock)
        self._engine = Engine(workspace, options, listener)
        self._executions = self._engine.executions
        self._registry = self._engine.registry

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends running steps; their executions go on with the next `resume`. Not in boto3's client."""
        self._engine.close()

    def resume(self, execution_arn: str | None = None) -> list[str]:
        """Goes on with executions that a kill interrupted: one, or all. Returns their ARNs. Not in boto3's client."""
        only = None if execution_arn is None else last_part(execution_arn)
        return [execution.arn for execution in self._engine.resume(only)]

    def wait(self, execution_arn: str, timeout_seconds: float | None = None) -> Response:
        """Waits until an execution ends and describes it. Raises TimeoutError. Not in boto3's client."""
        self._engine.wait(last_part(execution_arn), timeout_seconds)
        return self.describe_pipeline_execution(PipelineExecutionArn=execution_arn)

    def position(self, execution_arn: str) -> int | None:
        """The place of an execution in the queue, from 1 on; None: it has its turn. Not in boto3's client."""
        return self._engine.position(last_part(execution_arn))

    def queue_length(self) -> int:
        """How many executions wait for a place. Not in boto3's client."""
        return self._engine.queue_length()

    def upsert_pipeline(self, name: str, definition: str) -> str:
        """Creates a pipeline, or gives it this definition. Returns its ARN. Not in boto3's client."""
        with client_errors("UpdatePipeline"):
            self._catalog.upsert(name, definition, ROLE_ARN)
        return pipeline_arn(name)

    def create_pipeline(
        self,
        *,
        PipelineName: str,
        PipelineDefinition: str,
        RoleArn: str,
        ClientRequestToken: str | None = None,  # noqa: ARG002 (boto3's name; a second pipeline is refused anyway)
        PipelineDisplayName: str | None = None,
        PipelineDescription: str | None = None,
    ) -> Response:
        """Adds a pipeline. The definition is checked as a whole."""
        texts = {"display_name": PipelineDisplayName, "description": PipelineDescription}
        with client_errors("CreatePipeline"):
            self._catalog.create(PipelineName, PipelineDefinition, RoleArn, **texts)
        return {"PipelineArn": pipeline_arn(PipelineName)}

    def update_pipeline(
        self,
        *,
        PipelineName: str,
        PipelineDefinition: str | None = None,
        RoleArn: str | None = None,
        PipelineDisplayName: str | None = None,
        PipelineDescription: str | None = None,
    ) -> Response:
        """Changes a pipeline; executions that run keep the definition they began with."""
        texts = {"display_name": PipelineDisplayName, "description": PipelineDescription}
        with client_errors("UpdatePipeline"):
            self._catalog.update(PipelineName, PipelineDefinition, RoleArn, **texts)
        return {"PipelineArn": pipeline_arn(PipelineName)}

    def describe_pipeline(self, *, PipelineName: str) -> Response:
        """A pipeline and its definition."""
        with client_errors("DescribePipeline"):
            return responses.pipeline(self._catalog.get(last_part(PipelineName)))

    def start_pipeline_execution(
        self,
        *,
        PipelineName: str,
        PipelineParameters: Sequence[dict[str, str]] = (),
        ClientRequestToken: str | None = None,
        PipelineExecutionDisplayName: str | None = None,
        PipelineExecutionDescription: str | None = None,
    ) -> Response:
        """Starts an execution in the background. The same token answers the same execution."""
        with client_errors("StartPipelineExecution"):
            pipeline = self._catalog.get(last_part(PipelineName))
            execution = self._executions.create(
                pipeline.name,
                bind(parse(pipeline.definition).parameters, PipelineParameters),
                ClientRequestToken or uuid.uuid4().hex,
                definition=pipeline.definition,
                display_name=PipelineExecutionDisplayName,
                description=PipelineExecutionDescription,
            )
            self._engine.start(execution)
        return {"PipelineExecutionArn": execution.arn}

    def describe_pipeline_execution(self, *, PipelineExecutionArn: str) -> Response:
        """The state of an execution."""
        return responses.execution(self._execution("DescribePipelineExecution", PipelineExecutionArn))

    def list_pipeline_executions(
        self,
        *,
        PipelineName: str,
        SortOrder: SortOrder = "Descending",
        MaxResults: int = PAGE,
        NextToken: str | None = None,
    ) -> Response:
        """The executions of a pipeline, newest first."""
        with client_errors("ListPipelineExecutions"):
            found = self._executions.of_pipeline(self._catalog.get(last_part(PipelineName)).name)
            items = _sorted([responses.execution_summary(execution) for execution in found], SortOrder)
            return responses.page(items, "PipelineExecutionSummaries", MaxResults, NextToken)

    def list_pipeline_execution_steps(
        self,
        *,
        PipelineExecutionArn: str,
        SortOrder: SortOrder = "Descending",
        MaxResults: int = PAGE,
        NextToken: str | None = None,
    ) -> Response:
        """The steps that have started, newest first."""
        execution = self._execution("ListPipelineExecutionSteps", PipelineExecutionArn)
        steps = [responses.step(record, execution.pipeline) for record in self._executions.steps(execution.id)]
        with client_errors("ListPipelineExecutionSteps"):
            return responses.page(_sorted(steps, SortOrder), "PipelineExecutionSteps", MaxResults, NextToken)

    def list_training_jobs_for_hyper_parameter_tuning_job(
        self, *, HyperParameterTuningJobName: str, MaxResults: int = PAGE, NextToken: str | None = None
    ) -> Response:
        """The training jobs of a tuning job that has ended, oldest first; none while it runs."""
        arn = job_arn("hyper-parameter-tuning-job", last_part(HyperParameterTuningJobName))
        with client_errors("ListTrainingJobsForHyperParameterTuningJob"):
            found = self._executions.tuning_job(arn)
            if found is None:
                raise KeyError(HyperParameterTuningJobName)
            summaries = found.properties.get("TrainingJobSummaries", [])
            dated = [{**each, "CreationTime": found.started} for each in summaries]
            return responses.page(dated, "TrainingJobSummaries", MaxResults, NextToken)

    def stop_pipeline_execution(
        self,
        *,
        PipelineExecutionArn: str,
        ClientRequestToken: str | None = None,  # noqa: ARG002 (boto3's name; stopping twice is stopping once)
    ) -> Response:
        """Stops an execution: its running steps are ended. ConflictException if it has succeeded or failed."""
        execution = self._execution("StopPipelineExecution", PipelineExecutionArn)
        if execution.status in ("Succeeded", "Failed"):
            refuse("StopPipelineExecution", "ConflictException", f"{execution.arn}: has {execution.status} already.")
        if not execution.ended:
            self._engine.stop(execution)
        return {"PipelineExecutionArn": execution.arn}

    def create_model_package_group(
        self,
        *,
        ModelPackageGroupName: str,
        ModelPackageGroupDescription: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),  # noqa: ARG002 (for the bill, which nobody gets here)
    ) -> Response:
        """Makes a group of model versions. Tags are not kept."""
        with client_errors("CreateModelPackageGroup"):
            self._registry.create_group(ModelPackageGroupName, ModelPackageGroupDescription)
        return {"ModelPackageGroupArn": group_arn(ModelPackageGroupName)}

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> Response:
        """A group of model versions."""
        with client_errors("DescribeModelPackageGroup"):
            return responses.group(self._registry.group(last_part(ModelPackageGroupName)))

    def list_model_package_groups(
        self, *, NameContains: str = "", MaxResults: int = PAGE, NextToken: str | None = None
    ) -> Response:
        """The groups, newest first."""
        with client_errors("ListModelPackageGroups"):
            found = [responses.group_summary(g) for g in self._registry.groups() if NameContains in g.name]
            return responses.page(found, "ModelPackageGroupSummaryList", MaxResults, NextToken)

    def create_model_package(self, *, ClientToken: str | None = None, **request: Any) -> Response:
        """Adds the next version to the group `ModelPackageGroupName`, which must exist."""
        with client_errors("CreateModelPackage"):
            request |= {"ModelPackageGroupName": last_part(request.get("ModelPackageGroupName", ""))}
            return {"ModelPackageArn": self._registry.register(request, ClientToken)}

    def describe_model_package(self, *, ModelPackageName: str) -> Response:
        """A version, by its ARN."""
        with client_errors("DescribeModelPackage"):
            return responses.package(self._registry.package(ModelPackageName))

    def list_model_packages(
        self,
        *,
        ModelPackageGroupName: str | None = None,
        ModelApprovalStatus: str | None = None,
        SortBy: Literal["Name", "CreationTime"] = "CreationTime",
        SortOrder: SortOrder = "Descending",
        MaxResults: int = PAGE,
        NextToken: str | None = None,
    ) -> Response:
        """Versions, newest first."""
        group = None if ModelPackageGroupName is None else last_part(ModelPackageGroupName)
        with client_errors("ListModelPackages"):
            found = self._registry.packages(group, ModelApprovalStatus)
            oldest_first = [responses.package_summary(package) for package in reversed(found)]
            if SortBy == "Name":
                oldest_first.sort(key=lambda item: str(item["ModelPackageName"]))
            items = _sorted(oldest_first, SortOrder)
            return responses.page(items, "ModelPackageSummaryList", MaxResults, NextToken)

    def update_model_package(
        self, *, ModelPackageArn: str, ModelApprovalStatus: str, ApprovalDescription: str | None = None
    ) -> Response:
        """Approves or rejects a version."""
        with client_errors("UpdateModelPackage"):
            self._registry.set_approval(ModelPackageArn, ModelApprovalStatus, ApprovalDescription)
        return {"ModelPackageArn": ModelPackageArn}

    def _execution(self, operation: str, arn: str) -> Execution:
        with client_errors(operation):
            return self._executions.get(last_part(arn))


def _sorted(oldest_first: list[Response], order: SortOrder) -> list[Response]:
    return oldest_first if order == "Ascending" else oldest_first[::-1]
