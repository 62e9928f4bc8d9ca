"""The workflow takes the same path, status and output on the local interpreter and on an independent one (moto's)."""

from __future__ import annotations

import copy
import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend

from algorithms.errors import PlatformError
from lambda_bridge.tasks import Cancelled, DefectError, StillStopping
from lambda_bridge.workflow import load_workflow
from local.step_functions import EXECUTION_PREFIX, LocalStepFunctions
from local.store import Store

NAME = "issue-7-run-1"
INPUT = json.dumps({"issue": 7, "run": 1})
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:task"
ROLE = "arn:aws:iam::123456789012:role/workflow"


def done(outcome, left=1):
    return {"outcome": outcome, "retries_left": left}


OK, KEPT, FAILED = {}, {"status": "below_threshold"}, {"status": "failed"}
SUCCEED, FAIL = ("succeed", {"status": "Succeeded"}), ("fail", "Cancelled", "by owner")
REPLY, ABANDON = ("succeed", {"reply": 5}), ("fail", "Abandoned", "nobody answered")
BUSY = ("fail", "PlatformError", "busy")
NEVER, LATE, LATE_THEN_SUCCEED = ("nothing",), ("late",), ("late then succeed",)

SCENARIOS = {
    "first_time_right": {"start_training": [SUCCEED], "judge": [done("registered")]},
    "one_reply": {
        "start_training": [SUCCEED, SUCCEED],
        "judge": [done("below_threshold"), done("registered", 0)],
        "ask_operator": [REPLY],
    },
    "two_replies": {
        "start_training": [SUCCEED] * 3,
        "judge": [done("below_threshold", 2), done("below_threshold"), done("registered", 0)],
        "ask_operator": [REPLY, REPLY],
    },
    "exhausted": {
        "start_training": [SUCCEED, SUCCEED],
        "judge": [done("below_threshold"), done("below_threshold", 0)],
        "ask_operator": [REPLY],
        "keep_previous": [KEPT],
    },
    "abandoned": {
        "start_training": [SUCCEED],
        "judge": [done("below_threshold")],
        "ask_operator": [ABANDON],
        "keep_previous": [KEPT],
    },
    "the_wait_times_out": {
        "start_training": [SUCCEED],
        "judge": [done("below_threshold")],
        "ask_operator": [NEVER],
        "keep_previous": [KEPT],
    },
    "training_times_out": {"start_training": [NEVER], "keep_previous": [FAILED]},
    "cancelled_while_training": {"start_training": [FAIL], "keep_previous": [{"status": "cancelled"}]},
    "cancelled_while_waiting": {
        "start_training": [SUCCEED],
        "judge": [done("below_threshold")],
        "ask_operator": [FAIL],
        "keep_previous": [{"status": "cancelled"}],
    },
    "cancelled_before_the_adjustment": {
        "start_training": [SUCCEED],
        "judge": [done("below_threshold")],
        "ask_operator": [REPLY],
        "apply_adjustment": [Cancelled("by owner")],
        "keep_previous": [{"status": "cancelled"}],
    },
    "cancelled_when_judged": {
        "start_training": [SUCCEED],
        "judge": [done("cancelled")],
        "keep_previous": [{"status": "cancelled"}],
    },
    "a_platform_error_is_retried": {"start_training": [BUSY, SUCCEED], "judge": [done("registered")]},
    "a_platform_error_of_a_state_without_a_token": {
        "start_training": [SUCCEED],
        "judge": [PlatformError("busy"), PlatformError("busy"), done("registered")],
    },
    "platform_errors_until_the_retries_are_used_up": {"start_training": [BUSY], "keep_previous": [FAILED]},
    "the_pipeline_fails": {"start_training": [SUCCEED], "judge": [done("failed")], "keep_previous": [FAILED]},
    "the_dataset_is_invalid": {
        "start_training": [SUCCEED],
        "judge": [done("invalid")],
        "keep_previous": [{"status": "invalid"}],
    },
    "a_defect": {"start_training": [SUCCEED], "judge": [DefectError("see the log")], "keep_previous": [FAILED]},
    "an_execution_that_stops_slowly": {
        "start_training": [FAIL],
        "keep_previous": [StillStopping("still"), {"status": "cancelled"}],
    },
    "the_issue_cannot_be_reached_at_the_end": {
        "start_training": [SUCCEED],
        "judge": [done("failed")],
        "keep_previous": [PlatformError("GitHub answered 502")],
    },
    "a_success_that_cannot_be_told": {
        "start_training": [SUCCEED],
        "judge": [done("registered")],
        "record_success": [DefectError("see the log")],
    },
    "nobody_can_be_told": {
        "start_training": [SUCCEED],
        "judge": [done("registered")],
        "record_success": [DefectError("see the log")],
        "tell_failure": [DefectError("see the log")],
    },
}


