"""No delivery came, no event: the sweep alone finds what people did and what a run waits for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.ports import CommentView, Execution, Patience, RateLimitError, StartEvent, StartLimits
from lambda_bridge.sweep import sweep
from lambda_bridge.tasks import run_task

OLD, FRESH = "2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z"
"""When the issue changed, before and at the moment of the world's clock."""


@pytest.fixture
def world(world):
    touched(world, OLD)
    return world


def touched(world, at=OLD, **changes):
    """The issue changed."""
    world.issues.view = replace(world.issues.view, updated=at, **changes)


def says(world, text, number=50, author="owner", **more):
    world.issues.said.append(CommentView(number, author, False, text, False, **more))
    touched(world, f"2025-12-31T00:00:{number:02}Z")


def refuse():
    raise PlatformError("GitHub answered 500")


def task(world, name, token=None):
    return run_task(world.ports, {"task": name, "issue": 7, "run": world.stored.number, "token": token, "error": {}})


def started(world):
    """A run whose training has begun, as the workflow began it."""
    sweep(world.ports)
    task(world, "start_training", "training")
    return world


def waiting(world):
    """A run that waits for the operator."""
    started(world).end_pipeline(met=False)
    task(world, "judge")
    task(world, "ask_operator", "ask")
    sweep(world.ports)
    return world


def ended(world, name="keep_previous"):
    """A run that is over."""
    started(world).end_pipeline(met=name == "record_success", score=0.95)
    task(world, "judge")
    task(world, name)
    world.workflow.ended.add("issue-7-run-1")
    sweep(world.ports)
    return world


class TestStarts:
    def test_a_labelled_issue_that_nobody_told_of(self, world):
        assert sweep(world.ports) == Counter(started=1)
        assert (world.stored.state, world.stored.author) == ("running", "owner")
        assert world.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}
        assert world.paused == []

    def test_the_person_of_the_newest_start_counts(self, world):
        world.issues.start = StartEvent(1, "outsider")
        assert sweep(world.ports) == Counter(answered=1)
        assert (world.stored.state, world.workflow.started) == ("refused", {})
        assert len(world.issues.written) == 1

    @pytest.mark.parametrize("bot", ["robot[bot]", "mlops-bot"])
    def test_a_bot_starts_nothing(self, world, bot):
        """Whatever it may do in the repository; `mlops-bot` is our own account."""
        world.issues.permissions[bot] = "write"
        world.issues.start = StartEvent(1, bot)
        assert sweep(world.ports) == Counter()
        assert (world.ports.runs.get(7), world.workflow.started, world.issues.written) == (None, {}, {})

    def test_the_author_counts_for_an_edit(self, world):
        world.issues.view = replace(world.issues.view, author="outsider", body="learning_type: none")
        sweep(world.ports)
        assert world.stored.status == "invalid"
        touched(world, "2025-12-31T01:00:00Z", body=world.body)
        assert sweep(world.ports) == Counter()
        assert (world.stored.state, world.workflow.started) == ("refused", {})

    def test_an_edit_of_an_invalid_issue(self, world):
        touched(world, body="learning_type: none")
        sweep(world.ports)
        touched(world, "2025-12-31T01:00:00Z", body=world.body)
        assert sweep(world.ports)["started"] == 1
        assert world.stored.state == "running"

    def test_the_label_applied_again_after_the_end(self, world):
        ended(world)
        world.issues.start = StartEvent(2, "owner")
        touched(world, "2025-12-31T01:00:00Z")
        assert sweep(world.ports)["started"] == 1
        assert world.stored.number == 2

    def test_nothing_new_after_the_end_starts_nothing(self, world):
        ended(world)
        for second in range(3):
            touched(world, f"2025-12-31T02:00:0{second}Z")
            assert sweep(world.ports) == Counter()
        assert world.stored.number == 1

    def test_an_edit_while_it_runs_is_answered_once(self, world):
        started(world)
        touched(world, "2025-12-31T01:00:00Z", body=world.body + "seed: 3\n")
        assert sweep(world.ports)["answered"] == 1
        touched(world, "2025-12-31T01:00:01Z")
        assert sweep(world.ports) == Counter()
        assert [marker for marker in world.issues.written if marker.startswith("edit-")] != []

    @pytest.mark.parametrize("changes", [{"open": False}, {"labels": ()}])
    def test_a_closed_or_unlabelled_issue_starts_nothing(self, world, changes):
        touched(world, **changes)
        assert sweep(world.ports) == Counter()
        assert world.runs.stored == {}

    def test_what_was_postponed_starts_when_there_is_room(self, world):
        world.settings["limits"] = StartLimits(person=1, repository=9)
        world.ledger.add_start("other", "owner", world.now)
        assert sweep(world.ports) == Counter(answered=1)
        assert sweep(world.ports) == Counter()
        assert (world.stored.postponed, world.workflow.started) == (True, {})
        world.now += timedelta(hours=2)
        assert sweep(world.ports) == Counter(started=1)
        assert (world.stored.state, world.stored.postponed) == ("running", False)


