"""`mlops run`: one issue, from its text to a registered model or a clear refusal, in this process."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

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
        _require_extra(request)
        with Workspace(workspace, "mlops run") as opened:
            _Attempt(opened, screen, report).run(path, issue, request, data)
    except RequestError as error:
        _end_invalid(report, screen, error.problems)
    except (MissingExtraError, StoreVersionError, WorkspaceBusyError) as error:
        report.status, report.problems = "failed", [Problem("", None, str(error))]
    except KeyboardInterrupt:
        report.status = "cancelled"
    return report


def _require_extra(request: TrainingRequest) -> None:
    if request.learning_type == "reinforcement":
        require_extra()


def _end_invalid(report: Report, screen: Screen, problems: Sequence[Problem]) -> None:
    report.status, report.problems = "invalid", list(problems)
    _say(report, screen, comments.invalid(problems))


def _say(report: Report, screen: Screen, text: str) -> None:
    report.comments.append(text)
    screen.comment(text)


class _Attempt:
    """One attempt in an open workspace."""

    def __init__(self, workspace: Workspace, screen: Screen, report: Report) -> None:
        self._workspace = workspace
        self._screen = screen
        self._report = report
        self._runs = Runs(workspace.store)

    def run(self, path: Path, issue: Issue, request: TrainingRequest, data: Path | None) -> None:
        """Opens a new issue, or goes on with the unfinished run of the same file and content."""
        source = str(path.resolve())
        unfinished = self._runs.find_unfinished(source, issue.digest)
        run = unfinished or self._runs.open_run(issue.title, source, issue.digest)
        self._report.issue = run.issue
        try:
            with _terminated_like_interrupted():
                self._go(run, request, data)
        except RequestError:
            self._runs.finish_run(run.issue, "invalid")
            raise
        except KeyboardInterrupt:
            self._runs.finish_run(run.issue, "cancelled")
            raise
        self._runs.finish_run(run.issue, self._report.status)

    def _go(self, run: Run, request: TrainingRequest, data: Path | None) -> None:
        with LocalSageMaker(self._workspace, self._listen) as sagemaker, self._screen:
            if run.execution_arn is None:
                settled = self._settle(request, data)
                arn = self._start(sagemaker, run, settled)
                self._runs.start_attempt(run.issue, settled.model_dump(mode="json"), arn)
            else:
                settled, arn = ResolvedRequest.model_validate(run.request, strict=False), run.execution_arn
                sagemaker.resume(arn)
            execution = self._wait(sagemaker, arn)
            self._tell(sagemaker, run, settled, execution)

    def _settle(self, request: TrainingRequest, data: Path | None) -> ResolvedRequest:
        if request.dataset_id is None:
            return resolve(request)
        ensure_dataset(self._workspace.objects, request.dataset_id, data)
        return resolve(request, read_metadata(self._workspace.objects, request.dataset_id))

    def _start(self, sagemaker: LocalSageMaker, run: Run, request: ResolvedRequest) -> str:
        name = pipeline_name(request.learning_type)
        sagemaker.upsert_pipeline(name, json.dumps(load_definition(request.learning_type)))
        started = sagemaker.start_pipeline_execution(
            PipelineName=name,
            PipelineParameters=as_list(pipeline_parameters(request, self._facts(sagemaker, run, request))),
            ClientRequestToken=client_request_token(run_id(run.issue, ATTEMPT)),
            PipelineExecutionDisplayName=run_id(run.issue, ATTEMPT),
        )
        return str(started["PipelineExecutionArn"])

    def _facts(self, sagemaker: LocalSageMaker, run: Run, request: ResolvedRequest) -> RunFacts:
        digest = request.dataset_id and self._workspace.objects.dataset_digest(raw_uri(request.dataset_id))
        previous = approved(sagemaker, request)
        uri = None if previous is None else model_data(sagemaker, previous)
        return RunFacts(run.issue, ATTEMPT, digest or "", uri, previous)

    def _wait(self, sagemaker: LocalSageMaker, arn: str) -> Mapping[str, Any]:
        """The execution when it has ended. An interruption stops it, and the steps end first."""
        try:
            return sagemaker.wait(arn)
        except KeyboardInterrupt:
            sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
            return sagemaker.wait(arn)

    def _tell(
        self, sagemaker: LocalSageMaker, run: Run, request: ResolvedRequest, execution: Mapping[str, Any]
    ) -> None:
        arn = execution["PipelineExecutionArn"]
        answer = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        steps = answer["PipelineExecutionSteps"]
        evaluation = self._evaluation(run_id(run.issue, ATTEMPT))
        outcome = judge(execution["PipelineExecutionStatus"], steps, evaluation)
        self._fill(sagemaker, request, execution, evaluation, outcome)
        for text in (
            comments.progress(request, ATTEMPT, steps, PLANNED),
            comments.result(request, ATTEMPT, outcome, evaluation, request.notes),
            comments.final(request, outcome, approved(sagemaker, request)),
        ):
            _say(self._report, self._screen, text)

    def _evaluation(self, run: str) -> dict[str, Any] | None:
        uri = f"s3://{BUCKET}/evaluations/{run}/evaluation.json"
        if not self._workspace.objects.exists(uri):
            return None
        found: dict[str, Any] = json.loads(self._workspace.objects.read(uri, MAX_EVALUATION_BYTES))
        return found

    def _fill(
        self,
        sagemaker: LocalSageMaker,
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
            report.model_data = model_data(sagemaker, outcome.model_package_arn)
        elif isinstance(outcome, Invalid):
            report.problems = outcome.problems
        elif isinstance(outcome, Failed):
            report.problems = [Problem(outcome.step, None, outcome.reason)]

    def _listen(self, event: Event) -> None:
        """From the runner's events to the screen."""
        if isinstance(event, StepProgress):
            self._screen.step_progress(event.step, event.done, event.total, event.unit)
        elif isinstance(event, StepChanged) and event.status == "Executing":
            self._screen.step_started(event.step)
        elif isinstance(event, StepChanged):
            cached = ", re-used" if event.cached else ""
            self._screen.step_ended(event.step, f"{event.status.lower()}{cached}")


def approved(sagemaker: LocalSageMaker, request: ResolvedRequest) -> str | None:
    """ARN of the latest approved version in the request's model package group."""
    answer = sagemaker.list_model_packages(
        ModelPackageGroupName=model_package_group_name(request), ModelApprovalStatus="Approved", MaxResults=1
    )
    return next((str(package["ModelPackageArn"]) for package in answer["ModelPackageSummaryList"]), None)


def model_data(sagemaker: LocalSageMaker, package_arn: str) -> str:
    """Where the model.tar.gz of a model package lies."""
    package = sagemaker.describe_model_package(ModelPackageName=package_arn)
    return str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM cancels as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
