"""The Lambda functions over ports in memory; what they log and measure in a process of their own, as in Lambda."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import pytest

from algorithms.errors import PlatformError
from lambda_bridge import handler
from lambda_bridge.composition import log_address

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="request"
)
ENVIRONMENT = {
    "GITHUB_REPOSITORY": "local/models",
    "GITHUB_TOKEN": "t0ken-value",
    "MLOPS_BUCKET": "bucket",
    "MLOPS_TABLE": "runs",
    "MLOPS_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:mlops",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(autouse=True)
def bridge():
    """What an earlier test gave the functions is given back."""
    before = dict(handler._current)
    handler._current.clear()
    yield
    handler._current.clear()
    handler._current.update(before)


@pytest.fixture
def used(world):
    handler.use(world.ports, "local/models")
    return world


def delivery(**changes):
    who = {"login": "owner", "type": "User"}
    issue = {"number": 7, "title": "Iris", "body": "", "user": who, "labels": [{"name": "mlops:train"}]}
    repository = {"full_name": "local/models"}
    body = json.dumps({"action": "opened", "issue": issue, "repository": repository, "sender": who, **changes})
    signature = "sha256=" + hmac.new(b"secret", body.encode(), sha256).hexdigest()
    headers = {"x-github-event": "issues", "x-hub-signature-256": signature, "content-type": "application/json"}
    return {"version": "2.0", "headers": {**headers, "x-github-delivery": "guid"}, "body": body}


class TestFunctions:
    def test_a_webhook_starts_a_run(self, used):
        assert handler.webhook(delivery(), CONTEXT)["statusCode"] == 202
        assert used.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}

    def test_a_webhook_that_somebody_else_signed(self, used):
        event = delivery()
        event["headers"]["x-hub-signature-256"] = "sha256=" + "0" * 64
        assert handler.webhook(event, CONTEXT)["statusCode"] == 401
        assert used.workflow.started == {}

    def test_a_webhook_of_another_repository(self, used):
        answer = handler.webhook(delivery(repository={"full_name": "other/models"}), CONTEXT)
        assert answer["statusCode"] == 202
        assert used.workflow.started == {}

    def test_a_task_of_the_workflow(self, used):
        handler.webhook(delivery(), CONTEXT)
        handler.task({"task": "start_training", "issue": 7, "run": 1, "token": "token"}, CONTEXT)
        assert (used.stored.token, list(used.pipelines.executions)) == ("token", ["arn:issue-7-attempt-1"])

    def test_an_event_of_a_pipeline(self, used):
        handler.webhook(delivery(), CONTEXT)
        handler.task({"task": "start_training", "issue": 7, "run": 1, "token": "token"}, CONTEXT)
        used.end_pipeline(met=True)
        detail = {"pipelineExecutionArn": used.stored.attempt.execution_arn}
        kind = "SageMaker Model Building Pipeline Execution Status Change"
        handler.pipeline_event({"source": "aws.sagemaker", "detail-type": kind, "detail": detail}, CONTEXT)
        assert [token for token, _ in used.workflow.succeeded] == ["token"]


class TestSweep:
    def test_it_starts_what_no_delivery_told_of(self, used):
        answer = handler.sweep({}, CONTEXT)
        assert used.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}
        assert answer["mended"]["started"] == 1
        assert answer["wait"] == 0
        assert json.loads(json.dumps(answer)) == answer, "Lambda writes it as JSON"

    def test_again_there_is_nothing_to_mend(self, used):
        handler.sweep({}, CONTEXT)
        assert handler.sweep({}, CONTEXT) == {"mended": {}, "wait": 0}

    def test_a_limit_of_github_is_no_error(self, used):
        used.issues.limited = 120.0
        assert handler.sweep({}, CONTEXT) == {"mended": {}, "wait": 120.0}
        assert used.workflow.started == {}

    def test_a_list_that_cannot_be_read_is_one(self, used):
        """Lambda counts it, and an alarm tells the operator."""
        used.issues.broken.add("labelled")
        with pytest.raises(PlatformError):
            handler.sweep({}, CONTEXT)


class TestPorts:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch):
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)

    def test_those_that_were_given_are_used_for_ever(self, used):
        assert handler._bridge().ports.runs is used.runs
        assert handler._bridge().until == float("inf")

    def test_they_are_built_from_the_environment_once(self):
        first = handler._bridge()
        assert first.repository == "local/models"
        assert handler._bridge() is first

    def test_they_are_built_anew_when_they_are_old(self):
        first = handler._bridge()
        handler._current["bridge"] = replace(first, until=0.0)
        assert handler._bridge().ports is not first.ports

    def test_settings_that_are_missing_are_told(self, monkeypatch):
        monkeypatch.delenv("MLOPS_TABLE")
        with pytest.raises(Exception, match="MLOPS_TABLE: must be set"):
            handler.webhook(delivery(), CONTEXT)


def test_the_address_of_the_log(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "2026/[$LATEST]1")
    assert log_address() == "CloudWatch log group /aws/lambda/f, stream 2026/[$LATEST]1"


SCRIPT = """
import json, sys
from types import SimpleNamespace as Fake
from algorithms.errors import PlatformError
from lambda_bridge import handler
from lambda_bridge.ports import Ports

def broken(issue):
    raise {7: PlatformError("GetItem: Throttling"), 8: RuntimeError("a defect")}[issue]