class TestCancels:
    @pytest.mark.parametrize(
        ("changes", "how"), [({"open": False}, "closing the issue"), ({"labels": ()}, "removing the label mlops:train")]
    )
    def test_closing_and_unlabelling(self, world, changes, how):
        started(world)
        touched(world, "2025-12-31T01:00:00Z", **changes)
        sweep(world.ports)
        assert world.stored.cancelled_by == how
        assert world.workflow.failed[0] == ("training", "Cancelled", f"by {how}")


class TestComments:
    def test_a_reply_that_no_webhook_brought(self, world):
        waiting(world)
        says(world, "/retrain n_estimators=20")
        assert sweep(world.ports)["answered"] == 1
        assert world.stored.reply.hyperparameters == {"n_estimators": 20}
        assert ("ask", {"reply": 50}) in world.workflow.succeeded

    def test_it_is_heard_once(self, world):
        waiting(world)
        says(world, "/retrain n_estimators=10")
        sweep(world.ports)
        assert "exactly these values" in world.issues.written["answer-50"]
        touched(world, "2025-12-31T02:00:00Z")
        world.issues.asked.clear()
        assert sweep(world.ports) == Counter()
        assert "permission" not in world.issues.asked

    def test_a_status_that_was_answered_stays_as_it_was(self, world):
        waiting(world)
        says(world, "/status")
        world.issues.written["answer-50"] = "as it was"
        sweep(world.ports)
        assert world.issues.written["answer-50"] == "as it was"

    def test_a_comment_that_was_edited_is_not_obeyed(self, world):
        waiting(world)
        world.issues.said.append(CommentView(50, "owner", False, "/cancel", edited=True))
        touched(world, "2025-12-31T02:00:00Z")
        sweep(world.ports)
        assert world.stored.cancelled_by is None
        assert "Please post a new comment" in world.issues.written["answer-50"]

    @pytest.mark.parametrize(
        ("author", "bot", "text"),
        [("outsider", False, "/cancel"), ("robot[bot]", True, "/cancel"), ("owner", False, "> /cancel")],
    )
    def test_others_and_quotes_are_left_alone(self, world, author, bot, text):
        waiting(world)
        before = dict(world.issues.written)
        world.issues.said.append(CommentView(50, author, bot, text, False))
        touched(world, "2025-12-31T02:00:00Z")
        assert sweep(world.ports) == Counter()
        assert (world.stored.cancelled_by, world.issues.written) == (None, before)

    def test_a_cancel_that_a_later_reply_overtook(self, world):
        waiting(world)
        world.runs.save(world.stored.model_copy(update={"handled_comment": 60}))
        says(world, "/cancel")
        sweep(world.ports)
        assert world.stored.cancelled_by == "owner"

    def test_what_was_said_before_the_start_is_no_command(self, world):
        world.issues.start = StartEvent(1, "owner", "2025-12-31T00:00:30Z")
        says(world, "/cancel", 40, created="2025-12-31T00:00:29Z")
        started(world)
        sweep(world.ports)
        assert world.stored.cancelled_by is None
        says(world, "/cancel", 41, created="2025-12-31T00:00:30Z")
        sweep(world.ports)
        assert world.stored.cancelled_by == "owner"

    def test_two_replies_at_once(self, world):
        waiting(world)
        says(world, "/retrain n_estimators=20", 50)
        says(world, "/retrain n_estimators=30", 51)
        sweep(world.ports)
        assert world.stored.reply.comment == 50
        assert "Another reply was accepted" in world.issues.written["answer-51"]


