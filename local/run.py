"""`mlops run`: one issue, from its text to a registered model or a clear refusal, in this process."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import ClientError

from algorithms.environments import require_extra
from algorithms.errors import MissingExtraError, Problem, RequestError
from lambda_bridge import comments
from lambda_bridge.issue_body import read_body
from lambda_bridge.judge import BelowThreshold, Failed, Invalid, Outcome, Registered, Stopped, judge
from local.console import Screen
from local.datasets import ensure_dataset, raw_uri, read_metadata
from local.events import Event, StepChanged, StepProgress
from local.issue_file import Issue, read_issue
from local.objects import BUCKET
from local.report import Report, Status, attempt_of
from local.runs import Run, Runs
from local.sagemaker import LocalSageMaker
from local.store import StoreVersionError
from local.workspace import Workspace, WorkspaceBusyError
from pipelines.definitions import load_definition, pipeline_name
from pipelines.parameters import (
    Parameters,
    RunFacts,
    as_list,
    client_request_token,
    model_package_group_name,
    pipeline_parameters,
    run_id,
)
from pipelines.request import ResolvedRequest, TrainingRequest, resolve

ATTEMPT = 1
PLANNED = ("Prepare", "Train", "Evaluate", "CheckScore", "RegisterModel")
MAX_EVALUATION_BYTES = 16 * 2**20
STATUSES: dict[type[Any], Status] = {
    Registered: "registered",
    BelowThreshold: "below_threshold",
    Invalid: "invalid",
    Failed: "failed",
    Stopped: "cancelled",
}


def run_issue(path: Path, data: Path | None, workspace: Path, screen: Screen) -> Report:
    """Runs the issue in a file. Whatever happens, the report says it; only a defect of ours raises."""
    report = Report()
    try:
        issue = read_issue(path)
        request = read_body(issue.body)
        if request.learning_type == "reinforcement":
            require_extra()
        with (
            _signals_interrupt(),
            Workspace(workspace, "mlops run") as opened,
            LocalSageMaker(opened, partial(_show, screen)) as sagemaker,
        ):
            _Attempt(opened, sagemaker, screen, report).run(path, issue, request, data)
    except RequestError as error:
        report.status, report.problems = "invalid", error.problems
        _say(report, screen, comments.invalid(error.problems))
    except (MissingExtraError, StoreVersionError, WorkspaceBusyError) as error:
        report.status, report.problems = "failed", [Problem("", None, str(error))]
    except (ClientError, OSError, sqlite3.Error) as error:
        message = f"workspace {workspace}: cannot be used, got {error}. Mend that and run again, or give another one."
        report.status, report.problems = "failed", [Problem("workspace", str(workspace), message)]
    except KeyboardInterrupt:
        report.status = "cancelled"
    return report


def _say(report: Report, screen: Screen, text: str) -> None:
    report.comments.append(text)
    screen.comment(text)


def _show(screen: Screen, event: Event) -> None:
    """From the runner's events to the screen."""
    if isinstance(event, StepProgress):
        screen.step_progress(event.step, event.done, event.total, event.unit)
    elif isinstance(event, StepChanged) and event.status == "Executing":
        screen.step_started(event.step)
    elif isinstance(event, StepChanged):
        cached = ", re-used" if event.cached else ""
        screen.step_ended(event.step, f"{event.status.lower()}{cached}")


