"""A program: the Lambda functions as in Lambda, over AWS in memory and a GitHub that answers with errors.

Standard output and error are the log. What the functions answer or raise, and what they ask AWS and GitHub for, is
written to a file. Arguments: that file, and where the secrets are: `environment`, `store` or `app`.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError
from canaries import NOBODY, PLANTED
from dynamo import TABLE, make_table
from moto import mock_aws

from lambda_bridge import handler, tasks
from lambda_bridge.aws_records import DynamoRuns
from lambda_bridge.github import GitHubIssues
from lambda_bridge.issue_body import read_body
from lambda_bridge.runs import Run

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id=str(uuid.uuid4())
)
HELD = {
    "environment": tuple(PLANTED),
    "store": tuple(name for name in PLANTED if name != "GITHUB_APP_PRIVATE_KEY"),
    "app": tuple(name for name in PLANTED if name != "GITHUB_TOKEN"),
}
"""The secrets that the functions have."""
STATUSES = {"environment": (200, 401, 403, 404, 422, 500, 0), "store": (401,), "app": (401,)}
"""What GitHub answers; 0: it hangs up."""
BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\n"
ISSUE = {"number": 7, "title": "Iris", "body": BODY, "labels": [{"name": "mlops:train"}]}
TOKEN = "a task token"
STORED = {
    "github-token": {"token": PLANTED["GITHUB_TOKEN"]},
    "github-webhook-secret": {"secret": PLANTED["GITHUB_WEBHOOK_SECRET"]},
    "slack-webhook-url": {"url": PLANTED["SLACK_WEBHOOK_URL"]},
}
APP = {"GITHUB_APP_ID": "1", "GITHUB_APP_INSTALLATION_ID": "2"}


class GitHub(BaseHTTPRequestHandler):
    """Repeats in each answer what it was asked with, as a proxy may that somebody looks for an error with."""

    status = 200
    heard: list[str] = []

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.heard.append(f"{self.command} {self.path} {self.rfile.read(length).decode()}")
        if self.status == 0:
            self.close_connection = True
            return
        body = json.dumps({"message": f"asked with {dict(self.headers)}", "login": "models-bot"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 (the base class asks for these names)

    def log_message(self, *_: Any) -> None:
        """Nothing: this is no part of the log."""


class Told:
    """What leaves the functions."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def call(self, function: Callable[..., Any], event: Mapping[str, Any]) -> None:
        """What Lambda tells whoever called, and in its own log: an answer, or an error with its frames."""
        try:
            self.lines.append(f"{function.__name__} answers {json.dumps(function(event, CONTEXT))}")
        except Exception as error:
            frames = "".join(traceback.format_tb(error.__traceback__))
            self.lines.append(f"{function.__name__} raises {type(error).__name__}: {error}\n{frames}")

    def ask_aws(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """A request of any client."""
        self.lines.append(f"{model.name} is asked for {params!r}")


def signed(body: str, kind: str = "issues", secret: str = PLANTED["GITHUB_WEBHOOK_SECRET"]) -> dict[str, Any]:
    headers = {
        "x-github-event": kind,
        "x-github-delivery": str(uuid.uuid4()),
        "content-type": "application/json",
        "x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body.encode(), sha256).hexdigest(),
    }
    return {"version": "2.0", "headers": headers, "body": body, "isBase64Encoded": False}


def deliveries() -> list[dict[str, Any]]:
    """Two that are right, and others."""
    who = {"login": "owner", "type": "User"}
    about = {"issue": ISSUE, "repository": {"full_name": "local/models"}}
    opened = json.dumps({"action": "opened", "sender": who, **about})
    said = json.dumps({"action": "created", "sender": who, "comment": {"id": 5, "body": "/help", "user": who}, **about})
    right = signed(opened)
    secret = {**right["headers"], "x-hub-signature-256": f"sha256={PLANTED['GITHUB_WEBHOOK_SECRET']}"}
    form = {**right["headers"], "content-type": "application/x-www-form-urlencoded"}
    return [
        right,
        signed(said, "issue_comment"),
        signed("{"),
        signed(opened, secret="another secret"),
        {**right, "headers": secret},
        {**right, "body": f"{opened} ", "isBase64Encoded": True},
        {**right, "headers": form},
        {"headers": None, "body": None},
    ]


def go_through(told: Told) -> None:
    """Each function with each kind of event, as a process that was just started."""
    handler._current.clear()
    for event in deliveries():
        told.call(handler.webhook, event)
    for name in tasks.TASKS:
        for token in (TOKEN, None):
            cause = {"Error": "PlatformError", "Cause": "GitHub answered 500"}
            told.call(handler.task, {"task": name, "issue": 1, "run": 1, "token": token, "error": cause})
    told.call(handler.task, {"task": "judge", "issue": 2, "run": 1, "token": TOKEN})
    told.call(handler.task, {})
    arn = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/e"
    told.call(handler.pipeline_event, {"detail-type": "x", "detail": {"pipelineExecutionArn": arn}})
    told.call(handler.pipeline_event, {"detail-type": "x"})
    told.call(handler.sweep, {})


def make_resources(kind: str) -> None:
    """What a deployment makes, and a run that waits for its pipeline."""
    client = make_table()
    request = read_body(BODY)
    fields = {"title": "Iris", "slug": "iris", "author": "owner", "start_key": "1:x", "started": datetime.now(UTC)}
    attempt = {"number": 1, "execution_arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/e"}
    DynamoRuns(client, TABLE).save(
        Run.model_validate({"issue": 1, "state": "running", "request": request, "attempts": (attempt,), **fields})
    )
    boto3.client("s3").create_bucket(Bucket="bucket")
    boto3.client("sns").create_topic(Name="notices")
    if kind == "store":
        for name, content in STORED.items():
            boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))


