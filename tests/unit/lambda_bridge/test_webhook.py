"""A delivery, from API Gateway's event to what was done about it."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.ports import StartEvent, StartLimits
from lambda_bridge.tasks import run_task
from lambda_bridge.webhook import MOST_TRIES, receive

REPOSITORY = "local/models"


def payload(action="opened", sender="owner", **more):
    issue = {"number": 7, "title": "Iris", "body": "", "user": {"login": "owner"}, "labels": [{"name": "mlops:train"}]}
    who = {"login": sender, "type": "User"}
    return {"action": action, "issue": issue, "repository": {"full_name": REPOSITORY}, "sender": who, **more}


def comment(text, number=50, author="owner"):
    who = {"login": author, "type": "User"}
    return payload("created", author, comment={"id": number, "body": text, "user": who})


def delivery(content, event="issues", secret="secret", encoded=False, **headers):  # noqa: S107
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    signature = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
    named = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "guid",
        "X-Hub-Signature-256": signature,
        "Content-Type": "application/json",
        **headers,
    }
    text = base64.b64encode(body).decode() if encoded else body.decode("latin-1")
    return {"version": "2.0", "headers": named, "body": text, "isBase64Encoded": encoded}


def send(world, content, event="issues", **more):
    answer = receive(world.ports, delivery(content, event, **more), REPOSITORY)
    return answer["statusCode"], json.loads(answer["body"])["message"]


def test_an_opened_issue_starts_a_run(world):
    assert send(world, payload())[0] == 202
    assert (world.stored.state, world.stored.number) == ("running", 1)
    assert world.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}


def test_the_second_delivery_of_the_same_start_starts_nothing(world):
    send(world, payload())
    before = world.stored
    send(world, payload("labeled", label={"name": "mlops:train"}), encoded=True)
    assert world.stored == before
    assert len(world.workflow.started) == 1


def test_a_crash_between_the_record_and_the_start_is_made_up_for(world):
    send(world, payload())
    world.workflow.started.clear()
    world.ledger.deliveries.clear()
    send(world, payload())
    assert world.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}


def test_a_delivery_that_was_handled_is_not_looked_at_again(world):
    send(world, payload())
    world.issues.asked.clear()
    assert send(world, payload()) == (202, "ignored: this delivery was handled")
    assert world.issues.asked == []


def test_a_delivery_that_could_not_be_handled_may_come_again(world):
    world.issues.broken.add("permission")
    assert send(world, payload())[0] == 503
    world.issues.broken.clear()
    assert send(world, payload())[0] == 202
    assert world.stored.state == "running"


def test_a_handled_delivery_id_with_another_body_is_another_delivery(world):
    send(world, payload("labeled", label={"name": "bug"}))
    send(world, payload())
    assert world.stored.state == "running"


def test_a_body_that_is_too_large_is_refused_unread(world):
    assert send(world, b" " * (2 * 2**20 + 1))[0] == 413
    assert send(world, b" " * (2 * 2**20 + 1), encoded=True)[0] == 413


def test_what_was_said_before_the_start_is_no_command(world):
    world.run(start_at="2026-01-01T00:00:10Z", token="token")
    said = comment("/cancel")
    said["comment"]["created_at"] = "2026-01-01T00:00:09Z"
    assert "before the run" in send(world, said, "issue_comment")[1]
    said["comment"]["created_at"] = "2026-01-01T00:00:10Z"
    send(world, said, "issue_comment")
    assert world.stored.cancelled_by == "owner"


def test_the_second_delivery_of_an_invalid_start_waits_for_no_list(world):
    """GitHub tells of a new labelled issue twice."""
    world.issues.view = replace(world.issues.view, body="learning_type: none")
    world.issues.start = StartEvent(1, "owner", "2026-01-01T00:00:00Z")
    first, second = payload(), payload("labeled", label={"name": "mlops:train"})
    second["issue"]["updated_at"] = "2026-01-01T00:00:00Z"
    send(world, first)
    send(world, second)
    assert (world.stored.status, world.paused) == ("invalid", [])
    second["issue"]["updated_at"] = "2026-01-01T00:01:00Z"
    send(world, second)
    assert len(world.paused) == 2


class TestLimits:
    """A start over the limit of the hour is told once, and the sweep takes it up."""

    @pytest.fixture
    def full(self, world):
        world.settings["limits"] = StartLimits(person=2, repository=3)
        for number in range(2):
            world.ledger.add_start(str(number), "Owner", world.now)
        return world

    def test_one_person(self, full):
        send(full, payload())
        assert (full.stored.state, full.stored.postponed, full.workflow.started) == ("refused", True, {})
        (text,) = full.issues.written.values()
        assert "At most 2 runs of one person and 3 of this repository" in text

    def test_somebody_else_still_may(self, full):
        full.issues.permissions["maintainer"] = "maintain"
        send(full, payload(sender="maintainer"))
        assert full.stored.state == "running"
        assert len(full.ledger.counted) == 3

    def test_the_repository(self, full):
        full.ledger.add_start("3", "somebody", full.now)
        full.issues.permissions["maintainer"] = "maintain"
        send(full, payload(sender="maintainer"))
        assert full.stored.postponed

    def test_after_the_hour_a_delivery_starts_it(self, full):
        send(full, payload())
        full.now += timedelta(hours=1, seconds=1)
        send(full, payload("labeled", label={"name": "mlops:train"}))
        assert (full.stored.state, full.stored.postponed) == ("running", False)

    def test_what_is_refused_anyway_is_not_counted(self, full):
        full.ledger.counted.clear()
        full.issues.view = replace(full.issues.view, body="learning_type: none")
        send(full, payload())
        assert full.ledger.counted == {}


class TestRights:
    """Nobody starts anything with the right of somebody else."""

    @pytest.mark.parametrize("action", ["opened", "reopened"])
    def test_a_late_opening_lends_its_right_to_nobody(self, world, action):
        world.issues.start = StartEvent(2, "outsider")
        seen = payload(action)
        seen["issue"]["labels"] = [{"name": "bug"}]
        assert send(world, seen)[0] == 202
        assert (world.runs.stored, world.workflow.started) == ({}, {})
        seen["issue"]["labels"] = [{"name": "mlops:train"}]
        send(world, seen)
        assert world.stored.state == "running"

    def test_a_body_that_an_outsider_edited_after_the_label_was_applied(self, world):
        world.issues.view = replace(world.issues.view, author="outsider")
        seen = payload("labeled", label={"name": "mlops:train"})
        seen["issue"]["body"] = "what the maintainer has seen"
        send(world, seen)
        assert (world.stored.state, world.workflow.started) == ("refused", {})
        seen["issue"]["body"] = world.issues.view.body
        send(world, seen)
        assert world.stored.state == "running"

    def test_a_body_that_one_of_us_edited(self, world):
        seen = payload("labeled", label={"name": "mlops:train"})
        seen["issue"]["body"] = "as it was before"
        send(world, seen)
        assert world.stored.state == "running"


def test_a_list_of_events_that_lags_behind_is_read_again(world):
    answers = [None, None, StartEvent(1, "owner")]
    world.issues.newest_start = lambda issue: answers.pop(0)
    send(world, payload("labeled", label={"name": "mlops:train"}))
    assert (world.stored.state, len(world.paused)) == ("running", 2)


def test_the_label_applied_again_is_waited_for_after_the_end(world):
    body_hash = sha256(world.body.encode()).hexdigest()
    world.run(state="ended", start_key=f"1:{body_hash}")
    answers = [StartEvent(1, "owner"), StartEvent(2, "owner")]
    world.issues.newest_start = lambda issue: answers.pop(0)
    send(world, payload("labeled", label={"name": "mlops:train"}))
    assert (world.stored.state, world.stored.number, len(world.paused)) == ("running", 2, 1)


def test_somebody_without_permission_starts_nothing_and_is_told_once(world):
    world.issues.start = StartEvent(1, "stranger")
    send(world, payload(sender="stranger"))
    send(world, payload(sender="stranger"))
    assert world.workflow.started == {}
    assert len(world.issues.written) == 1


def test_an_invalid_body_is_answered(world):
    world.issues.view = world.issues.view.__class__(7, "Iris", "k: 1", "owner", ("mlops:train",), True, "")
    send(world, payload())
    assert (world.stored.state, world.workflow.started, world.issues.label) == ("refused", {}, "mlops:failed")
    (text,) = world.issues.written.values()
    assert "learning_type" in text


def test_a_permission_that_cannot_be_read_starts_nothing(world):
    world.issues.broken.add("permission")
    assert send(world, payload())[0] == 503
    assert (world.runs.stored, world.workflow.started) == ({}, {})


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"secret": "wrong"}, 401),
        ({"X-Hub-Signature-256": "sha256=é"}, 401),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"content": b"{"}, 400),
        ({"content": b"[]"}, 400),
        ({"event": "ping"}, 202),
    ],
)
def test_what_is_not_taken(world, changes, status):
    assert send(world, **{"content": payload(), **changes})[0] == status
    assert world.runs.stored == {}


def test_without_a_signature_nobody_is_asked(world):
    world.issues.me = pytest.fail
    event = delivery(payload())
    del event["headers"]["X-Hub-Signature-256"]
    assert receive(world.ports, event, REPOSITORY)["statusCode"] == 401


@pytest.mark.parametrize("body", ["%%%", None])
def test_a_body_that_is_no_base64(world, body):
    event = {**delivery(payload(), encoded=True), "body": body}
    assert receive(world.ports, event, REPOSITORY)["statusCode"] in (400, 401)


def test_a_reply_completes_the_operators_token(world):
    waiting(world)
    send(world, comment("/retrain n_estimators=50"), "issue_comment")
    assert world.issues.reactions == [50]
    assert world.workflow.succeeded == [("ask", {"reply": 50})]
    assert world.stored.reply.hyperparameters == {"n_estimators": 50}


def test_of_two_replies_one_wins(world):
    """The other one is written into the record while the first is being decided."""
    waiting(world)
    first = world.stored
    send(world, comment("/retrain n_estimators=50"), "issue_comment")
    accepted = world.stored
    world.runs.stored[7] = first
    world.runs.interfere = [lambda _: accepted]
    world.workflow.succeeded.clear()
    send(world, comment("/retrain n_estimators=99", 51), "issue_comment")
    assert world.stored.reply.hyperparameters == {"n_estimators": 50}
    assert "answer-51" in world.issues.written
    assert [output for _, output in world.workflow.succeeded] == [{"reply": 50}]


def test_a_reaction_that_is_refused_stops_nothing(world):
    waiting(world)
    world.issues.react = refused
    send(world, comment("/cancel"), "issue_comment")
    assert world.stored.cancelled_by == "owner"


def refused(issue, comment):
    raise PlatformError("GitHub answered 403")


def test_a_cancel_fails_the_token(world):
    waiting(world)
    send(world, comment("/cancel"), "issue_comment")
    assert world.stored.cancelled_by == "owner"
    assert [call[:2] for call in world.workflow.failed] == [("ask", "Cancelled")]


def test_a_record_that_keeps_changing_is_left_for_later(world):
    waiting(world)
    world.runs.interfere = [lambda run: run] * (MOST_TRIES + 1)
    assert send(world, comment("/cancel"), "issue_comment")[0] == 503
    assert world.workflow.failed == []


def test_a_stranger_is_ignored(world):
    waiting(world)
    assert send(world, comment("/cancel", author="stranger"), "issue_comment")[0] == 202
    assert (world.issues.reactions, world.issues.written) == ([], {})


def waiting(world):
    world.run()
    for task, token in (("start_training", "token"), ("judge", None), ("ask_operator", "ask")):
        if task == "judge":
            world.end_pipeline(met=False)
        run_task(world.ports, {"task": task, "issue": 7, "run": 1, "token": token})
    world.issues.written.clear()