given = dict.fromkeys(Ports.__dataclass_fields__) | {
    "issues": Fake(me=lambda: "mlops-bot"), "runs": Fake(get=broken), "webhook_secret": lambda: "secret",
    "log_address": lambda: "the log", "ledger": Fake(handled=lambda delivery: False),
}
handler.use(Ports(**given), "local/models")
context = Fake(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="request")
print(handler.webhook(json.loads(sys.argv[1]), context)["statusCode"], file=sys.stderr)
try:
    handler.task({"task": "judge", "issue": 8, "run": 1}, context)
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
"""


def run(code, *arguments, **environment):
    found = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "POWERTOOLS_TRACE_DISABLED": "true", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return found.stdout.splitlines(), found.stderr.splitlines()


class TestObserved:
    @pytest.fixture(scope="class")
    @classmethod
    def outputs(cls):
        return run(SCRIPT, json.dumps(delivery()), AWS_LAMBDA_FUNCTION_NAME="f", GITHUB_TOKEN="t0ken-value")

    def test_metrics_are_written_for_cloudwatch(self, outputs):
        """One line of JSON per call, in CloudWatch's embedded metric format."""
        webhook, task = (json.loads(line) for line in outputs[0])
        assert webhook["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "MLOps"
        assert (webhook["Webhook503"], task["Tasks"]) == ([1.0], [1.0])

    def test_records_are_json_and_tell_where_they_belong(self, outputs):
        records = [json.loads(line) for line in outputs[1] if line.startswith("{")]
        assert [line for line in outputs[1] if not line.startswith("{")] == ["503", "DefectError"]
        webhook, task = records[0], records[-1]
        assert (webhook["level"], webhook["function_request_id"]) == ("WARNING", "request")
        assert "Throttling" in webhook["message"]
        assert (task["level"], task["task"], task["issue"]) == ("ERROR", "judge", 8)
        assert "a defect" in task["exception"]

    def test_no_secret_is_logged(self, outputs):
        text = "\n".join([*outputs[0], *outputs[1]])
        assert "t0ken-value" not in text
        assert delivery()["headers"]["x-hub-signature-256"] not in text

    def test_elsewhere_standard_output_belongs_to_others(self):
        stdout, stderr = run(SCRIPT, json.dumps(delivery()))
        assert stdout == []
        assert "503" in stderr


SWEEPS = """
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Fake
from lambda_bridge import handler
from lambda_bridge.ports import RateLimitError

def limited(since):
    raise RateLimitError("GitHub answered 403: slow down", 60.0)

stopped = []
began = datetime.now(UTC) - timedelta(hours=30)
running = [Fake(arn=f"arn:{number}", run_id="issue-7-attempt-1", started=began) for number in range(3)]
nothing = Fake(unfinished=lambda: [], get=lambda issue: None)
pipelines = Fake(running=lambda: running, stop=stopped.append)
given = {"runs": nothing, "pipelines": pipelines, "clock": lambda: datetime.now(UTC)}
context = Fake(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="request")
handler.use(Fake(issues=Fake(labelled=lambda since: []), **given), "local/models")
print(handler.sweep({}, context)["mended"], stopped, file=sys.stderr)
handler.use(Fake(issues=Fake(labelled=limited), **given), "local/models")
handler.sweep({}, context)
"""


def test_what_was_mended_is_counted_and_logged():
    stdout, stderr = run(SWEEPS, AWS_LAMBDA_FUNCTION_NAME="f")
    records = [json.loads(line) for line in stderr if line.startswith('{"')]
    assert "{'stopped': 3} ['arn:0', 'arn:1', 'arn:2']" in stderr
    assert "swept: stopped 3" in [record["message"] for record in records]
    assert [record["level"] for record in records if "slow down" in record["message"]] == ["WARNING"]
    measured = {name: value for line in stdout for name, value in json.loads(line).items()}
    assert measured["SweepRepairs"] == [3]
    assert (measured["WaitingRuns"], measured["OldestWaitHours"]) == ([0], [0])
    assert 30 <= measured["OldestTrainingHours"][0] < 31


TASKS = """
import sys, threading
from pathlib import Path
from types import SimpleNamespace as Fake
from lambda_bridge import handler

together = threading.Barrier(2)

def broken(issue):
    together.wait(30)
    raise RuntimeError(f"defect of {issue}")

ports = Fake(runs=Fake(get=broken), log_address=lambda: "the log")
handler.use(ports, "local/models")
handler.log_to(Path(sys.argv[1]), sys.stderr)

def call(issue):
    for _ in range(5):
        try:
            handler.task({"task": "judge", "issue": issue, "run": 1}, None)
        except Exception:
            pass
        handler.logger.info("after %s", issue)

threads = [threading.Thread(target=call, args=(issue,)) for issue in (7, 8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_tasks_of_several_threads_have_their_own_keys(tmp_path):
    stdout, stderr = run(TASKS, str(tmp_path / "logs/bridge.log"))
    lines = (tmp_path / "logs/bridge.log").read_text().splitlines()
    assert (stdout, sorted(stderr)) == ([], sorted(lines)), "the file and the stream tell the same"
    records = [json.loads(line) for line in lines]
    failed = [record for record in records if record["level"] == "ERROR"]
    assert [(record["task"], f"defect of {record['issue']}" in record["exception"]) for record in failed] == [
        ("judge", True)
    ] * 10
    after = [record for record in records if record["message"].startswith("after")]
    assert len(after) == 10
    assert not [record for record in after if {"task", "issue"} & set(record)]


def test_the_entry_points_are_light():
    """A Lambda that starts cold must answer in time."""
    names = ("boto3", "github", "numpy", "pandas", "requests")
    code = f"import sys, lambda_bridge.handler; print(*(name for name in {names} if name in sys.modules))"
    assert run(code) == ([""], [])
