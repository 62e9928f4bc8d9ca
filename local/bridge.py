"""The bridge on one machine: the same handlers and the same workflow as on AWS, over local adapters.

GitHub alone is reached over HTTP, on the loopback interface, by the same client as github.com. One worker does what
API Gateway, EventBridge and Step Functions do on AWS: it delivers webhooks, tells pipeline events and drives the state
machine. What is under way is in the workspace, so that the next process goes on after a kill.
"""

from __future__ import annotations

import json
import os
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lambda_bridge import handler
from lambda_bridge.aws import SageMakerPipelines, SageMakerRegistry, StepFunctionsWorkflow
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from lambda_bridge.github_client import connect
from lambda_bridge.ports import Ports
from lambda_bridge.runs import Run
from lambda_bridge.tasks import abandon
from lambda_bridge.workflow import load_workflow
from local.artifacts import LocalArtifacts
from local.deliveries import Deliveries
from local.engine import EngineOptions
from local.environment import history_branch, webhook_secret
from local.events import Event, ExecutionChanged, Listener, StepChanged
from local.github import LocalGitHub, Server
from local.ledger import LocalLedger
from local.notices import LocalNotices
from local.run_records import RunRecords
from local.sagemaker import LocalSageMaker
from local.step_functions import LocalStepFunctions
from local.store import now
from local.worker import Worker
from local.workspace import Workspace
from pipelines.definitions import LEARNING_TYPES, load_definition, pipeline_name

if TYPE_CHECKING:
    from github.Repository import Repository

REPOSITORY = "local/models"
WORKFLOW = "arn:aws:states:us-local-1:000000000000:stateMachine:mlops"
EDITS_PER_HOUR = 7200
"""Of progress comments: the local GitHub has no limit, but each edit takes some milliseconds."""
BOT, OWNER = "mlops-bot", "owner"

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """What the handlers read of a Lambda's context object."""

    function_name: str
    aws_request_id: str = ""
    memory_limit_in_mb: int = 0
    invoked_function_arn: str = "arn:aws:lambda:us-local-1:000000000000:function:mlops"


