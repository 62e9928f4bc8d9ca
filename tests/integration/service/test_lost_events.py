"""Webhooks and pipeline events that are lost, late, doubled or out of order change no end: the sweep looks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.integration.service.process import Switches
from tests.integration.service.world import GOOD, INVALID, POOR, SLOW, TRAIN, body, until

HELPS = "/retrain n_estimators=95"
BOTH = ["attempt 1: below_threshold", "attempt 2: registered"]
OFTEN = 0.3
"""Seconds between sweeps."""


@pytest.fixture(scope="module")
def deaf(make_world):
    """No webhook comes, and of no pipeline event anything is heard."""
    world = make_world("other", Switches(sweep_seconds=OFTEN, lose_pipeline_events=True))
    world.other.hook.mode = "lost"
    return world


@pytest.fixture(scope="module")
def mixed(make_world):
    """Every webhook comes twice, late, and in another order."""
    world = make_world("other", Switches(sweep_seconds=OFTEN))
    world.other.hook.mode = "mixed"
    return world


@pytest.fixture(scope="module", params=["deaf", "mixed"])
def troubled(request):
    return request.getfixturevalue(request.param)


def test_a_run_with_a_reply(troubled):
    story = troubled.open(POOR).has("mlops:waiting")
    comment = story.say(HELPS, "wren")
    story.has("mlops:registered", run=1)
    assert (story.executions(), story.history()) == (["attempt-1", "attempt-2"], BOTH)
    assert list(story.told()) == ["progress-1", "result-1", "result-2", "final-1"]
    assert story.reacted(comment)


def test_it_all_ends_as_if_nothing_had_been_lost(deaf, mixed, make_world):
    stories = []  # on a dataset of their own, since results and advice of other issues on the same one are used
    for world in (make_world("other"), deaf, mixed):
        story = world.open(POOR.replace("iris", "wine")).has("mlops:waiting")
        story.say(HELPS)
        stories.append(story.has("mlops:registered", run=1))
    usual, *others = [{marker: plain(text) for marker, text in story.told().items()} for story in stories]
    for told in others:
        assert told == usual


def plain(text):
    """A comment without numbers, of which some are durations, ids and versions."""
    return re.sub(r"\d+", "", text)


def test_an_invalid_body_that_is_corrected(troubled):
    story = troubled.open(INVALID).has("mlops:failed")
    assert len(story.told()) == 1
    story.issue().edit(body=GOOD)
    story.has("mlops:registered", run=1)
    assert (story.executions(), story.history()) == (["attempt-1"], ["attempt 1: registered"])


@pytest.mark.parametrize("change", [{"state": "closed"}, {"labels": []}], ids=["closed", "label removed"])
def test_what_cancels(troubled, change):
    story = troubled.open(SLOW).has("mlops:running")
    if "state" in change:
        story.issue().edit(state="closed")
    else:
        story.issue().remove_from_labels(TRAIN)
    story.has("mlops:failed", run=1)
    assert "ancelled" in story.told()["final-1"]
    assert (story.executions(), story.history()) == (["attempt-1"], ["attempt 1: cancelled"])


def test_labelled_again_and_reopened(troubled):
    story = troubled.open(GOOD).has("mlops:registered", run=1)
    story.issue().remove_from_labels(TRAIN)
    story.issue("maria").add_to_labels(TRAIN)
    story.has("mlops:registered", run=2)
    story.issue().edit(state="closed")
    story.issue().edit(state="open")
    story.has("mlops:registered", run=3)
    assert story.executions() == ["attempt-1", "attempt-2", "attempt-3"]


def test_commands(troubled):
    story = troubled.open(POOR).has("mlops:waiting")
    assert "waiting for a reply" in story.answer_to(story.say("/status"))
    assert "-5" in story.answer_to(story.say("/retrain n_estimators=-5"))
    story.say("/cancel")
    story.has("mlops:failed", run=1)
    assert story.executions() == ["attempt-1"]


def test_an_issue_form_that_an_outsider_opened(troubled):
    story = troubled.open_by_form(GOOD, "rita")
    until(story.told, "an answer")
    story.say(HELPS, "rita")
    troubled.sweep()
    assert (len(story.told()), story.executions()) == (1, [])
    story.issue("maria").remove_from_labels(TRAIN)
    story.issue("maria").add_to_labels(TRAIN)
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]


def test_of_an_outsider_or_a_bot(troubled):
    story = troubled.open(POOR).has("mlops:waiting")
    for who in ("rita", "tria", "robot[bot]"):
        story.say(HELPS, who)
    troubled.sweep()
    assert (list(story.told()), story.executions()) == (["progress-1", "result-1"], ["attempt-1"])


def test_a_label_that_a_bot_applied_starts_nothing(deaf):
    story = deaf.open(GOOD, labels=())
    story.issue("robot[bot]").add_to_labels(TRAIN)
    deaf.sweep()
    assert story.executions() == []


def test_a_command_that_was_edited_is_asked_for_anew(deaf):
    story = deaf.open(POOR).has("mlops:waiting")
    edited = story.say("Good evening")
    deaf.other.ahead += timedelta(seconds=2)
    edited.edit(HELPS)
    story.say("/status")
    assert "post a new comment" in story.answer_to(edited)
    assert story.executions() == ["attempt-1"]


@pytest.mark.parametrize("text", ["/cancel", HELPS])
def test_commands_from_before_the_start_are_not_obeyed(troubled, text):
    story = troubled.open(POOR, labels=())
    story.say(text)
    troubled.other.ahead += timedelta(seconds=2)
    story.issue().add_to_labels(TRAIN)
    story.has("mlops:waiting")
    troubled.sweep()
    assert story.labels() == {TRAIN, "mlops:waiting"}
    assert story.executions() == ["attempt-1"]


def test_an_edit_of_the_body_while_it_runs(deaf):
    story = deaf.open(SLOW).has("mlops:running")
    story.issue().edit(body=body(96))
    until(lambda: any("ignored until this run ends" in text for text in story.told().values()), "an answer")
    story.say("/cancel")
    story.has("mlops:failed", run=1)
    assert story.executions() == ["attempt-1"]


def test_comments_and_labels_that_are_gone_are_told_again(deaf):
    story = deaf.open(GOOD).has("mlops:registered", run=1)
    deaf.other.ahead += timedelta(minutes=1)
    next(comment for comment in story.comments() if "final-1" in comment.body).delete()
    story.issue().remove_from_labels("mlops:registered")
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]
    deaf.other.ahead = timedelta()


def test_every_delivery_was_answered(mixed):
    mixed.open(GOOD).has("mlops:registered", run=1)
    mixed.other.hook.wait()
    sent = [delivery.answers for delivery in mixed.other.hook.log if delivery.answers]
    assert len(sent) >= 5
    assert all([status for status, _ in answers] == [202, 202] for answers in sent)


@pytest.mark.slow
def test_a_wait_that_nobody_ended_and_deliveries_that_come_days_later(make_world):
    world = make_world("other", Switches())
    ended, waiting = world.open(GOOD).has("mlops:registered", run=1), world.open(POOR).has("mlops:waiting")
    world.settle()
    deliveries = list(world.other.hook.log)
    world.service.restart(Switches(days_ahead=3))
    until(lambda: "reminder-1" in waiting.told(), "a reminder")
    for delivery in deliveries:
        world.other.hook.send(delivery)
    world.settle()
    assert (ended.executions(), waiting.executions()) == (["attempt-1"], ["attempt-1"])
    world.service.restart(Switches(days_ahead=8))
    waiting.has("mlops:failed", run=1)
    assert "7 days" in waiting.told()["final-1"]
    assert "No run is going on" in waiting.answer_to(waiting.say(HELPS))
    assert (waiting.executions(), waiting.history()) == (["attempt-1"], ["attempt 1: below_threshold"])
    assert list(ended.told()) == ["progress-1", "result-1", "final-1"]
