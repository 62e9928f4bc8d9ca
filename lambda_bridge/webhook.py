"""One delivery of GitHub: from API Gateway's event (HTTP API, payload 2.0) to actions and an answer."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.actions import (
    Action,
    Complete,
    Count,
    FailWait,
    HandOver,
    Ignore,
    React,
    Save,
    SetLabel,
    Start,
    Write,
)
from lambda_bridge.decide import concerns, decide
from lambda_bridge.events import (
    MOST_BYTES,
    CommentEvent,
    FormEncodedError,
    Ignored,
    IssueEvent,
    PayloadError,
    SignatureError,
    TooManyBytesError,
    check_signature,
    parse,
    text_hash,
)
from lambda_bridge.facts import Facts
from lambda_bridge.ports import HOUR, MAY_ACT, ConflictError, Issues, IssueView, Permission, Ports, StartEvent
from lambda_bridge.runs import Run

LOG = logging.getLogger(__name__)
MOST_TRIES = 5
"""How often a decision is made anew because somebody else wrote the record."""
LAG_SECONDS = (0.5, 1.5)
"""How long the list of an issue's events is waited for."""
REFUSALS: dict[type[Exception], int] = {
    SignatureError: 401,
    FormEncodedError: 415,
    PayloadError: 400,
    TooManyBytesError: 413,
}


Response = dict[str, Any]


def receive(ports: Ports, event: Mapping[str, Any], repository: str) -> Response:
    """Handles one delivery and answers it: 202, or 400, 401, 413, 415 for what cannot be taken.

    503 where GitHub or AWS could not be reached: nothing was started, and the delivery may be sent again.
    """
    try:
        found = _read(ports, event, repository)
        reason = found.reason if isinstance(found, Ignored) else _once(ports, found)
    except (SignatureError, FormEncodedError, PayloadError, TooManyBytesError) as error:
        return _answer(REFUSALS[type(error)], str(error))
    except (PlatformError, ConflictError) as error:
        LOG.warning("delivery not handled: %s", error)
        return _answer(503, "GitHub or AWS could not be reached. Send the delivery again.")
    LOG.info("delivery of %s: %s", _kind(found), reason)
    return _answer(202, reason)


def _once(ports: Ports, event: IssueEvent | CommentEvent) -> str:
    """A delivery that was handled is not looked at again; until then it may come as often as it likes."""
    if ports.ledger.handled(event.delivery):
        return "ignored: this delivery was handled"
    actions = handle(ports, event)
    ports.ledger.remember(event.delivery)
    return ", ".join(_name(action) for action in actions)


def _kind(found: IssueEvent | CommentEvent | Ignored) -> str:
    """What a delivery is about, for the log: nothing that a stranger wrote."""
    match found:
        case IssueEvent(action=action, issue=issue):
            return f"issue {issue}, {action}"
        case CommentEvent(issue=issue, comment=comment):
            return f"issue {issue}, comment {comment}"
        case _:
            return "nothing of ours"


def handle(ports: Ports, event: IssueEvent | CommentEvent) -> tuple[Action, ...]:
    """Decides about an event and performs the actions, which it returns. Raises PlatformError and ConflictError."""
    for _ in range(MOST_TRIES):
        try:
            return _handle(ports, event)
        except ConflictError:
            LOG.info("issue %s: the record changed meanwhile, deciding anew", event.issue)
    raise ConflictError(f"issue {event.issue}: its record kept changing.")


def _handle(ports: Ports, event: IssueEvent | CommentEvent) -> tuple[Action, ...]:
    run = ports.runs.get(event.issue)
    if not concerns(event, run):
        return (Ignore("nothing to do"),)
    actions = decide(event, run, _facts(ports, event, run))
    for action in actions:
        perform(ports, action)
    return actions


def _facts(ports: Ports, event: IssueEvent | CommentEvent, run: Run | None) -> Facts:
    """What a decision needs to know, read live. Raises PlatformError: then nothing happens."""
    if isinstance(event, CommentEvent):
        return Facts(ports.issues.permission(event.author), None, None, ports.clock())
    if event.action in ("closed", "unlabeled"):
        return Facts("none", ports.issues.read(event.issue), None, ports.clock())
    issue, start = ports.issues.read(event.issue), _newest_start(ports, event, run)
    moment = ports.clock()
    starts = ports.ledger.starts(moment - HOUR)
    return Facts(_permission(ports, event, issue), issue, start, moment, starts, ports.limits)