class TestRuns:
    def test_a_pipeline_whose_end_nobody_told(self, world):
        started(world).end_pipeline(met=True)
        assert sweep(world.ports) == Counter(completed=1)
        assert world.workflow.succeeded == [("training", {"status": "Succeeded"})]

    def test_the_progress_of_a_pipeline_whose_steps_nobody_told(self, world):
        started(world)
        world.now += timedelta(minutes=5)
        world.pipelines.listed = [{"StepName": "Prepare", "StepStatus": "Succeeded", "Metadata": {}}]
        assert sweep(world.ports) == Counter()
        assert "1 of 5 steps" in world.issues.written["progress-1"]

    def test_a_workflow_that_was_never_started(self, world):
        world.run()
        assert sweep(world.ports)["started"] == 1
        assert world.workflow.started == {"issue-7-run-1": {"issue": 7, "run": 1}}

    def test_a_workflow_that_somebody_stopped(self, world):
        started(world)
        world.workflow.ended.add("issue-7-run-1")
        assert sweep(world.ports)["ended"] == 1
        assert (world.stored.state, world.stored.status) == ("ended", "failed")
        assert "Its workflow was stopped" in world.issues.written["final-1"]
        assert world.pipelines.stopped == ["arn:issue-7-attempt-1"]

    def test_a_cancel_that_the_workflow_was_not_told(self, world):
        waiting(world)
        world.runs.save(world.stored.model_copy(update={"cancelled_by": "owner"}))
        assert sweep(world.ports) == Counter(completed=1)
        assert world.workflow.failed == [("ask", "Cancelled", "by owner")]

    def test_a_token_that_is_used_up_mends_nothing(self, world):
        waiting(world)
        world.runs.save(world.stored.model_copy(update={"cancelled_by": "owner"}))
        world.workflow.ended.add("ask")
        assert sweep(world.ports) == Counter()

    def test_the_operator_is_reminded_once(self, world):
        waiting(world)
        told = len(world.notices.told)
        world.now += timedelta(days=2) - timedelta(seconds=1)
        assert sweep(world.ports) == Counter()
        world.now += timedelta(seconds=1)
        assert sweep(world.ports) == Counter(reminded=1)
        assert sweep(world.ports) == Counter()
        assert len(world.notices.told) == told + 1
        assert "still waits for a reply" in world.issues.written["reminder-1"]

    def test_the_wait_ends(self, world):
        waiting(world)
        world.settings["patience"] = Patience(timedelta(days=1), timedelta(days=3))
        world.now += timedelta(days=3)
        assert sweep(world.ports) == Counter(reminded=1, abandoned=1)
        assert world.workflow.failed == [("ask", "Abandoned", "nobody answered within 3 days")]

    def test_an_accepted_reply_goes_before_the_end_of_the_wait(self, world):
        waiting(world)
        says(world, "/retrain n_estimators=20")
        world.now += timedelta(days=30)
        sweep(world.ports)
        assert world.workflow.failed == []
        assert world.stored.reply.comment == 50


class TestTold:
    def test_an_end_that_could_not_be_told(self, world):
        started(world).end_pipeline(met=False)
        task(world, "judge")
        world.issues.broken.add("write")
        task(world, "tell_failure")
        assert (world.stored.state, world.stored.untold) == ("ended", True)
        world.issues.broken.clear()
        assert sweep(world.ports)["told"] == 1
        assert "Ended" in world.issues.written["final-1"]
        assert (world.stored.untold, world.issues.label) == (False, "mlops:failed")

    def test_the_final_comment_that_somebody_deleted(self, world):
        ended(world, "record_success")
        del world.issues.written["final-1"]
        touched(world, "2025-12-31T02:00:00Z")
        told = len(world.notices.told)
        assert sweep(world.ports) == Counter(told=1)
        assert "Registered" in world.issues.written["final-1"]
        assert len(world.notices.told) == told

    def test_the_comment_that_asks(self, world):
        waiting(world)
        del world.issues.written["result-1"]
        touched(world, "2025-12-31T02:00:00Z")
        assert sweep(world.ports) == Counter(told=1)
        assert "What to try next" in world.issues.written["result-1"]
        assert len(world.history.commits) == 1

    @pytest.mark.parametrize(
        ("begin", "label"), [(started, "mlops:running"), (waiting, "mlops:waiting"), (ended, "mlops:failed")]
    )
    def test_a_label_that_somebody_took_away(self, world, begin, label):
        begin(world)
        assert world.issues.label == label
        world.issues.label = "mlops:registered"
        touched(world, "2025-12-31T02:00:00Z")
        assert sweep(world.ports) == Counter(relabelled=1)
        assert world.issues.label == label

    def test_a_label_that_changed_just_now_is_left_to_who_changes_it(self, world):
        waiting(world)
        world.issues.label = "mlops:running"
        touched(world, FRESH)
        assert sweep(world.ports) == Counter()
        assert world.issues.label == "mlops:running"