def quick():
    """The workflow, with waits and pauses of seconds in the place of days and minutes: moto has a real clock."""
    definition = copy.deepcopy(load_workflow(FUNCTION))
    for state in definition["States"].values():
        if state.get("Resource", "").endswith("waitForTaskToken"):
            state["TimeoutSeconds"] = 2
        for retrier in state.get("Retry", []):
            retrier.update(IntervalSeconds=1, MaxAttempts=2, BackoffRate=1.0)
            for key in ("JitterStrategy", "MaxDelaySeconds"):
                retrier.pop(key, None)
    return definition


class Script:
    """Does what a scenario says, task by task; the last entry is repeated."""

    def __init__(self, scenario):
        self.left = {name: list(entries) for name, entries in scenario.items()}
        self.calls, self.tokens = [], []
        self.client = None

    def __call__(self, payload):
        self.calls.append(payload["task"])
        entries = self.left.get(payload["task"], [OK])
        entry = entries.pop(0) if len(entries) > 1 else entries[0]
        if isinstance(entry, Exception):
            raise entry
        if entry in (LATE, LATE_THEN_SUCCEED):
            self.answer_all_again()
        if entry == LATE:
            return {}
        if entry == LATE_THEN_SUCCEED:
            entry = SUCCEED
        if isinstance(entry, tuple):
            self.answer(payload["token"], *entry)
            return {}
        return entry

    def answer(self, token, kind, *values):
        self.tokens.append(token)
        if kind == "succeed":
            self.client.send_task_success(taskToken=token, output=json.dumps(values[0]))
        elif kind == "fail":
            self.client.send_task_failure(taskToken=token, error=values[0], cause=values[1])

    def answer_all_again(self):
        """Each earlier token is answered once more, with something else."""
        for token in self.tokens:
            with suppress(ClientError):
                self.client.send_task_failure(taskToken=token, error="Late", cause="late")
            with suppress(ClientError):
                self.client.send_task_success(taskToken=token, output='{"late": true}')


def trace(history, described, script):
    """What must be the same: states in order, the calls, the end. The cause of a Lambda's error has AWS's own form."""
    states = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    output = json.loads(described["output"]) if "output" in described else None
    if output is not None and output["error"]["Cause"]:
        output["error"]["Cause"] = cause_of(output["error"]["Cause"])
    return states, script.calls, described["status"], output, described.get("error")


def cause_of(text):
    try:
        return json.loads(text)["errorMessage"]
    except ValueError:
        return text


def run_locally(database, scenario, restarting=False):
    """`restarting`: before each step, and in each wait, another process takes over what the database holds."""
    script, now = Script(scenario), [0.0]
    machine = opened(database, script, now)
    machine.start_execution(stateMachineArn="workflow", name=NAME, input=INPUT)
    arn = EXECUTION_PREFIX + NAME
    while machine.describe_execution(executionArn=arn)["status"] == "RUNNING":
        if not machine.run_due():
            now[0] += 1
        if restarting:
            machine = opened(database, script, now)
    history = machine.get_execution_history(executionArn=arn)["events"]
    return trace(history, machine.describe_execution(executionArn=arn), script)


def opened(database, script, now):
    machine = LocalStepFunctions(Store(database), quick(), {FUNCTION: script}, clock=lambda: clock(now))
    script.client = machine
    return machine


