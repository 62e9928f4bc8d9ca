"""Decisions about versions, from the comment to the registry."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.events import CommentEvent
from lambda_bridge.pipeline_events import refresh
from lambda_bridge.ports import ConflictError, Version
from lambda_bridge.review import go_on
from lambda_bridge.runs import Attempt
from lambda_bridge.sweep import sweep
from lambda_bridge.webhook import handle

ARN = "arn:aws:sagemaker:eu-west-1:1:model-package/g/"


@pytest.fixture
def registered(world):
    """Versions 1 and 2 approved, 3 pending and registered by issue 7."""
    world.run(state="ended", status="registered", attempts=(Attempt(number=1, model_package_arn=f"{ARN}3"),))
    states = {3: "PendingManualApproval", 2: "Approved", 1: "Approved"}
    world.registry.listed = [Version(number, f"{ARN}{number}", state) for number, state in states.items()]
    return world


def say(world, text, comment=100, author="owner"):
    handle(world.ports, CommentEvent(7, comment, author, text, f"delivery-{comment}", "2026-01-02T00:00:00Z"))
    for issue in world.handed_over:
        go_on(world.ports, issue)
    world.handed_over.clear()


def checked(world, status="Succeeded", reason=None, comment=100):
    """The execution that checks the version ends."""
    arn = f"arn:issue-7-rollback-{comment}"
    if reason is not None:
        world.pipelines.listed = [{"StepName": "CheckModel", "StepStatus": "Failed", "FailureReason": reason}]
    world.pipelines.end(arn, status)
    refresh(world.ports, arn)
    assert world.handed_over == [7]
    go_on(world.ports, world.handed_over.pop())


def states(world):
    return {version.number: version.approval for version in world.registry.listed}


def records(world):
    return [json.loads(content) for files, _ in world.history.commits for content in files.values()]


def test_approving_says_who_when_and_why(registered):
    say(registered, "/approve\n\nBetter on the rare class.")
    assert states(registered)[3] == "Approved"
    description = registered.registry.told[0][2]
    assert description == "approved by owner on issue 7, 2026-01-01T00:00:00+00:00: Better on the rare class."
    text = registered.issues.written["answer-100"]
    assert "### Approved version 3 ✅" in text
    assert "Version 3 is the live one; before, it was version 2." in text
    (record,) = records(registered)
    assert (record["action"], record["by"], record["why"]) == ("approve", "owner", "Better on the rare class.")
    assert (record["live_before"], record["live"]) == (f"{ARN}2", f"{ARN}3")
    assert registered.issues.reactions == [100]
    assert "Approved version 3" in registered.notices.told[0].subject
    assert registered.runs.stored[7].review is None


def test_an_older_version_that_is_approved_does_not_become_the_live_one(registered):
    registered.registry.listed[2] = Version(1, f"{ARN}1", "Rejected")
    say(registered, "/approve 1")
    assert "Version 2 is newer and approved, so it stays the live one." in registered.issues.written["answer-100"]


def test_rejecting_the_live_one_goes_back_to_the_one_before(registered):
    say(registered, "/reject 2 drifted")
    assert states(registered) == {3: "PendingManualApproval", 2: "Rejected", 1: "Approved"}
    assert "Version 1 is the live one; before, it was version 2." in registered.issues.written["answer-100"]


def test_rejecting_the_last_approved_one(registered):
    registered.registry.listed[2] = Version(1, f"{ARN}1", "Rejected")
    say(registered, "/reject 2")
    assert "No version is approved any more." in registered.issues.written["answer-100"]


def test_a_rollback_checks_the_older_version_first(registered):
    say(registered, "/rollback")
    assert states(registered)[2] == "Approved"
    assert "### Checking version 1" in registered.issues.written["answer-100"]
    parameters = registered.pipelines.parameters["arn:issue-7-rollback-100"]
    assert parameters["ModelUri"] == f"s3://bucket/{ARN}1/model.tar.gz"
    checked(registered)
    assert states(registered) == {3: "PendingManualApproval", 2: "Rejected", 1: "Approved"}
    text = registered.issues.written["answer-100"]
    assert "### Rolled back to version 1 ✅" in text
    assert "Version 1 is the live one; before, it was version 2." in text
    assert "rolled back from 2 to 1" in registered.registry.told[0][2]
    assert records(registered)[0]["checked_by"] == "arn:issue-7-rollback-100"


def test_a_damaged_version_is_refused_and_nothing_changes(registered):
    before = states(registered)
    say(registered, "/rollback 1")
    problem = {
        "error": "DatasetError",
        "problems": [{"key": "model", "message": "model.tar.gz: is damaged."}],
        "more": 0,
    }
    checked(registered, "Failed", f"AlgorithmError: {json.dumps(problem)}")
    assert states(registered) == before
    text = registered.issues.written["answer-100"]
    assert "### Not rolled back" in text
    assert "is damaged" in text
    assert "Nothing was changed" in text
    assert registered.registry.told == []
    assert registered.history.commits == []
    assert registered.runs.stored[7].review is None


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_check_that_fails_otherwise_is_refused(registered, status):
    say(registered, "/rollback 1")
    checked(registered, status, "CapacityError: no instance")
    assert registered.registry.told == []
    assert "The check did not end well" in registered.issues.written["answer-100"]


def test_what_was_decided_meanwhile_is_not_overruled(registered):
    say(registered, "/rollback")
    registered.registry.set_approval(f"{ARN}3", "Approved", "")
    registered.registry.told.clear()
    checked(registered)
    assert "while this one was checked" in registered.issues.written["answer-100"]
    assert registered.registry.told == []


def test_a_version_whose_artefact_lies_elsewhere(registered):
    registered.registry.elsewhere.add(f"{ARN}1")
    say(registered, "/rollback")
    assert "lies elsewhere" in registered.issues.written["answer-100"]
    assert registered.registry.told == []


def test_a_second_decision_waits_for_the_first(registered):
    say(registered, "/rollback")
    say(registered, "/approve 3", comment=101)
    assert "is still being done" in registered.issues.written["answer-101"]
    checked(registered)
    assert states(registered)[3] == "PendingManualApproval"


def test_the_same_comment_twice_is_done_once(registered):
    say(registered, "/approve 3")
    registered.registry.set_approval(f"{ARN}3", "Rejected", "by somebody else")
    say(registered, "/approve 3")
    assert states(registered)[3] == "Rejected"


@pytest.mark.parametrize("permission", ["read", "triage", "none"])
def test_who_may_not_act_changes_nothing(registered, permission):
    registered.issues.permissions["eve"] = permission
    say(registered, "/approve 3", author="eve")
    assert registered.registry.told == []
    assert registered.runs.stored[7].review is None


@pytest.mark.parametrize("broken", ["commit", "write", "read"])
def test_what_breaks_off_is_done_by_the_sweep(registered, broken):
    handle(registered.ports, CommentEvent(7, 100, "owner", "/reject 2", "d", "2026-01-02T00:00:00Z"))
    if broken == "commit":
        registered.history.broken = True
    else:
        registered.issues.broken = {broken}
    registered.handed_over.clear()
    try:
        go_on(registered.ports, 7)
        assert broken == "commit"
        assert "Not recorded in the history" in registered.issues.written["answer-100"]
        return
    except PlatformError:
        registered.issues.broken = set()
    sweep(registered.ports)
    go_on(registered.ports, registered.handed_over.pop())
    assert states(registered)[2] == "Rejected"
    assert "answer-100" in registered.issues.written
    assert len(records(registered)) == 1
    assert registered.runs.stored[7].review is None


def test_of_two_at_once_one_goes_on(registered):
    handle(registered.ports, CommentEvent(7, 100, "owner", "/approve 3", "d", "2026-01-02T00:00:00Z"))
    first = registered.runs.stored[7].review
    registered.runs.interfere = [lambda run: run.model_copy(update={"review": first.model_copy(update={"live": "x"})})]
    with pytest.raises(ConflictError):
        go_on(registered.ports, 7)
    assert registered.registry.told == []


def test_a_strangers_reason_is_inert(registered):
    say(registered, "/approve 3 @everyone <b>closes #1</b>")
    text = registered.issues.written["answer-100"]
    assert "@everyone" not in text
    assert "<b>" not in text
    assert "#1" not in text


def test_a_new_run_does_not_lose_the_decision(registered):
    say(registered, "/rollback")
    run = registered.runs.stored[7]
    registered.runs.save(run.model_copy(update={"state": "running"}))
    checked(registered)
    assert states(registered)[2] == "Rejected"


def test_what_to_write_instead_can_be_copied(registered):
    say(registered, "/rollback 3")
    assert "Write `/approve 3`." in registered.issues.written["answer-100"]
