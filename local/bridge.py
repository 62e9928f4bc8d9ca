"""The bridge on one machine: the same handlers and the same workflow as on AWS, over local adapters.

GitHub alone is reached over HTTP, by the same client as github.com. Nothing goes on by itself here: `Loop` and
`Service` call what API Gateway, EventBridge, Step Functions and the schedule call on AWS. What is under way is in the
workspace, so that the next process goes on after a kill.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from lambda_bridge import handler
from lambda_bridge.aws import StepFunctionsWorkflow
from lambda_bridge.aws_registry import SageMakerRegistry
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from lambda_bridge.ports import Ports
from lambda_bridge.review import REVIEW
from lambda_bridge.runs import Run
from lambda_bridge.workflow import load_workflow
from local.artifacts import LocalArtifacts
from local.engine import EngineOptions
from local.environment import pace
from local.events import Event, ExecutionChanged, Listener, StepChanged
from local.hub import Hub
from local.ledger import LocalLedger
from local.news import News, pipeline_event
from local.notices import LocalNotices
from local.pipelines import LocalPipelines
from local.run_records import RunRecords
from local.sagemaker import LocalSageMaker
from local.step_functions import LocalStepFunctions
from local.store import now
from local.workspace import Workspace
from pipelines.cost import Costs
from pipelines.definitions import ALL_PIPELINES, load_definition, pipeline_name

LOG_FILE = "bridge.log"
WORKFLOW = "arn:aws:states:us-local-1:000000000000:stateMachine:mlops"


@dataclass(frozen=True)
class Context:
    """What the handlers read of a Lambda's context object."""

    function_name: str
    aws_request_id: str = ""
    memory_limit_in_mb: int = 0
    invoked_function_arn: str = "arn:aws:lambda:us-local-1:000000000000:function:mlops"


class Bridge:
    """Composes the bridge in an open workspace.

    Parameters
    ----------
    hub : where the repository is
    secret : signs the webhooks
    code_version : stands in the history records
    wake : called, from any thread, when there is something to do
    listener : hears of every event of the steps, for progress bars
    options : how the steps run on this machine
    """

    def __init__(
        self,
        workspace: Workspace,
        hub: Hub,
        secret: str,
        code_version: str,
        wake: Callable[[], None],
        listener: Listener | None = None,
        options: EngineOptions | None = None,
    ) -> None:
        self._wake = wake
        self._listener = listener
        self._news = News(lambda arn: handler.pipeline_event(pipeline_event(arn), Context("pipeline_event")))
        self._reviews = News(lambda issue: handler.task({"task": REVIEW, "issue": issue}, Context("task")))
        self.sagemaker = LocalSageMaker(workspace, self._hear, options)
        for pipeline in ALL_PIPELINES:
            self.sagemaker.upsert_pipeline(pipeline_name(pipeline), json.dumps(load_definition(pipeline)))
        functions = {"task": lambda payload: handler.task(payload, Context("task"))}
        self.workflow = LocalStepFunctions(workspace.store, load_workflow("task"), functions, wake=wake)
        self.ports = self._ports(workspace, hub, secret, code_version)
        handler.use(self.ports, hub.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends running steps; what is under way goes on with the next process."""
        self.sagemaker.close()

    def resume(self, run: Run) -> None:
        """Goes on with what a kill interrupted of a run, and looks at it."""
        if run.own_attempts and run.attempt.execution_arn is not None:
            self.sagemaker.resume(run.attempt.execution_arn)
            self.look_at(run)

    def look_at(self, run: Run) -> None:
        """Reads how far a run's pipeline is: an event may have been lost."""
        if run.own_attempts and run.attempt.execution_arn is not None:
            self._news.put(run.attempt.execution_arn)

    def run_due(self, mine: Callable[[str], bool] = lambda _: True) -> bool:
        """Does what pipelines and the workflow are due for. False: nothing was.

        `mine` tells by its name which execution of the workflow goes on here.
        """
        return self._news.run_due() or self._reviews.run_due() or self.workflow.run_due(mine)

    @property
    def failing(self) -> int:
        """How many pipelines and workflows rest, since the last step of them failed."""
        return self._news.failing + self._reviews.failing + self.workflow.failing

    def seconds_until_due(self, mine: Callable[[str], bool] = lambda _: True) -> float | None:
        """Until something is due by itself; None: nothing is."""
        due = self.workflow.next_due(mine)
        waits = (self._news.seconds_until_due(), self._reviews.seconds_until_due())
        seconds = [*waits, None if due is None else max(0.0, (due - now()).total_seconds())]
        return min((value for value in seconds if value is not None), default=None)

    def is_under_way(self, run: Run) -> bool:
        """Whether the run's workflow execution has not ended."""
        return self.ports.workflow.state(run.execution_name) == "running"

    def model_data(self, package_arn: str) -> str:
        """Where the model.tar.gz of a model package lies."""
        package = self.sagemaker.describe_model_package(ModelPackageName=package_arn)
        return str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])

    def _ports(self, workspace: Workspace, hub: Hub, secret: str, code_version: str) -> Ports:
        found = pace()
        return Ports(
            issues=GitHubIssues(hub.repository, hub.login),
            history=GitHubHistory(hub.repository, hub.branch, address=hub.address),
            runs=RunRecords(workspace.store),
            workflow=StepFunctionsWorkflow(self.workflow, WORKFLOW),
            pipelines=LocalPipelines(self.sagemaker),
            registry=SageMakerRegistry(self.sagemaker),
            artifacts=LocalArtifacts(workspace.objects),
            notices=LocalNotices(workspace.logs / "notices.jsonl", os.environ.get("SLACK_WEBHOOK_URL")),
            ledger=LocalLedger(workspace.store),
            hand_over=self._hand_over,
            webhook_secret=lambda: secret,
            code_version=code_version,
            log_address=lambda: str(workspace.logs / LOG_FILE),
            clock=now,
            pause=time.sleep,
            limits=found.limits,
            patience=found.patience,
            costs=Costs.from_environment(billed=False),
            edits_per_hour=hub.edits_per_hour,
        )

    def _hand_over(self, issue: int) -> None:
        """As Lambda does with an event: it is kept, and the task function is called with it soon."""
        self._reviews.put(str(issue))
        self._wake()

    def _hear(self, event: Event) -> None:
        """From the runner's threads: the execution is looked at, as after an event of EventBridge."""
        if isinstance(event, ExecutionChanged | StepChanged):
            self._news.put(event.execution_arn)
            self._wake()
        if self._listener is not None:
            self._listener(event)


def deliver(headers: Mapping[str, str], body: bytes) -> int:
    """Hands a webhook delivery to the handler, as API Gateway does. Answers the HTTP status."""
    from local.deliveries import http_event

    answer: Mapping[str, Any] = handler.webhook(http_event(headers, body), Context("webhook"))
    return int(answer["statusCode"])
