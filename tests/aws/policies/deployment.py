"""The bridge as on AWS, in this process, and a record of every call of AWS that it makes.

The four Lambda functions run over the ports that are built for Lambda. DynamoDB, S3, SNS and Secrets Manager are
moto's; Step Functions and SageMaker are those of the local mode, behind boto3's clients. A function that is called as
an event is called when it is its turn.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore
from account import BUCKET, REGION, SECRETS, TABLE, TOPIC, arn
from aws_lambda_powertools.utilities import parameters
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from dynamo import make_table

from lambda_bridge import handler
from lambda_bridge.composition import build_ports
from lambda_bridge.ports import Ports
from lambda_bridge.settings import BridgeSettings
from lambda_bridge.workflow import load_workflow
from local.bridge import Context
from local.deliveries import http_event
from local.engine import EngineOptions
from local.events import ExecutionChanged, StepChanged
from local.github import LocalGitHub, Server
from local.github.users import BOT
from local.news import News, pipeline_event
from local.sagemaker import LocalSageMaker
from local.step_functions import EXECUTION_PREFIX, LocalStepFunctions
from local.workspace import Workspace
from pipelines.definitions import ALL_PIPELINES, load_definition, pipeline_name

SECRET = "a-webhook-secret"
MACHINE = arn("states", "stateMachine:MLOpsPipeline")
EXECUTIONS = arn("states", "execution:MLOpsPipeline:")
NOWHERE = "http://127.0.0.1:9/"
"""The address of SageMaker and of Step Functions, from the environment (AWS_ENDPOINT_URL_...)."""
PATIENCE_SECONDS = 60
MOMENT_SECONDS = 0.5
"""Between the end of an execution and the news of it."""
SOON = timedelta(hours=1)
"""The clock is put on by so much at most, where a retry is due and nothing else can happen."""
Call = tuple[str, str, str, dict[str, Any]]
acting: ContextVar[str | None] = ContextVar("acting", default=None)
"""Who makes the calls now; None: the test itself."""


@contextmanager
def as_role(name: str | None) -> Iterator[None]:
    token = acting.set(name)
    yield
    acting.reset(token)


class Body:
    """The body of an answer, as urllib3 gives it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content


