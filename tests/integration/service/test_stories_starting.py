"""What starts a run and what ends it, told over HTTP on the local GitHub and on another one."""

from __future__ import annotations

import pytest

from tests.integration.service.world import GOOD, INVALID, POOR, SLOW, TRAIN, body, until

REGISTERED = "attempt 1: registered"


def test_opened_with_the_label(world):
    story = world.open(GOOD, "wren").has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]
    assert story.history() == [REGISTERED]
    assert list(story.told()) == ["progress-1", "result-1", "final-1"]
    assert story.labels() == {TRAIN, "mlops:registered"}
    assert story.issue().state == "open"


@pytest.mark.parametrize("path", ["/sagemaker", "/sagemaker/"])
def test_sagemakers_clients_see_the_execution(world, path):
    story = world.open(GOOD).has("mlops:registered", run=1)
    assert f"issue-{story.number}-attempt-1" in world.executions(path)


def test_labelled_later(world):
    story = world.open(GOOD, labels=())
    world.settle()
    assert (story.executions(), story.told(), story.labels()) == ([], {}, set())
    story.issue("maria").add_to_labels(TRAIN)
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]


def test_when_all_workers_are_busy_it_waits_its_turn(world):
    busy = [world.open(SLOW).has("mlops:running") for _ in range(2)]
    first, second = (world.open(GOOD) for _ in range(2))
    until(lambda: "place 1 in the queue" in first.told().get("progress-1", ""), "the first place")
    until(lambda: "place 2 in the queue" in second.told().get("progress-1", ""), "the second place")
    assert world.service.health()["queue"] == 2
    for story in busy:
        story.say("/cancel")
    for story in (first, second):
        story.has("mlops:registered", run=1)
        assert "in the queue" not in story.told()["progress-1"]


def test_another_label_starts_nothing(world):
    story = world.open(GOOD, labels=("bug",))
    story.issue().add_to_labels("mlops:registered")
    world.settle()
    assert (story.executions(), story.told()) == ([], {})


def test_edited_while_invalid(world):
    story = world.open(INVALID).has("mlops:failed")
    (answer,) = story.told().values()
    assert "n_estimators" in answer
    assert "-1" in answer
    story.issue().edit(body=body(-2))
    until(lambda: len(story.told()) == 2, "the second answer")
    assert story.executions() == []
    story.issue().edit(body=GOOD)
    story.has("mlops:registered", run=1)
    assert (story.executions(), story.history()) == (["attempt-1"], [REGISTERED])


def test_edited_while_running(world):
    story = world.open(SLOW).has("mlops:running")
    story.issue().edit(body=body(96))
    until(lambda: any("ignored until this run ends" in text for text in story.told().values()), "an answer")
    assert story.executions() == ["attempt-1"]
    story.say("/cancel")
    story.has("mlops:failed", run=1)
    world.settle()
    assert story.executions() == ["attempt-1"]
    story.issue().edit(body=body(97))
    story.has("mlops:registered", run=2)
    assert (story.executions(), story.history()[-1]) == (["attempt-1", "attempt-2"], "attempt 2: registered")


def test_edited_when_ended(world):
    story = world.open(GOOD).has("mlops:registered", run=1)
    story.issue().edit(title="Only the title")
    world.settle()
    assert story.executions() == ["attempt-1"]
    story.issue().edit(body=body(99))
    story.has("mlops:registered", run=2)
    assert story.executions() == ["attempt-1", "attempt-2"]
    assert story.history() == [REGISTERED, "attempt 2: registered"]


def test_labelled_again(world):
    story = world.open(GOOD).has("mlops:registered", run=1)
    story.issue().remove_from_labels(TRAIN)
    world.settle()
    assert story.executions() == ["attempt-1"]
    story.issue("wren").add_to_labels(TRAIN)
    story.has("mlops:registered", run=2)
    assert story.executions() == ["attempt-1", "attempt-2"]


def test_reopened(world):
    story = world.open(GOOD).has("mlops:registered", run=1)
    story.issue().edit(state="closed")
    world.settle()
    assert story.executions() == ["attempt-1"]
    story.issue().edit(state="open")
    story.has("mlops:registered", run=2)
    assert story.executions() == ["attempt-1", "attempt-2"]


def test_closed_while_running(world):
    story = world.open(SLOW).has("mlops:running")
    story.issue().edit(state="closed")
    story.has("mlops:failed", run=1)
    assert "ancelled" in story.told()["final-1"]
    assert (story.executions(), story.issue().state) == (["attempt-1"], "closed")
    assert story.history() == ["attempt 1: cancelled"]


def test_unlabelled_while_running(world):
    story = world.open(SLOW).has("mlops:running")
    story.issue().remove_from_labels(TRAIN)
    story.has("mlops:failed", run=1)
    assert "ancelled" in story.told()["final-1"]
    assert story.labels() == {"mlops:failed"}


def test_closed_while_waiting(world):
    story = world.open(POOR).has("mlops:waiting")
    story.issue().edit(state="closed")
    story.has("mlops:failed", run=1)
    assert (story.executions(), story.history()) == (["attempt-1"], ["attempt 1: below_threshold"])


def test_labels_of_the_bot_that_somebody_else_applies_change_nothing(world):
    story = world.open(POOR).has("mlops:waiting")
    story.issue().add_to_labels("mlops:registered")
    world.settle()
    assert story.executions() == ["attempt-1"]
    story.say("/retrain n_estimators=95")
    story.has("mlops:registered", run=1)


def test_an_issue_form_that_an_outsider_opened(world):
    story = world.open_by_form(GOOD, "rita")
    until(lambda: story.told(), "an answer")
    world.settle()
    (answer,) = story.told().values()
    assert "maintainer" in answer
    assert "mlops:train" in answer
    story.issue("rita").edit(body=body(94))
    story.issue("rita").create_comment("/retrain n_estimators=95")
    world.settle()
    assert (list(story.told().values()), story.executions(), story.history()) == ([answer], [], [])
    story.issue("maria").remove_from_labels(TRAIN)
    story.issue("maria").add_to_labels(TRAIN)
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]


def test_an_outsider_edits_an_ended_issue_of_theirs(world):
    story = world.open(GOOD, "rita", labels=())
    story.issue("wren").add_to_labels(TRAIN)
    story.has("mlops:registered", run=1)
    story.issue("rita").edit(body=body(94))
    world.settle()
    until(lambda: any("maintainer" in text for text in story.told().values()), "an answer")
    assert story.executions() == ["attempt-1"]


def test_a_bot_starts_nothing(world):
    opened = world.open(GOOD, "robot[bot]")
    labelled = world.open(GOOD, labels=())
    labelled.issue("robot[bot]").add_to_labels(TRAIN)
    world.settle()
    assert (opened.executions(), opened.told()) == ([], {})
    assert (labelled.executions(), labelled.told()) == ([], {})
