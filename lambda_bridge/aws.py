"""The ports on AWS, over boto3 clients that are handed in. GitHub is in `github`.

The clients of Step Functions and SageMaker may also be the local mode's, which have the same methods, so these adapters
serve both. Every refusal of a service becomes a PlatformError that names the operation and the code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from algorithms.errors import PlatformError
from lambda_bridge.ports import Execution, StoredObject, TooLargeError
from pipelines.definitions import ALL_PIPELINES, PipelineKey, pipeline_name
from pipelines.parameters import as_list, client_request_token

LOG = logging.getLogger(__name__)
GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")
MISSING = ("NoSuchKey", "404", "NotFound")
MAX_CAUSE_CHARACTERS = 32_768
"""SendTaskFailure, `cause`."""
PAGE = 100

Client = Any
"""boto3 makes its clients at run time."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what boto3 raises into PlatformError."""
    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        LOG.warning("%s: %s, %s", error.operation_name, found.get("Code"), found.get("Message"))
        what = f"{error.operation_name}: {found.get('Code')}."
        raise PlatformError(
            f"{what} The log has AWS's message; look at the bridge's permissions and quotas."
        ) from error
    except ParamValidationError:
        raise
    except BotoCoreError as error:
        raise PlatformError(f"AWS could not be reached: {error}") from error


def code_of(error: ClientError) -> str:
    """The service's name of an error."""
    return str(error.response.get("Error", {}).get("Code"))


class StepFunctionsWorkflow:
    """The state machine on Step Functions."""

    def __init__(self, client: Client, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """See `lambda_bridge.ports.Workflow`. An execution's name is unique for 90 days (StartExecution)."""
        document = json.dumps(payload, sort_keys=True)
        with refusals():
            try:
                self._client.start_execution(stateMachineArn=self._arn, name=name, input=document)
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """See `lambda_bridge.ports.Workflow`."""
        return self._send("send_task_success", taskToken=token, output=json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> bool:
        """See `lambda_bridge.ports.Workflow`."""
        return self._send("send_task_failure", taskToken=token, error=error, cause=cause[:MAX_CAUSE_CHARACTERS])

    def state(self, name: str) -> Literal["running", "ended", "missing"]:
        """See `lambda_bridge.ports.Workflow`. An execution's ARN is the machine's with another kind and its name."""
        arn = f"{self._arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
        with refusals():
            try:
                found = self._client.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return "missing"
                raise
        return "running" if found["status"] == "RUNNING" else "ended"

    def _send(self, operation: str, **request: str) -> bool:
        with refusals():
            try:
                getattr(self._client, operation)(**request)
            except ClientError as error:
                if code_of(error) in GONE:
                    return False
                raise
        return True


class SageMakerPipelines:
    """SageMaker Pipelines."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, pipeline: PipelineKey, run_id: str, parameters: Mapping[str, Any]) -> str:
        """See `lambda_bridge.ports.Pipelines`."""
        with refusals():
            started = self._client.start_pipeline_execution(
                PipelineName=pipeline_name(pipeline),
                PipelineExecutionDisplayName=run_id,
                PipelineParameters=as_list(parameters),
                ClientRequestToken=client_request_token(run_id),
            )
        return str(started["PipelineExecutionArn"])

    def find(self, pipeline: PipelineKey, run_id: str) -> str | None:
        """See `lambda_bridge.ports.Pipelines`."""
        found = self._newest(pipeline)
        return next((e["PipelineExecutionArn"] for e in found if e.get("PipelineExecutionDisplayName") == run_id), None)

    def _newest(self, pipeline: PipelineKey) -> Sequence[Mapping[str, Any]]:
        """Summaries of the newest executions of a pipeline; none where it is not there, before the first build."""
        with refusals():
            try:
                page = self._client.list_pipeline_executions(
                    PipelineName=pipeline_name(pipeline),
                    SortOrder="Descending",
                    MaxResults=PAGE,
                )
            except ClientError as error:
                if code_of(error) != "ResourceNotFound":
                    raise
                return ()
        found: Sequence[Mapping[str, Any]] = page["PipelineExecutionSummaries"]
        return found

    def running(self) -> Sequence[Execution]:
        """See `lambda_bridge.ports.Pipelines`."""
        found = [summary for pipeline in ALL_PIPELINES for summary in self._newest(pipeline)]
        arns = [e["PipelineExecutionArn"] for e in found if e["PipelineExecutionStatus"] == "Executing"]
        return [self.describe(arn) for arn in arns]

    def stop(self, arn: str) -> None:
        """See `lambda_bridge.ports.Pipelines`."""
        with refusals():
            try:
                self._client.stop_pipeline_execution(
                    PipelineExecutionArn=arn, ClientRequestToken=client_request_token(f"stop {arn}")
                )
            except ClientError:
                if not self.describe(arn).ended:
                    raise

    def describe(self, arn: str) -> Execution:
        """See `lambda_bridge.ports.Pipelines`."""
        with refusals():
            found = self._client.describe_pipeline_execution(PipelineExecutionArn=arn)
        return Execution(
            arn=found["PipelineExecutionArn"],
            run_id=found.get("PipelineExecutionDisplayName", ""),
            status=found["PipelineExecutionStatus"],
            started=found["CreationTime"],
            changed=found["LastModifiedTime"],
        )

    def steps(self, arn: str) -> Sequence[Mapping[str, Any]]:
        """See `lambda_bridge.ports.Pipelines`."""
        found: list[Mapping[str, Any]] = []
        more: dict[str, str] = {}
        with refusals():
            while True:
                page = self._client.list_pipeline_execution_steps(
                    PipelineExecutionArn=arn, SortOrder="Ascending", MaxResults=PAGE, **more
                )
                found += page["PipelineExecutionSteps"]
                if not page.get("NextToken"):
                    return found
                more = {"NextToken": page["NextToken"]}

    def trials(self, tuning_job: str) -> Sequence[Mapping[str, Any]]:
        """See `lambda_bridge.ports.Pipelines`."""
        found: list[Mapping[str, Any]] = []
        more: dict[str, str] = {}
        with refusals():
            while True:
                page = self._client.list_training_jobs_for_hyper_parameter_tuning_job(
                    HyperParameterTuningJobName=tuning_job.rpartition("/")[2], MaxResults=PAGE, **more
                )
                found += page["TrainingJobSummaries"]
                if not page.get("NextToken"):
                    return sorted(found, key=lambda job: (job["CreationTime"], job["TrainingJobName"]))
                more = {"NextToken": page["NextToken"]}


class Bucket:
    """The artefacts on S3."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def list(self, prefix: str) -> Sequence[StoredObject]:
        """See `lambda_bridge.ports.Artifacts`."""
        with refusals():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            found = [item for page in pages for item in page.get("Contents", [])]
        objects = (StoredObject(o["Key"].removeprefix(prefix), o["Size"], o["ETag"].strip('"')) for o in found)
        return sorted((o for o in objects if o.name and not o.name.endswith("/")), key=lambda o: o.name)

    def read(self, key: str, limit: int) -> bytes | None:
        """See `lambda_bridge.ports.Artifacts`."""
        with refusals():
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
            content: bytes = body.read(limit + 1)
        if len(content) > limit:
            raise TooLargeError(f"s3://{self._bucket}/{key}: must have at most {limit} bytes.")
        return content

    def folders(self, prefix: str) -> Sequence[str]:
        """See `lambda_bridge.ports.Artifacts`."""
        with refusals():
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        return sorted(o["Prefix"].removeprefix(prefix).rstrip("/") for o in page.get("CommonPrefixes", []))