class TestQuiet:
    """As long as nothing changes, GitHub is asked for one list."""

    @pytest.mark.parametrize("begin", [started, waiting, ended])
    def test_one_question(self, world, begin):
        begin(world)
        sweep(world.ports)
        world.issues.asked.clear()
        record = world.stored
        assert sweep(world.ports) == Counter()
        assert world.issues.asked == ["labelled"]
        assert world.stored == record

    def test_what_changed_just_now_is_looked_at_again(self, world):
        waiting(world)
        touched(world, FRESH)
        sweep(world.ports)
        assert world.stored.swept != FRESH
        world.issues.said.append(CommentView(50, "owner", False, "/retrain n_estimators=20", False))
        sweep(world.ports)
        assert world.stored.reply is not None


class TestUnowned:
    @pytest.mark.parametrize("name", ["issue-7-attempt-2", "issue-8-attempt-1"])
    def test_an_execution_that_no_run_waits_for_is_stopped(self, world, name):
        started(world)
        world.pipelines.executions["arn:lost"] = Execution("arn:lost", name, "Executing", world.now, world.now)
        assert sweep(world.ports) == Counter(stopped=1)
        assert world.pipelines.stopped == ["arn:lost"]

    @pytest.mark.parametrize("name", ["nightly", "execution-1700000000", "issue-7-attempt-1-copy", ""])
    def test_what_other_people_started_is_not_ours(self, world, name):
        started(world)
        world.pipelines.executions["arn:other"] = Execution("arn:other", name, "Executing", world.now, world.now)
        assert sweep(world.ports) == Counter()

    def test_our_own_goes_on_although_its_arn_was_not_stored(self, world):
        started(world)
        world.runs.save(world.stored.with_attempt(execution_arn=None))
        assert sweep(world.ports)["stopped"] == 0

    def test_the_one_that_came_back_under_our_name_is_not_ours(self, world):
        started(world)
        copy = replace(world.pipelines.executions["arn:issue-7-attempt-1"], arn="arn:copy")
        world.pipelines.executions["arn:copy"] = copy
        assert sweep(world.ports) == Counter(stopped=1)
        assert world.pipelines.stopped == ["arn:copy"]


class TestTrouble:
    def test_one_issue_that_cannot_be_mended_keeps_no_other_waiting(self, world):
        started(world)
        world.run(issue=6)
        world.issues.broken.add("read")
        world.end_pipeline(met=True)
        assert sweep(world.ports)["completed"] == 1

    def test_a_defect_keeps_no_other_waiting(self, world, caplog):
        started(world).end_pipeline(met=True)
        world.run(issue=6)
        world.workflow.state = lambda name: {"issue-7-run-1": "running"}[name]
        assert sweep(world.ports)["completed"] == 1

    def test_a_comment_that_cannot_be_judged_keeps_no_other_waiting(self, world):
        waiting(world)
        says(world, "/status", 50, author="stranger")
        says(world, "/retrain n_estimators=20", 51)
        known = world.issues.permission
        world.issues.permission = lambda user: known(user) if user == "owner" else refuse()
        assert sweep(world.ports)["answered"] == 1
        assert (world.stored.reply.comment, world.stored.swept_comment) == (51, 0)
        world.issues.permission = known
        assert sweep(world.ports) == Counter(completed=1)
        assert world.stored.swept_comment == 51

    def test_what_people_want_cannot_be_read_and_the_run_goes_on(self, world):
        waiting(world)
        says(world, "/status", 50, author="stranger")
        world.issues.broken.add("permission")
        world.now += timedelta(days=20)
        assert sweep(world.ports) == Counter(reminded=1, abandoned=1)

    def test_github_wants_a_pause(self, world):
        world.issues.limited = 30
        with pytest.raises(RateLimitError) as caught:
            sweep(world.ports)
        assert caught.value.seconds == 30

    def test_github_cannot_be_reached(self, world):
        world.issues.broken.add("labelled")
        with pytest.raises(PlatformError):
            sweep(world.ports)

    def test_a_change_that_could_not_be_handled_is_looked_at_again(self, world):
        world.issues.broken.add("permission")
        assert sweep(world.ports) == Counter()
        world.issues.broken.clear()
        assert sweep(world.ports) == Counter(started=1)