class Bridge:
    """Composes the bridge in an open workspace. Nothing goes on before `go_on`, and nothing after `close`.

    Parameters
    ----------
    listener : hears of every event of the steps, for progress bars
    code_version : stands in the history records
    options : how the steps run on this machine
    """

    def __init__(
        self,
        workspace: Workspace,
        listener: Listener | None,
        code_version: str,
        options: EngineOptions | None = None,
    ) -> None:
        self._listener = listener
        self._executions: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._issues: set[int] = set()
        self._worker = Worker(self._run_due, self._seconds_until_due)
        self._branch, secret = history_branch(), webhook_secret()
        self.github = LocalGitHub(workspace.store, workspace.root / "github", secret, repository=REPOSITORY)
        self.github.on_change(self._worker.wake)
        self._deliveries = Deliveries(self.github, lambda event: handler.webhook(event, Context("webhook")))
        self._server = Server.start(self.github)
        self.sagemaker = LocalSageMaker(workspace, self._hear, options)
        for learning_type in LEARNING_TYPES:
            self.sagemaker.upsert_pipeline(pipeline_name(learning_type), json.dumps(load_definition(learning_type)))
        functions = {"task": lambda payload: handler.task(payload, Context("task"))}
        self.workflow = LocalStepFunctions(workspace.store, load_workflow("task"), functions, wake=self._worker.wake)
        self.ports = self._ports(workspace, secret, code_version)
        handler.log_to(workspace.logs / "bridge.log")
        handler.use(self.ports, REPOSITORY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends running steps; what is under way goes on with the next process."""
        self._worker.close()
        self.sagemaker.close()
        self._server.close()

    def go_on(self, issue: int) -> None:
        """Works for an issue from now on; what a kill interrupted goes on, and a lost event is made up for."""
        self._issues.add(issue)
        run = self.ports.runs.get(issue)
        if run is not None and run.own_attempts and run.attempt.execution_arn is not None:
            self.sagemaker.resume(run.attempt.execution_arn)
            self._executions.put(run.attempt.execution_arn)
        self._worker.start()

    def wait(self, until: Callable[[], T | None]) -> T:
        """Waits until `until` answers something; it is asked again whenever anything happened."""
        return self._worker.wait(until)

    def abandon(self, run: Run, why: str) -> None:
        """Ends the wait for the operator."""
        abandon(self.ports, run, why)

    def is_under_way(self, run: Run) -> bool:
        """Whether the run's workflow execution has not ended."""
        found = self.workflow.list_executions(stateMachineArn=WORKFLOW, statusFilter="RUNNING")["executions"]
        return any(execution["name"] == run.execution_name for execution in found)

    def repository_of(self, user: str) -> Repository:
        """The local repository as one of its users sees it."""
        from github import Auth

        return connect(Auth.Token(self.github.token_of(user)), self._server.url, REPOSITORY)

    def model_data(self, package_arn: str) -> str:
        """Where the model.tar.gz of a model package lies."""
        package = self.sagemaker.describe_model_package(ModelPackageName=package_arn)
        return str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])

    def _ports(self, workspace: Workspace, secret: str, code_version: str) -> Ports:
        repository = self.repository_of(BOT)
        return Ports(
            issues=GitHubIssues(repository, lambda: BOT),
            history=GitHubHistory(repository, self._branch, address=partial(self._address, workspace.root / "github")),
            runs=RunRecords(workspace.store),
            workflow=StepFunctionsWorkflow(self.workflow, WORKFLOW),
            pipelines=SageMakerPipelines(self.sagemaker),
            registry=SageMakerRegistry(self.sagemaker),
            artifacts=LocalArtifacts(workspace.objects),
            notices=LocalNotices(workspace.logs / "notices.jsonl", os.environ.get("SLACK_WEBHOOK_URL")),
            ledger=LocalLedger(workspace.store),
            webhook_secret=lambda: secret,
            code_version=code_version,
            log_address=lambda: str(workspace.logs / "bridge.log"),
            clock=now,
            pause=time.sleep,
            edits_per_hour=EDITS_PER_HOUR,
        )

    def _address(self, folder: Path, path: str) -> str:
        """Where a committed file is seen: in the working tree; on a branch that is not checked out, the repository."""
        return str(folder / path if self._branch is None else folder)

    def _hear(self, event: Event) -> None:
        """From the runner's threads: the worker looks at the execution, as after an event of EventBridge."""
        if isinstance(event, ExecutionChanged | StepChanged):
            self._executions.put(event.execution_arn)
            self._worker.wake()
        if self._listener is not None:
            self._listener(event)

    def _run_due(self) -> bool:
        return self._deliveries.run_due() or self._tell_pipelines() or self.workflow.run_due(self._is_ours)

    def _tell_pipelines(self) -> bool:
        """Several events of one execution are one look at it."""
        arns = {self._executions.get() for _ in range(self._executions.qsize())}
        for arn in sorted(arns):
            handler.pipeline_event(pipeline_event(arn), Context("pipeline_event"))
        return bool(arns)

    def _is_ours(self, execution: str) -> bool:
        return any(execution.startswith(f"issue-{issue}-run-") for issue in self._issues)

    def _seconds_until_due(self) -> float | None:
        due = self.workflow.next_due(self._is_ours)
        seconds = [self._deliveries.seconds_until_due(), None if due is None else (due - now()).total_seconds()]
        return max(0.0, min((value for value in seconds if value is not None), default=60.0))


def pipeline_event(arn: str) -> Mapping[str, Any]:
    """What EventBridge says of a pipeline execution, as far as it is read."""
    kind = "SageMaker Model Building Pipeline Execution Status Change"
    return {"source": "aws.sagemaker", "detail-type": kind, "detail": {"pipelineExecutionArn": arn}}
