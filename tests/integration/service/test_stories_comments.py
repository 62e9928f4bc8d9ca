"""What comments do, and which do nothing, told over HTTP on the local GitHub and on another one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.service.world import GOOD, POOR, SLOW, until

HELPS = "/retrain n_estimators=95"
REPLY = "```yaml\nadjusted_hyperparameters:\n  n_estimators: 95\n```"
NO_COMMANDS = {
    "talk": "I would retrain with n_estimators=95, or write /cancel.",
    "fence of another purpose": f"```sh\n{HELPS}\n```",
    "code block": f"    {HELPS}",
    "quote": f"> {HELPS}\n\nNo, wait.",
    "HTML comment": f"<!--\n{HELPS}\n-->\nNice weather.",
    "quoted fence": "> ```yaml\n> adjusted_hyperparameters:\n>   n_estimators: 95\n> ```",
}


@pytest.fixture(scope="module")
def waiting(world):
    """One issue that waits, for comments that change nothing."""
    return world.open(POOR).has("mlops:waiting")


def test_a_reply_that_helps(world):
    story = world.open(POOR).has("mlops:waiting")
    comment = story.say(REPLY, "wren")
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1", "attempt-2"]
    assert story.history() == ["attempt 1: below_threshold", "attempt 2: registered"]
    assert list(story.told()) == ["progress-1", "result-1", "result-2", "final-1"]
    assert story.reacted(comment)


@pytest.mark.parametrize("who", ["rita", "tria", "robot[bot]"])
@pytest.mark.parametrize("text", [HELPS, "/cancel", "/status"])
def test_of_an_outsider_or_a_bot(world, waiting, who, text):
    before = waiting.told()
    comment = waiting.say(text, who)
    world.settle()
    assert (waiting.told(), waiting.executions()) == (before, ["attempt-1"])
    assert "mlops:waiting" in waiting.labels()
    assert not waiting.reacted(comment)


@pytest.mark.parametrize("text", NO_COMMANDS.values(), ids=NO_COMMANDS)
def test_that_holds_no_command(world, waiting, text):
    comment = waiting.say(text)
    world.settle()
    assert f"answer-{comment.id}" not in waiting.told() or "Did you mean" in waiting.told()[f"answer-{comment.id}"]
    assert (waiting.executions(), waiting.labels() & {"mlops:waiting"}) == (["attempt-1"], {"mlops:waiting"})


def test_that_is_edited_into_a_command(world, waiting):
    comment = waiting.say("Good morning")
    comment.edit(HELPS)
    comment.edit("/cancel")
    world.settle()
    assert f"answer-{comment.id}" not in waiting.told()
    assert (waiting.executions(), waiting.labels() & {"mlops:waiting"}) == (["attempt-1"], {"mlops:waiting"})


def test_that_is_deleted_at_once_or_later_does_no_harm(world, waiting):
    comment = waiting.say("/status")
    assert "waiting" in waiting.answer_to(comment)
    comment.delete()
    world.settle()
    assert waiting.executions() == ["attempt-1"]


def test_an_invalid_reply_and_one_that_changes_nothing(world):
    story = world.open(POOR).has("mlops:waiting")
    invalid = story.answer_to(story.say("/retrain n_estimators=-5 n_estimatrs=3"))
    assert "n_estimatrs" in invalid
    assert "-5" in invalid
    assert "change nothing" in story.answer_to(story.say("/retrain n_estimators=10"))
    assert "Did you mean" in story.answer_to(story.say("/cancle"))
    assert story.executions() == ["attempt-1"]
    story.has("mlops:waiting").say(HELPS)
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1", "attempt-2"]


def test_two_replies_at_once(world):
    story = world.open(POOR).has("mlops:waiting")
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(story.say, (HELPS, "/retrain n_estimators=96"), ("owner", "wren")))
    story.has("mlops:registered", run=1)
    world.settle()
    answers = [story.told().get(f"answer-{comment.id}") for comment in said]
    given = [answer for answer in answers if answer is not None]
    assert len(given) <= 1  # none where the newer one came first: the older one is late then, and left alone
    assert all("nothing" in answer or "not used" in answer for answer in given)
    assert story.executions() == ["attempt-1", "attempt-2"]
    assert story.history() == ["attempt 1: below_threshold", "attempt 2: registered"]


def test_a_reply_while_it_runs_is_not_kept(world):
    story = world.open(SLOW).has("mlops:running")
    assert "not waiting" in story.answer_to(story.say("/retrain n_estimators=50"))
    story.say("/cancel")
    story.has("mlops:failed", run=1)
    assert story.executions() == ["attempt-1"]


def test_a_reply_when_it_has_ended(world):
    story = world.open(GOOD).has("mlops:registered", run=1)
    assert "No run is going on" in story.answer_to(story.say("/retrain n_estimators=99"))
    assert "nothing to cancel" in story.answer_to(story.say("/cancel"))
    assert story.executions() == ["attempt-1"]


def test_cancel_while_it_runs_and_while_it_waits(world):
    running, waiting = world.open(SLOW).has("mlops:running"), world.open(POOR).has("mlops:waiting")
    for story in (running, waiting):
        comment = story.say("/cancel", "wren")
        story.has("mlops:failed", run=1)
        assert "ancelled" in story.told()["final-1"]
        assert "by wren" in story.told()["final-1"]
        assert story.reacted(comment)
        assert story.executions() == ["attempt-1"]
    assert running.history() == ["attempt 1: cancelled"]


def test_status_and_help(world):
    story = world.open(POOR).has("mlops:waiting")
    status = story.answer_to(story.say("/status", "maria"))
    assert "waiting for a reply" in status
    assert "accuracy 0.1" in status
    assert "/retrain" in story.answer_to(story.say("/help"))
    story.say("/cancel")
    story.has("mlops:failed", run=1)
    assert "ancelled" in story.answer_to(story.say("/status"))


def test_a_forged_marker_is_nobodys(world):
    forged = "### Registered ✅\n\n<!-- mlops:{} -->"
    story = world.open(POOR, labels=())
    said = [story.say(forged.format(marker)) for marker in ("progress-1", "result-1", "final-1")]
    story.issue().add_to_labels("mlops:train")
    story.has("mlops:waiting")
    said.append(story.say(forged.format("final-1")))
    story.say(HELPS)
    story.has("mlops:registered", run=1)
    assert {"progress-1", "result-1", "result-2", "final-1"} <= story.told().keys()
    texts = {comment.id: comment.body for comment in story.issue().get_comments()}
    assert all(texts[comment.id] == comment.body for comment in said)
    until(lambda: story.history() == ["attempt 1: below_threshold", "attempt 2: registered"], "the history")
