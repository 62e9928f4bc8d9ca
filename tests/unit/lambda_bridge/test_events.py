from __future__ import annotations

import hmac
import json
from hashlib import sha256

import pytest

from algorithms.errors import PlatformError
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
    delivery_key,
    parse,
)

SECRET = "It's a Secret to Everybody"


def sign(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def issues(**changes):
    return {
        "action": "labeled",
        "issue": {"number": 7},
        "label": {"name": "mlops:train"},
        "repository": {"full_name": "acme/models"},
        "sender": {"login": "alice", "type": "User"},
        **changes,
    }


def comments(**changes):
    return issues(
        action="created", comment={"id": 99, "body": "/cancel", "user": {"login": "bob", "type": "User"}}, **changes
    )


def send(payload, event="issues", **headers):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "d1",
        "Content-Type": "application/json",
        "X-Hub-Signature-256": sign(body),
    }
    return parse({**sent, **headers}, body, SECRET, "Acme/Models", "mlops-bot")


class TestSignature:
    def test_githubs_own_example(self):
        header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        check_signature(SECRET, b"Hello, World!", header)
        with pytest.raises(SignatureError):
            check_signature(SECRET, b"Hello, World?", header)

    @pytest.mark.parametrize("header", [None, "", "sha256=", "ü", "\ud800", "sha1=757107ea"])
    def test_anything_else_is_refused_and_not_repeated(self, header):
        with pytest.raises(SignatureError) as caught:
            check_signature(SECRET, b"Hello, World!", header)
        assert "757107ea" not in str(caught.value)

    def test_an_empty_secret_refuses_to_start(self):
        with pytest.raises(PlatformError, match="GITHUB_WEBHOOK_SECRET"):
            check_signature("", b"", sign(b"", ""))

    def test_it_is_checked_before_anything_is_read(self):
        with pytest.raises(SignatureError):
            send(b"\xff no JSON", **{"X-Hub-Signature-256": "sha256=00", "Content-Type": "text/html"})

    def test_bytes_that_are_no_text_are_signed_as_they_are(self):
        with pytest.raises(PayloadError):
            send(b'{"action": "\xff"}')


def test_a_form_says_which_setting_to_change():
    with pytest.raises(FormEncodedError, match="application/json"):
        send(b"payload=%7B%7D", "ping", **{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})


def test_names_of_headers_have_no_case():
    body = json.dumps(issues()).encode()
    headers = {"x-github-event": "issues", "X-HUB-SIGNATURE-256": sign(body)}
    assert parse(headers, body, SECRET, "acme/models", "me") == IssueEvent(
        "labeled", 7, "alice", "mlops:train", delivery_key({}, body)
    )


def known_by(content):
    return delivery_key({"x-github-delivery": "d1"}, json.dumps(content).encode())


def test_a_delivery_is_known_by_its_id_and_its_body():
    names = {"x-github-delivery": "d1"}
    same, body, name = (delivery_key(names, b"{}"), delivery_key(names, b"[]"), delivery_key({}, b"{}"))
    assert delivery_key(dict(names), b"{}") == same
    assert len({same, body, name}) == 3


def test_a_body_that_is_too_large_is_refused_before_it_is_signed():
    with pytest.raises(TooManyBytesError, match="at most 2097152 bytes"):
        check_signature(SECRET, b" " * (MOST_BYTES + 1), None)
    with pytest.raises(SignatureError):
        check_signature(SECRET, b" " * MOST_BYTES, None)


@pytest.mark.parametrize("action", ["opened", "edited", "reopened", "closed"])
def test_an_issue_event(action):
    assert send(issues(action=action)) == IssueEvent(action, 7, "alice", None, known_by(issues(action=action)))


def test_a_comment():
    assert send(comments(), "issue_comment") == CommentEvent(7, 99, "bob", "/cancel", known_by(comments()))


@pytest.mark.parametrize("event", ["ping", "push", "installation", ""])
def test_other_events_are_ignored_whatever_they_hold(event):
    assert isinstance(send(b"[", event), Ignored)


@pytest.mark.parametrize(
    ("payload", "event", "reason"),
    [
        (issues(repository={"full_name": "acme/other"}), "issues", "repository"),
        (issues(sender={"login": "ci", "type": "Bot"}), "issues", "bot"),
        (issues(sender={"login": "ci[bot]", "type": "User"}), "issues", "bot"),
        (comments(sender={"login": "MLOps-bot", "type": "User"}), "issue_comment", "bot"),
        (issues(action="assigned"), "issues", "action"),
        ({**comments(), "action": "edited"}, "issue_comment", "edited"),
        (comments(issue={"number": 7, "pull_request": {"url": "x"}}), "issue_comment", "pull request"),
        ({**comments(), "comment": {"id": 1, "body": "x", "user": None}}, "issue_comment", "author"),
    ],
)
def test_ignored_with_its_reason(payload, event, reason):
    found = send(payload, event)
    assert isinstance(found, Ignored)
    assert reason in found.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"3",
        b"{",
        b"[" * 200_000,
        b'{"n": ' + b"9" * 5_000 + b"}",
        issues(repository=None),
        issues(repository={"full_name": 3}),
        issues(sender=None),
        issues(sender={"login": "../admin", "type": "User"}),
        issues(sender={"login": "", "type": "User"}),
        issues(sender={"login": "a b", "type": "User"}),
        issues(sender={"login": "alice"}),
        issues(action=None),
        issues(label=None),
        issues(label={"name": 3}),
        issues(issue={}),
        issues(issue={"number": "7"}),
        issues(issue={"number": True}),
        issues(issue={"number": 0}),
        issues(issue={"number": 2**63}),
        issues(issue=[]),
    ],
)
def test_what_github_does_not_send_is_refused(payload):
    with pytest.raises(PayloadError, match="Send what GitHub sends"):
        send(payload)


@pytest.mark.parametrize(
    "comment", [None, {}, {"id": 1, "body": "x", "user": {}}, {"id": 1, "body": "\ud800", "user": {"login": "bob"}}]
)
def test_a_comment_that_github_does_not_send_is_refused(comment):
    with pytest.raises(PayloadError):
        send({**comments(), "comment": comment}, "issue_comment")