class Recorder:
    """What boto3's clients are asked for, by whom."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        role = acting.get()
        if role is not None:
            self.calls.append((role, model.service_model.signing_name, model.name, dict(params)))


class Wire:
    """Answers requests out of an object of the local mode. Their address is NOWHERE, so that moto leaves them alone."""

    def __init__(self, local: Any) -> None:
        self._local = local

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        if not request.url.startswith(NOWHERE):
            return None
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        asked = {**json.loads(request.body)}
        if "executionArn" in asked:
            asked["executionArn"] = asked["executionArn"].replace(EXECUTIONS, EXECUTION_PREFIX)
        try:
            status, answer = 200, getattr(self._local, xform_name(operation))(**asked)
        except ClientError as error:
            found = error.response["Error"]
            status, answer = 400, {"__type": found["Code"], "message": found["Message"]}
        content = json.dumps(answer, default=datetime.timestamp).encode()
        return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.1"}, Body(content))


class Deployment:
    """What was deployed. Nothing goes on before `go_on`.

    Attributes
    ----------
    lost : kinds of events that do not arrive: `deliveries`, `news`
    """

    def __init__(self, workspace: Workspace, quick: Path) -> None:
        self.lost: set[str] = set()
        self.ahead = timedelta()
        self.recorder = Recorder()
        self.events: list[Mapping[str, Any]] = []
        self.handled = 0
        self._woken = threading.Event()
        self._workspace = workspace
        self.news = News(lambda arn: self._hear(pipeline_event(arn)))
        options = EngineOptions(parallel=2, python_path=(quick,))
        self.sagemaker = LocalSageMaker(workspace, self._changed, options)
        for kind in ALL_PIPELINES:
            self.sagemaker.upsert_pipeline(pipeline_name(kind), json.dumps(load_definition(kind)))
        functions = {"task": lambda payload: self.call("task", payload)}
        self.workflow = LocalStepFunctions(workspace.store, load_workflow("task"), functions, clock=self.now)
        self.github = LocalGitHub(workspace.store, workspace.root / "github", SECRET, clock=self.now)
        self.server = Server.start(self.github)
        self._make_resources()
        self._watch()
        self._ports: dict[str, Ports] = {}
        self.use("nobody")

    def close(self) -> None:
        self.sagemaker.close()
        self.server.close()
        self.github.close()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def use(self, function: str) -> None:
        """The handlers work with this function's ports: each function reads its secrets itself."""
        if function not in self._ports:
            parameters.clear_caches()  # of this process, which stands for several
            ports = build_ports(BridgeSettings.from_environment(self._environment()))
            self._ports[function] = replace(ports, clock=self.now, pause=lambda seconds: None)
        handler.use(self._ports[function], self.github.repository)

    def call(self, function: str, event: Mapping[str, Any]) -> Any:
        """A Lambda function is called."""
        with as_role(function):
            self.use(function)
            return getattr(handler, function)(event, Context(function))

    def go_on(self, until: Callable[[], bool]) -> None:
        """Does what is due, until something is so. The clock is put on where only that helps."""
        while not until():
            if self._deliver() or self.news.run_due() or self.workflow.run_due() or self._invoke():
                continue
            training = self._is_training()
            if self._woken.wait(PATIENCE_SECONDS if training else MOMENT_SECONDS):
                self._woken.clear()
                continue
            assert not training, "nothing happens any more"
            due = self.workflow.next_due()
            assert due is not None, "nothing is due"
            assert due < self.now() + SOON, f"nothing is due before {due}"
            self.ahead += max(due - self.now(), timedelta())

    def _deliver(self) -> bool:
        """GitHub's deliveries."""
        waiting = list(self.github.pending())
        for delivery in waiting:
            self.github.delivered(delivery.id)
            if "deliveries" not in self.lost:
                answer = self.call("webhook", http_event(delivery.headers, delivery.body))
                assert answer["statusCode"] < 300, answer
        return bool(waiting)

    def _invoke(self) -> bool:
        """The task function, with an event that was handed over."""
        if not self.events:
            return False
        self.call("task", self.events.pop(0))
        self.handled += 1
        return True

    def _keep(self, request: Any, **_: Any) -> AWSResponse | None:
        """Lambda keeps an event."""
        if not request.url.endswith("/functions/mlops-task/invocations"):
            return None
        self.events.append(json.loads(request.body))
        return AWSResponse(request.url, 202, {}, Body(b""))

    def _hear(self, event: Mapping[str, Any]) -> None:
        if "news" not in self.lost:
            self.call("pipeline_event", event)

    def tell(self, execution: str) -> None:
        """EventBridge tells of an execution."""
        self.call("pipeline_event", pipeline_event(execution))

    def _changed(self, event: object) -> None:
        if isinstance(event, ExecutionChanged | StepChanged):
            self.news.put(event.execution_arn)
            self._woken.set()

    def _is_training(self) -> bool:
        pages = [self.sagemaker.list_pipeline_executions(PipelineName=pipeline_name(kind)) for kind in ALL_PIPELINES]
        found = [each["PipelineExecutionStatus"] for page in pages for each in page["PipelineExecutionSummaries"]]
        return "Executing" in found or "Stopping" in found

    def _watch(self) -> None:
        """The clients that are made from now on are watched, and their requests answered."""
        events = boto3.DEFAULT_SESSION.events  # type: ignore[attr-defined]
        events.register("provide-client-params.s3", self._store_objects)
        events.register("provide-client-params", self.recorder)
        botocore.register_initializer(lambda session: session.register("provide-client-params", self.recorder))
        events.register_first("before-send.sagemaker", Wire(self.sagemaker))
        events.register_first("before-send.sfn", Wire(self.workflow))
        events.register_first("before-send.lambda", self._keep)

    def _store_objects(self, **_: Any) -> None:
        """What the jobs wrote by now is in S3."""
        with as_role(None):
            root = self._workspace.root / "s3" / BUCKET
            for path in (path for path in root.rglob("*") if path.is_file()):
                self._s3.put_object(Bucket=BUCKET, Key=path.relative_to(root).as_posix(), Body=path.read_bytes())

    def _make_resources(self) -> None:
        make_table()
        self._s3 = boto3.client("s3")
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        boto3.client("sns").create_topic(Name=TOPIC)
        held = ({"token": self.github.token_of(BOT)}, {"secret": SECRET}, {"url": ""})
        for name, content in zip(SECRETS, held, strict=True):
            boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))

    def _environment(self) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.server.url,
            "GITHUB_REPOSITORY": self.github.repository,
            "MLOPS_BUCKET": BUCKET,
            "MLOPS_TABLE": TABLE,
            "MLOPS_STATE_MACHINE_ARN": MACHINE,
            "MLOPS_TOPIC_ARN": arn("sns", TOPIC),
        }
