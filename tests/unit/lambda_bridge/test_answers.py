from __future__ import annotations

from datetime import UTC, datetime

import pytest

from algorithms.errors import Problem
from lambda_bridge import answers
from lambda_bridge.commands import Adjust, Cancel, Help, Status, read_command
from lambda_bridge.runs import Attempt, Run
from pipelines.request import parse_request

REQUEST = parse_request({"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "max_retry": 2})
PRIMARY = {"primary": {"name": "accuracy", "value": 0.9, "score": 0.9}}


def run(**changes):
    given = {
        "issue": 7,
        "state": "waiting",
        "title": "t",
        "slug": "t",
        "author": "alice",
        "start_key": "1:x",
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "request": REQUEST,
        "attempts": (Attempt(number=1, status="below_threshold", metrics=PRIMARY, record_url="https://example.org/1"),),
    }
    return Run(**{**given, **changes})


class TestStatus:
    def test_a_waiting_run_tells_what_it_waits_for(self):
        text = answers.status(run())
        assert text.startswith("### Run 1: waiting for a reply ⏸️\n\n`xgboost` on `iris`, attempt 1 of at most 3.\n")
        assert "| [1](<https://example.org/1>) | accuracy 0.9 | below the threshold ⚠️ | the defaults |" in text
        assert "2 retries left" in text

    def test_the_best_of_several_is_named(self):
        better = Attempt(number=2, metrics={"primary": {"name": "accuracy", "value": 0.95, "score": 0.95}})
        text = answers.status(run(state="running", attempts=(*run().attempts, better, Attempt(number=3))))
        assert "Best so far: attempt 2, accuracy 0.95." in text
        assert "| 3 |  |  | the defaults |" in text
        assert "running ⏳" in text

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"cancelled_by": "@octocat"}, "being cancelled, by `@\u200boctocat`"),
            ({"state": "ended", "status": "registered"}, "ended, registered ✅"),
            ({"state": "ended"}, "### Run 1: ended\n"),
            ({"state": "refused", "request": None, "number": 0, "attempts": ()}, "### not started\n"),
            ({"state": "running", "attempts": ()}, "### Run 1: running ⏳\n"),
        ],
    )
    def test_each_state_has_a_word(self, changes, told):
        text = answers.status(run(**changes))
        assert told in text
        assert "Reply with" not in text
        assert ("apply the label" in text) == (changes.get("state") in ("ended", "refused"))


def test_the_commands_of_the_table_are_those_that_are_read():
    assert read_command("/cancel") == Cancel()
    assert read_command("/status") == Status()
    assert read_command("/help") == Help()
    assert read_command("/retrain name=value") == Adjust({"name": "value"})
    text = answers.help_text()
    for command in ("adjusted_hyperparameters:", "/retrain", "/cancel", "/status", "/approve", "/help"):
        assert f"`{command}" in text


def test_an_invalid_reply_counts_its_problems():
    text = answers.invalid_reply([Problem("max_depth", 0, "max_depth: <b> @octocat.")], waiting=True)
    assert text.startswith("### This reply has 1 problem\n")
    assert "@octocat" not in text
    assert "<b>" not in text
    assert "I go on waiting" in text
    assert "waiting" not in answers.invalid_reply([], waiting=False)


def test_names_of_strangers_are_inert():
    text = answers.did_you_mean("/cancel @octocat <b>", "/cancel")
    assert "@octocat" not in text
    assert "<b>" not in text
    assert "`/cancel`?" in text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (answers.refused(), "remove the label `mlops:train`, and apply it again"),
        (answers.still_ending(), "once it has ended"),
        (answers.edit_ignored(), "edit the issue again then"),
        (answers.not_waiting(), "Post it again when I ask"),
        (answers.already_accepted(), "Post it again when I ask"),
        (answers.changes_nothing(), "Reply with at least one other value"),
        (answers.ended(), "apply the label `mlops:train` again"),
        (answers.being_cancelled(), "apply the label `mlops:train` again"),
        (answers.nothing_runs(), "nothing to cancel"),
    ],
)
def test_every_answer_says_what_to_do(text, advice):
    assert advice in text