def clock(now):
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=now[0])


class Invoked:
    """Moto's Lambda, answered by a script."""

    def __init__(self, script):
        self.script = script

    def __call__(self, backend, function_name, qualifier, body, headers, response_headers):
        try:
            return json.dumps(self.script(json.loads(body))).encode()
        except Exception as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            failure = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": []}
            return json.dumps(failure).encode()


def run_on_moto(monkeypatch, scenario):
    script = Script(scenario)
    config = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    monkeypatch.setattr(LambdaSimpleBackend, "invoke", lambda *given, **named: Invoked(script)(*given, **named))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(config=config):
        client = boto3.client("stepfunctions", region_name="us-east-1")
        script.client = client
        machine = client.create_state_machine(name="workflow", definition=json.dumps(quick()), roleArn=ROLE)
        arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], name=NAME, input=INPUT)["executionArn"]
        deadline = time.monotonic() + 60
        while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
            assert time.monotonic() < deadline, script.calls
            time.sleep(0.05)
        history = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return trace(history, client.describe_execution(executionArn=arn), script)


@pytest.mark.parametrize(
    "late",
    [{"apply_adjustment": [LATE]}, {"start_training": [SUCCEED, LATE_THEN_SUCCEED]}],
    ids=["after_the_reply", "during_the_next_training"],
)
def test_a_late_or_repeated_answer_changes_nothing_on_either(late, tmp_path, monkeypatch):
    """Our own check comes first: an answer to a token that is not waited for any more is refused or without effect."""
    scenario = {**SCENARIOS["one_reply"], **late}
    ours = run_locally(tmp_path / "mlops.db", scenario)
    assert ours == run_locally(tmp_path / "without.db", SCENARIOS["one_reply"])
    assert ours == run_on_moto(monkeypatch, scenario)


def test_every_task_has_a_time_out_retries_and_a_catch():
    for name, state in load_workflow(FUNCTION)["States"].items():
        if state["Type"] == "Task":
            assert 0 < state["TimeoutSeconds"] <= 31 * 86_400, name
            assert state["Retry"][-1]["BackoffRate"] > 1, name
            assert state["Retry"][-1]["JitterStrategy"] == "FULL", name
            assert [catch["ErrorEquals"] for catch in state["Catch"]] == [["States.ALL"]], name


def test_every_path_that_is_read_exists_from_the_first_state_on():
    states = load_workflow(FUNCTION)["States"]
    seeded = {key.removesuffix(".$") for key in states["Init"]["Parameters"]}
    read = {path.split(".")[1] for name, state in states.items() if name != "Init" for path in paths_in(state)}
    assert read <= seeded


def paths_in(part):
    """The JSONPaths into a state's input, those of results and of the context object left out."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key != "ResultSelector":
                yield from paths_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from paths_in(value)
    elif isinstance(part, str) and part.startswith("$."):
        yield part


def test_the_linter_of_cloudformation_accepts_it():
    """cfn-lint's rule E3601 checks state machines."""
    from cfnlint.api import lint_all

    properties = {"DefinitionString": json.dumps(load_workflow(FUNCTION)), "RoleArn": ROLE}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    found = lint_all(json.dumps({"Resources": {"Workflow": machine}}))
    assert [match.rule.id for match in found if match.rule.id[0] in "EW"] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_interpreters_take_the_same_path(name, tmp_path, monkeypatch):
    ours = run_locally(tmp_path / "mlops.db", SCENARIOS[name])
    restarted = run_locally(tmp_path / "restarted.db", SCENARIOS[name], restarting=True)
    theirs = run_on_moto(monkeypatch, SCENARIOS[name])
    # moto forgets the cause of SendTaskFailure; the service keeps it (SendTaskFailure, `cause`)
    if theirs[3] is not None and theirs[3]["error"]["Cause"] is None:
        theirs[3]["error"]["Cause"] = "by owner" if "Cancelled" in str(theirs[3]) else "nobody answered"
    assert ours == theirs
    assert restarted == theirs
