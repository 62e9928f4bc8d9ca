"""The workflow: the same adapter over the local state machine and over an independent one (moto's)."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.awslambda_simple.models import LambdaSimpleBackend

from algorithms.errors import PlatformError
from lambda_bridge.aws import MAX_CAUSE_CHARACTERS, StepFunctionsWorkflow
from local.step_functions import LocalStepFunctions
from local.store import Store

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:task"
ROLE = "arn:aws:iam::123456789012:role/workflow"
NAME, PAYLOAD = "issue-7-run-1", {"issue": 7, "run": 1}
DEFINITION = {
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": FUNCTION, "Payload": {"token.$": "$$.Task.Token"}},
            "TimeoutSeconds": 60,
            "ResultPath": "$.answer",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Done"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


class Machine:
    """A state machine that waits for one answer. `advance` does what can go on now, where nothing else does it."""

    def __init__(self, client: Any, arn: str, advance: Callable[[], object] = lambda: None) -> None:
        self.client, self.arn, self._advance = client, arn, advance
        self.workflow = StepFunctionsWorkflow(client, arn)
        self.tokens: queue.SimpleQueue[str] = queue.SimpleQueue()

    def called(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.tokens.put(payload["token"])
        return {}

    def token(self) -> str:
        """Of the execution that was started last."""
        self._advance()
        return self.tokens.get(timeout=30)

    def output(self) -> dict[str, Any]:
        """What the one execution ended with."""
        self._advance()
        (execution,) = self.client.list_executions(stateMachineArn=self.arn)["executions"]
        deadline = time.monotonic() + 30
        while True:
            found = self.client.describe_execution(executionArn=execution["executionArn"])
            if found["status"] != "RUNNING":
                return dict(json.loads(found["output"]))
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)


@pytest.fixture(params=["moto", "local"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.getfixturevalue(f"{request.param}_machine")  # type: ignore[no-any-return]


@pytest.fixture
def local_machine(store: Store) -> Machine:
    client = LocalStepFunctions(store, DEFINITION, {FUNCTION: lambda payload: made.called(payload)})

    def advance() -> None:
        while client.run_due():
            pass

    made = Machine(client, "arn:aws:states:us-local-1:000000000000:stateMachine:mlops", advance)
    return made


@pytest.fixture
def moto_machine(aws: None, monkeypatch: pytest.MonkeyPatch) -> Machine:
    client = boto3.client("stepfunctions")
    definition = json.dumps(DEFINITION)
    arn = client.create_state_machine(name="workflow", definition=definition, roleArn=ROLE)["stateMachineArn"]
    made = Machine(client, arn)

    def invoke(backend: Any, function_name: str, qualifier: Any, body: Any, *_: Any, **__: Any) -> bytes:
        return json.dumps(made.called(json.loads(body))).encode()

    monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
    return made


def test_the_answer_reaches_the_execution(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    assert machine.workflow.succeed(machine.token(), {"reply": 5})
    assert machine.output() == {**PAYLOAD, "answer": {"reply": 5}}


def test_a_failure_reaches_the_execution(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    assert machine.workflow.fail(machine.token(), "Cancelled", "by owner")
    assert machine.output()["error"]["Error"] == "Cancelled"


def test_starting_again_while_it_runs_is_the_same_execution(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    token = machine.token()
    machine.workflow.start(NAME, dict(reversed(PAYLOAD.items())))
    machine.workflow.start(NAME, {"issue": 7, "run": 2})
    assert machine.workflow.succeed(token, {})
    assert machine.output() == {**PAYLOAD, "answer": {}}
    assert machine.tokens.empty()


def test_starting_again_after_the_end_starts_nothing(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    machine.workflow.succeed(machine.token(), {})
    before = machine.output()
    machine.workflow.start(NAME, PAYLOAD)
    assert machine.output() == before
    assert machine.tokens.empty()


def test_a_late_answer_is_told(machine: Machine, request: pytest.FixtureRequest) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    token = machine.token()
    assert machine.workflow.succeed(token, {"reply": 5})
    before = machine.output()
    assert not machine.workflow.succeed(token, {"reply": 6})
    told = machine.workflow.fail(token, "Late", "late")
    assert machine.output() == before
    assert not told or request.node.callspec.id == "moto", "moto takes a late failure, without effect"


def test_nothing_waits_for_an_unknown_token(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    machine.token()
    assert not machine.workflow.succeed("unknown", {})
    assert not machine.workflow.fail("unknown", "E", "c")


def test_a_long_cause_is_cut(machine: Machine) -> None:
    """Longer than SendTaskFailure takes; the local one keeps it, so that its length is seen."""
    machine.workflow.start(NAME, PAYLOAD)
    assert machine.workflow.fail(machine.token(), "E", "x" * (MAX_CAUSE_CHARACTERS + 1))
    cause = machine.output()["error"]["Cause"]
    assert cause is None or len(cause) == MAX_CAUSE_CHARACTERS


def test_the_state_of_an_execution_that_was_never_started(machine: Machine) -> None:
    assert machine.workflow.state(NAME) == "missing"
    machine.workflow.start(NAME, PAYLOAD)
    machine.token()
    assert machine.workflow.state("issue-7-run-11") == "missing"


def test_the_state_while_it_runs_and_after_its_end(machine: Machine) -> None:
    machine.workflow.start(NAME, PAYLOAD)
    token = machine.token()
    assert machine.workflow.state(NAME) == "running"
    machine.workflow.succeed(token, {})
    machine.output()
    assert machine.workflow.state(NAME) == "ended"


def test_the_state_before_anything_was_done(store: Store) -> None:
    """A kill comes between the start and the first state."""
    machine = LocalStepFunctions(store, DEFINITION, {FUNCTION: lambda _: {}})
    workflow = StepFunctionsWorkflow(machine, "arn:aws:states:us-local-1:000000000000:stateMachine:mlops")
    workflow.start(NAME, PAYLOAD)
    assert workflow.state(NAME) == "running"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("RUNNING", "running"),
        *((status, "ended") for status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")),
    ],
)
def test_the_states_of_the_service(status: str, state: str) -> None:
    class Client:
        def describe_execution(self, *, executionArn: str) -> dict[str, str]:
            assert executionArn == f"arn:aws:states:eu-west-1:123456789012:execution:stateMachine:{NAME}"
            return {"status": status}

    workflow = StepFunctionsWorkflow(Client(), "arn:aws:states:eu-west-1:123456789012:stateMachine:stateMachine")
    assert workflow.state(NAME) == state


def test_a_state_that_cannot_be_read_is_a_platform_error() -> None:
    class Client:
        def describe_execution(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "DescribeExecution")

    with pytest.raises(PlatformError, match="DescribeExecution: ThrottlingException"):
        StepFunctionsWorkflow(Client(), "arn").state(NAME)


def test_other_refusals_are_platform_errors(aws: None) -> None:
    workflow = StepFunctionsWorkflow(boto3.client("stepfunctions"), f"{ROLE.replace('iam', 'states')}:none")
    with pytest.raises(PlatformError, match="StartExecution: "):
        workflow.start(NAME, PAYLOAD)


@pytest.mark.parametrize(("code", "gone"), [("TaskDoesNotExist", True), ("TaskTimedOut", True), ("Throttling", False)])
def test_codes_of_the_service(code: str, gone: bool) -> None:
    class Client:
        def send_task_success(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "m"}}, "SendTaskSuccess")

    workflow = StepFunctionsWorkflow(Client(), "arn")
    if gone:
        assert workflow.succeed("token", {}) is False
    else:
        with pytest.raises(PlatformError, match="SendTaskSuccess: Throttling"):
            workflow.succeed("token", {})