def _permission(ports: Ports, event: IssueEvent, issue: IssueView) -> Permission:
    """The sender's. Where the body was edited since, the author's too: the sender has not seen what would start."""
    found = ports.issues.permission(event.sender)
    if found not in MAY_ACT or event.body_hash in (None, text_hash(issue.body)) or event.action == "edited":
        return found
    LOG.warning("issue %s: its body was edited after it was %s", event.issue, event.action)
    return ports.issues.permission(issue.author)


def _newest_start(ports: Ports, event: IssueEvent, run: Run | None) -> StartEvent | None:
    """The event that the delivery tells of, if the list of events has it yet: it may lag behind the webhook."""
    start = ports.issues.newest_start(event.issue)
    for seconds in LAG_SECONDS:
        if not _lags(event, start, run):
            break
        ports.pause(seconds)
        start = ports.issues.newest_start(event.issue)
    return start


def _lags(event: IssueEvent, start: StartEvent | None, run: Run | None) -> bool:
    """Whether a label or a reopening was told of, and the list ends with the start of a run that is over."""
    if event.listed or event.action not in ("labeled", "reopened"):
        return False
    if start is not None and start.at and event.at and event.at <= start.at:
        return False
    over = run is not None and run.state in ("ended", "refused")
    return start is None or (run is not None and over and run.start_key.startswith(f"{start.id}:"))


def perform(ports: Ports, action: Action) -> None:
    """Does one thing that was decided. Each may be done again after a crash."""
    match action:
        case Save(run):
            ports.runs.save(run)
        case Count(key, person):
            ports.ledger.add_start(key, person, ports.clock())
        case Start() | Complete() | FailWait() | HandOver():
            _set_going(ports, action)
        case React() | Write() | SetLabel():
            _tell(ports.issues, action)
        case Ignore():
            pass


def _set_going(ports: Ports, action: Start | Complete | FailWait | HandOver) -> None:
    match action:
        case Start(run):
            start_workflow(ports, run)
        case Complete(token, output):
            ports.workflow.succeed(token, output)
        case FailWait(token, error, cause):
            ports.workflow.fail(token, error, cause)
        case HandOver(issue):
            ports.hand_over(issue)


def start_workflow(ports: Ports, run: Run) -> None:
    """Starts the run's workflow; its input is the same each time, so that again is no harm."""
    ports.workflow.start(run.execution_name, {"issue": run.issue, "run": run.number})


def _tell(issues: Issues, action: React | Write | SetLabel) -> None:
    match action:
        case React(issue, comment):
            _acknowledge(issues, issue, comment)
        case Write(issue, marker, text):
            issues.write(issue, marker, text)
        case SetLabel(issue, label):
            issues.set_label(issue, label)


def _acknowledge(issues: Issues, issue: int, comment: int) -> None:
    """A courtesy: what the comment asks for is done without it too."""
    try:
        issues.react(issue, comment)
    except PlatformError as error:
        LOG.warning("comment %s: no reaction: %s", comment, error)


def _read(ports: Ports, event: Mapping[str, Any], repository: str) -> IssueEvent | CommentEvent | Ignored:
    """The signature comes first: before it is right, nothing is parsed and nobody is asked."""
    headers = {str(key).lower(): str(value) for key, value in (event.get("headers") or {}).items()}
    body, secret = _body(event), ports.webhook_secret()
    check_signature(secret, body, headers.get("x-hub-signature-256"))
    return parse(headers, body, secret, repository, ports.issues.me())


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if len(text) > 2 * MOST_BYTES:  # in Base64 it is a third longer
        raise TooManyBytesError
    try:
        return base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else str(text).encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise PayloadError("body: must be the bytes that GitHub sent. Send the delivery again.") from error


def _name(action: Action) -> str:
    return f"ignored: {action.reason}" if isinstance(action, Ignore) else type(action).__name__.lower()


def _answer(status: int, message: str) -> Response:
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}