def set_environment(kind: str, port: int) -> None:
    """What a function finds in its environment."""
    for name in PLANTED:
        if name not in HELD[kind] or (kind == "store" and not name.startswith("AWS_")):
            del os.environ[name]
    os.environ.update(APP if kind == "app" else {})
    os.environ.update(
        GITHUB_API_URL=f"http://127.0.0.1:{port}",
        GITHUB_REPOSITORY="local/models",
        MLOPS_BUCKET="bucket",
        MLOPS_TABLE=TABLE,
        MLOPS_STATE_MACHINE_ARN="arn:aws:states:us-east-1:123456789012:stateMachine:mlops",
        MLOPS_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:notices",
    )


def refuse(model: Any, **_: Any) -> None:
    """What AWS says of a signature that does not match: it repeats the request, session token and all."""
    text = f"The Canonical String should have been 'x-amz-security-token:{PLANTED['AWS_SESSION_TOKEN']}'"
    raise ClientError({"Error": {"Code": "SignatureDoesNotMatch", "Message": text}}, model.name)


@contextmanager
def refused() -> Iterator[None]:
    """AWS takes no request meanwhile, but for secrets."""
    events = boto3.DEFAULT_SESSION.events  # type: ignore[attr-defined]
    names = [f"provide-client-params.{name}" for name in ("dynamodb", "sagemaker", "stepfunctions", "sns", "s3")]
    for name in names:
        events.register(name, refuse)
    yield
    for name in names:
        events.unregister(name, refuse)


@contextmanager
def defective(owner: type, method: str, kind: str) -> Iterator[None]:
    """A library that puts all it knows into an error of its own."""

    def raise_all(*_: Any, **__: Any) -> None:
        values = [PLANTED[name] for name in HELD[kind]]
        raise RuntimeError(f"broken by {values} and {' '.join(values)}")

    whole = getattr(owner, method)
    setattr(owner, method, raise_all)
    yield
    setattr(owner, method, whole)


def go_wrong(told: Told, kind: str) -> None:
    """Everything, one after the other."""
    for status in STATUSES[kind]:
        GitHub.status = status
        go_through(told)
    GitHub.status = 401
    with refused():
        go_through(told)
    for owner, method in ((GitHubIssues, "me"), (GitHubIssues, "set_label"), (DynamoRuns, "get")):
        with defective(owner, method, kind):
            go_through(told)
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    go_through(told)
    os.environ["GITHUB_API_URL"] = NOBODY
    go_through(told)
    os.environ["GITHUB_API_URL"] = "ftp://example.org"
    go_through(told)


def main(path: Path, kind: str) -> None:
    """Runs it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    set_environment(kind, server.server_address[1])
    told = Told()
    with mock_aws(config={"core": {"mock_credentials": False}}):
        boto3.setup_default_session()
        make_resources(kind)
        boto3.DEFAULT_SESSION.events.register("provide-client-params", told.ask_aws)  # type: ignore[attr-defined]
        go_wrong(told, kind)
    path.write_text("\n".join([*told.lines, *GitHub.heard]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