class _Attempt:
    """One attempt in an open workspace."""

    def __init__(self, workspace: Workspace, sagemaker: LocalSageMaker, screen: Screen, report: Report) -> None:
        self._objects = workspace.objects
        self._sagemaker = sagemaker
        self._screen = screen
        self._report = report
        self._runs = Runs(workspace.store)

    def run(self, path: Path, issue: Issue, request: TrainingRequest, data: Path | None) -> None:
        """Runs the request as a new issue, or goes on with the unfinished run of the same file, content and data."""
        digest = self._dataset_digest(request.dataset_id, data)
        run = self._unfinished(path, issue, digest) or self._runs.open_run(issue.title, _source(path), issue.digest)
        self._report.issue = run.issue
        try:
            self._go(run, request, digest)
        except (RequestError, ClientError, KeyboardInterrupt) as error:
            self._runs.finish_run(run.issue, _state_after(error))
            raise
        self._runs.finish_run(run.issue, self._report.status)

    def _dataset_digest(self, dataset_id: str | None, data: Path | None) -> str:
        if dataset_id is None:
            return ""
        ensure_dataset(self._objects, dataset_id, data)
        return self._objects.dataset_digest(raw_uri(dataset_id))

    def _unfinished(self, path: Path, issue: Issue, digest: str) -> Run | None:
        """The run that a kill interrupted. One that was planned on other data is stopped for good."""
        run = self._runs.find_unfinished(_source(path), issue.digest)
        if run is None or run.parameters is None or run.parameters.get("DatasetDigest", "") == digest:
            return run
        self._stop(run, ResolvedRequest.model_validate(run.request, strict=False))
        self._runs.finish_run(run.issue, "cancelled")
        return None

    def _stop(self, run: Run, request: ResolvedRequest) -> None:
        found = self._sagemaker.list_pipeline_executions(PipelineName=self._pipeline(request))
        for execution in found["PipelineExecutionSummaries"]:
            mine = execution.get("PipelineExecutionDisplayName") == run_id(run.issue, ATTEMPT)
            if mine and execution["PipelineExecutionStatus"] in ("Executing", "Stopping"):
                arn = execution["PipelineExecutionArn"]
                self._sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
                self._sagemaker.wait(arn)

    def _go(self, run: Run, request: TrainingRequest, digest: str) -> None:
        with self._screen:
            settled, parameters = self._plan(run, request, digest)
            execution = self._wait(self._start(run, settled, parameters))
            self._tell(run, settled, execution)

    def _plan(self, run: Run, request: TrainingRequest, digest: str) -> tuple[ResolvedRequest, Parameters]:
        """What the execution is started with; stored first, so that a run that was killed starts the very same."""
        if run.parameters is not None:
            return ResolvedRequest.model_validate(run.request, strict=False), run.parameters
        metadata = read_metadata(self._objects, request.dataset_id) if request.dataset_id else None
        settled = resolve(request, metadata)
        previous = self._approved(settled)
        facts = RunFacts(run.issue, ATTEMPT, digest, previous and self._model_data(previous), previous)
        parameters = pipeline_parameters(settled, facts)
        self._runs.plan_attempt(run.issue, settled.model_dump(mode="json"), parameters)
        return settled, parameters

    def _start(self, run: Run, request: ResolvedRequest, parameters: Parameters) -> str:
        """Starts the execution, or goes on with it: the token makes both the same call."""
        started = self._sagemaker.start_pipeline_execution(
            PipelineName=self._pipeline(request),
            PipelineParameters=as_list(parameters),
            ClientRequestToken=client_request_token(run_id(run.issue, ATTEMPT)),
            PipelineExecutionDisplayName=run_id(run.issue, ATTEMPT),
        )
        return str(started["PipelineExecutionArn"])

    def _pipeline(self, request: ResolvedRequest) -> str:
        """The name of the request's pipeline, which has the committed definition."""
        name = pipeline_name(request.learning_type)
        self._sagemaker.upsert_pipeline(name, json.dumps(load_definition(request.learning_type)))
        return name

    def _wait(self, arn: str) -> Mapping[str, Any]:
        """The execution when it has ended. An interruption stops it, unless it has just ended by itself."""
        try:
            return self._sagemaker.wait(arn)
        except KeyboardInterrupt:
            with suppress(ClientError):
                self._sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
            return self._sagemaker.wait(arn)

    def _tell(self, run: Run, request: ResolvedRequest, execution: Mapping[str, Any]) -> None:
        answer = self._sagemaker.list_pipeline_execution_steps(
            PipelineExecutionArn=execution["PipelineExecutionArn"], SortOrder="Ascending"
        )
        steps = answer["PipelineExecutionSteps"]
        evaluation = self._evaluation(run_id(run.issue, ATTEMPT))
        outcome = judge(execution["PipelineExecutionStatus"], steps, evaluation)
        self._fill(request, execution, evaluation, outcome)
        for text in (
            comments.progress(request, ATTEMPT, steps, PLANNED),
            comments.result(request, ATTEMPT, outcome, evaluation, request.notes),
            comments.final(request, outcome, self._approved(request)),
        ):
            _say(self._report, self._screen, text)

    def _evaluation(self, run: str) -> dict[str, Any] | None:
        uri = f"s3://{BUCKET}/evaluations/{run}/evaluation.json"
        if not self._objects.exists(uri):
            return None
        found: dict[str, Any] = json.loads(self._objects.read(uri, MAX_EVALUATION_BYTES))
        return found

    def _fill(
        self,
        request: ResolvedRequest,
        execution: Mapping[str, Any],
        evaluation: Mapping[str, Any] | None,
        outcome: Outcome,
    ) -> None:
        report = self._report
        report.status = STATUSES[type(outcome)]
        seconds = (execution["LastModifiedTime"] - execution["CreationTime"]).total_seconds()
        passed = isinstance(outcome, Registered)
        report.attempts.append(attempt_of(ATTEMPT, request.hyperparameters, evaluation, passed, seconds))
        if isinstance(outcome, Registered):
            report.model_package_arn = outcome.model_package_arn
            report.model_data = self._model_data(outcome.model_package_arn)
        elif isinstance(outcome, Invalid):
            report.problems = outcome.problems
        elif isinstance(outcome, Failed):
            report.problems = [Problem(outcome.step, None, outcome.reason)]

    def _approved(self, request: ResolvedRequest) -> str | None:
        """ARN of the latest approved version in the request's model package group."""
        answer = self._sagemaker.list_model_packages(
            ModelPackageGroupName=model_package_group_name(request), ModelApprovalStatus="Approved", MaxResults=1
        )
        return next((str(package["ModelPackageArn"]) for package in answer["ModelPackageSummaryList"]), None)

    def _model_data(self, package_arn: str) -> str:
        """Where the model.tar.gz of a model package lies."""
        package = self._sagemaker.describe_model_package(ModelPackageName=package_arn)
        return str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])


def _source(path: Path) -> str:
    return str(path.resolve())


def _state_after(error: BaseException) -> Status:
    if isinstance(error, RequestError):
        return "invalid"
    return "cancelled" if isinstance(error, KeyboardInterrupt) else "failed"


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGINT and SIGTERM cancel, also where a shell started this process with SIGINT ignored, as it does behind `&`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
