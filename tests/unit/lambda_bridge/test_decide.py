from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from algorithms.errors import ParameterError
from lambda_bridge.actions import Complete, Count, FailWait, Ignore, React, Save, SetLabel, Start, Write
from lambda_bridge.decide import Facts, concerns, decide, merge
from lambda_bridge.events import CommentEvent, IssueEvent
from lambda_bridge.ports import IssueView, StartEvent
from lambda_bridge.runs import Attempt, Reply, Run
from pipelines.request import parse_request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\nevaluation_threshold: 0.99\n"
REQUEST = parse_request(
    {
        "learning_type": "supervised",
        "algorithm": "random_forest",
        "dataset_id": "iris",
        "evaluation_threshold": 0.99,
        "hyperparameters": {"n_estimators": 10},
    }
)


def view(**changes):
    given = {"title": "Classify irises", "body": BODY, "author": "alice", "labels": ("mlops:train",), "open": True}
    return IssueView(number=7, url="https://example.org/7", **{**given, **changes})


def facts(issue=None, permission="write", start=11):
    return Facts(permission, issue or view(), StartEvent(start, "alice") if start else None, NOW)


def issue_event(action="labeled", label="mlops:train", sender="alice"):
    return IssueEvent(action, 7, sender, label if action in ("labeled", "unlabeled") else None, "d1")


def comment(body, number=100, author="alice"):
    return CommentEvent(7, number, author, body, "d1")


def key(start=11, body=BODY):
    return f"{start}:{sha256(body.encode()).hexdigest()}"


def run(**changes):
    given = {
        "issue": 7,
        "version": 3,
        "number": 1,
        "state": "running",
        "title": "Classify irises",
        "slug": "classify-irises",
        "author": "alice",
        "start_key": key(),
        "started": NOW,
        "request": REQUEST,
        "attempts": (Attempt(number=1, hyperparameters={"n_estimators": 10}),),
        "token": "t1",
    }
    return Run(**{**given, **changes})


def waiting(**changes):
    return run(**{"state": "waiting", **changes})


def refused(**changes):
    return run(**{"state": "refused", "request": None, "attempts": (), "token": None, "number": 0, **changes})


def ended(**changes):
    return run(**{"state": "ended", "status": "below_threshold", "token": None, **changes})


def saved(actions):
    (found,) = [action.run for action in actions if isinstance(action, Save)]
    return found


def texts(actions):
    return [action.text for action in actions if isinstance(action, Write)]


def kinds(actions):
    return [type(action) for action in actions]


def again(event, actions, told=None):
    """The same event, once more, after the record was saved and nothing else was done."""
    return decide(event, saved(actions), told or facts())


class TestConcerns:
    @pytest.mark.parametrize(
        ("event", "record", "answer"),
        [
            (issue_event("labeled"), None, True),
            (issue_event("labeled", "bug"), None, False),
            (issue_event("unlabeled"), run(), True),
            (issue_event("unlabeled", "mlops:running"), run(), False),
            (issue_event("unlabeled"), ended(), False),
            (issue_event("closed"), None, False),
            (issue_event("closed"), waiting(), True),
            (issue_event("opened"), None, True),
            (issue_event("reopened"), None, True),
            (issue_event("edited"), None, False),
            (issue_event("edited"), ended(), True),
            (comment("/cancel"), None, False),
            (comment("/cancel"), ended(), True),
            (comment("Thank you"), waiting(), False),
            (comment("adjusted_hyperparameters: ["), waiting(), True),
        ],
    )
    def test_only_what_may_matter_is_worth_reading_facts(self, event, record, answer):
        assert concerns(event, record) is answer
        if not answer:
            assert kinds(decide(event, record, facts())) == [Ignore]


class TestStart:
    @pytest.mark.parametrize("action", ["opened", "labeled", "reopened"])
    def test_a_valid_issue_starts_a_run(self, action):
        actions = decide(issue_event(action), None, facts())
        assert kinds(actions) == [Count, Save, Start]
        record = saved(actions)
        assert (record.number, record.version, record.state, record.first_attempt) == (1, 0, "running", 1)
        assert (record.slug, record.author, record.start_key) == ("classify-irises", "alice", key())
        assert record.request.evaluation_threshold == 0.99
        assert actions[0] == Count("7:1", "alice")
        assert actions[2].run.execution_name == "issue-7-run-1"

    def test_a_record_that_was_stored_is_started_again_until_its_first_attempt_is_planned(self):
        event = issue_event()
        actions = decide(event, None, facts())
        assert again(event, actions) == actions[2:] == again(issue_event("opened"), actions)
        assert kinds(decide(event, run(), facts())) == [Ignore]
        assert kinds(decide(event, ended(), facts())) == [Ignore]

    def test_a_run_that_was_cancelled_before_it_was_started_is_started_so_that_it_ends(self):
        assert kinds(decide(issue_event(), run(attempts=(), cancelled_by="bob"), facts())) == [Start]

    def test_the_next_run_counts_on(self):
        old = ended(attempts=tuple(Attempt(number=n) for n in (1, 2)), handled_comment=50, slug="old-slug", number=4)
        record = saved(decide(issue_event(), old, facts(start=12)))
        assert (record.number, record.first_attempt, record.version, record.slug) == (5, 3, 3, "old-slug")
        assert (record.attempts, record.handled_comment) == (old.attempts, 50)
        assert (record.token, record.status, record.progress_comment) == (None, None, None)

    def test_an_edit_of_an_ended_issue_starts_a_run(self):
        assert kinds(decide(issue_event("edited"), ended(), facts())) == [Ignore]
        edited = view(body=BODY + "seed: 1\n")
        assert kinds(decide(issue_event("edited"), ended(), facts(edited))) == [Count, Save, Start]

    @pytest.mark.parametrize("issue", [view(open=False), view(labels=("bug",))])
    def test_the_live_issue_counts(self, issue):
        assert kinds(decide(issue_event(), None, facts(issue))) == [Ignore]

    def test_without_an_event_in_the_timeline_nothing_starts(self):
        assert kinds(decide(issue_event(), None, facts(start=None))) == [Ignore]
        assert kinds(decide(issue_event(), None, Facts("admin", None, None, NOW))) == [Ignore]


class TestRefusal:
    @pytest.mark.parametrize("permission", ["triage", "read", "none"])
    def test_without_permission_one_comment_and_nothing_else(self, permission):
        actions = decide(issue_event(), None, facts(permission=permission))
        assert kinds(actions) == [Save, Write]
        assert saved(actions).state == "refused"
        assert "maintainer" in texts(actions)[0]
        assert again(issue_event(), actions, facts(permission=permission)) == actions[1:]

    def test_a_stranger_who_edits_is_not_answered_again(self):
        edited = facts(view(body="learning_type: x"), "read")
        assert kinds(decide(issue_event("edited"), refused(), edited)) == [Ignore]

    def test_a_maintainer_who_edits_or_labels_starts_it(self):
        assert kinds(decide(issue_event(), refused(), facts(start=12))) == [Count, Save, Start]
        edited = facts(view(body=BODY + "seed: 2\n"))
        assert saved(decide(issue_event("edited"), refused(), edited)).number == 1

    def test_a_maintainers_delivery_about_a_start_that_was_refused_starts_it(self):
        """A stranger opened the issue, a maintainer labelled it, and the stranger's delivery was the slower one."""
        stranger = saved(decide(issue_event("opened"), None, facts(permission="read")))
        assert kinds(decide(issue_event(), stranger, facts())) == [Count, Save, Start]

    def test_an_edit_by_a_stranger_leaves_an_ended_record_as_it_is(self):
        edited = facts(view(body=BODY + "seed: 3\n"), "read")
        actions = decide(issue_event("edited"), ended(), edited)
        assert kinds(actions) == [Save, Write]
        changed = saved(actions)
        assert changed.model_copy(update={"start_key": ended().start_key}) == ended()
        assert kinds(decide(issue_event("edited"), changed, edited)) == [Ignore]

    def test_a_start_that_did_not_come_about_is_made_up_for(self):
        for event in (issue_event(), issue_event("closed")):
            closed = view(open=False) if event.action == "closed" else view()
            actions = decide(event, run(attempts=(), token=None), facts(closed, start=12))
            assert Start in kinds(actions)

    def test_an_invalid_body_is_answered_once(self):
        bad = facts(view(body="learning_type: guessing\n@octocat: 1\n"))
        actions = decide(issue_event(), None, bad)
        assert kinds(actions) == [Save, Write, SetLabel]
        record = saved(actions)
        assert (record.state, record.status, record.number) == ("refused", "invalid", 0)
        assert "@octocat" not in texts(actions)[0]
        assert "cannot start" in texts(actions)[0]
        assert actions[2].label == "mlops:failed"
        assert again(issue_event("opened"), actions, bad) == actions[1:]

    def test_each_invalid_body_has_its_own_answer(self):
        first = decide(issue_event(), None, facts(view(body="a: 1")))
        second = decide(issue_event("edited"), saved(first), facts(view(body="a: 2")))
        assert first[1].marker != second[1].marker

    def test_a_record_that_calls_a_valid_body_invalid_starts_nothing(self):
        assert kinds(decide(issue_event(), refused(status="invalid"), facts())) == [Ignore]

    def test_strange_bodies_have_a_key_too(self):
        assert kinds(decide(issue_event(), None, facts(view(body="\ud800")))) == [Save, Write, SetLabel]


class TestWhileItRuns:
    @pytest.mark.parametrize("record", [run(), waiting()])
    def test_an_edit_is_answered_once(self, record):
        edited = facts(view(body="new"))
        actions = decide(issue_event("edited"), record, edited)
        assert kinds(actions) == [Save, Write]
        assert "ignored until this run ends" in texts(actions)[0]
        assert again(issue_event("edited"), actions, edited) == actions[1:]

    def test_a_late_delivery_of_that_edit_starts_nothing_after_the_end(self):
        edited = view(body=BODY + "seed: 3\n")
        over = ended(edit_answered=sha256(edited.body.encode()).hexdigest())
        assert kinds(decide(issue_event("edited"), over, facts(edited))) == [Ignore]
        assert kinds(decide(issue_event(), over, facts(edited, start=12))) == [Count, Save, Start]
        edited_again = view(body=BODY + "seed: 4\n")
        assert kinds(decide(issue_event("edited"), over, facts(edited_again))) == [Count, Save, Start]

    def test_labels_and_edits_back_are_ignored(self):
        assert kinds(decide(issue_event(), run(), facts(start=12))) == [Ignore]
        assert kinds(decide(issue_event("edited"), run(), facts(start=12))) == [Ignore]
        assert kinds(decide(issue_event("edited"), run(), facts())) == [Ignore]

    def test_a_label_during_the_end_is_told(self):
        (answer,) = decide(issue_event(), run(cancelled_by="bob"), facts(start=12))
        assert "still ending" in answer.text

    @pytest.mark.parametrize(
        ("event", "issue"),
        [(issue_event("closed"), view(open=False)), (issue_event("unlabeled"), view(labels=("bug",)))],
    )
    def test_closing_and_unlabelling_cancel(self, event, issue):
        told = Facts("none", issue, None, NOW)
        actions = decide(event, waiting(), told)
        assert actions[1:] == (FailWait("t1", "Cancelled", "by alice"),)
        assert saved(actions).cancelled_by == "alice"
        assert again(event, actions, told) == actions[1:]
        assert kinds(decide(event, waiting(token=None, cancelled_by="bob"), told)) == [Ignore]

    def test_what_was_opened_again_is_not_cancelled(self):
        assert kinds(decide(issue_event("closed"), run(), facts())) == [Ignore]


class TestPermission:
    @pytest.mark.parametrize("permission", ["triage", "read", "none"])
    @pytest.mark.parametrize("body", ["/cancel", "/status", "/retrain n_estimators=20", "/cancle"])
    def test_strangers_are_ignored(self, permission, body):
        assert kinds(decide(comment(body), waiting(), facts(permission=permission))) == [Ignore]

    @pytest.mark.parametrize("permission", ["write", "maintain", "admin"])
    def test_the_team_is_obeyed(self, permission):
        assert kinds(decide(comment("/cancel"), waiting(), facts(permission=permission))) == [React, Save, FailWait]


class TestReply:
    @pytest.mark.parametrize(
        "body", ["/retrain max_depth=8", "```yaml\nadjusted_hyperparameters:\n  max_depth: 8\n```"]
    )
    def test_it_is_merged_into_the_last_attempts(self, body):
        actions = decide(comment(body), waiting(), facts())
        assert kinds(actions) == [React, Save, Complete]
        assert actions[2] == Complete("t1", {"reply": 100})
        record = saved(actions)
        assert record.reply == Reply(comment=100, author="alice", hyperparameters={"n_estimators": 10, "max_depth": 8})
        assert (record.state, record.handled_comment, record.token) == ("running", 100, "t1")

    def test_a_second_delivery_completes_the_token_again_and_no_more(self):
        event = comment("/retrain max_depth=8")
        actions = decide(event, waiting(), facts())
        assert again(event, actions) == (actions[0], actions[2])

    def test_once_it_is_applied_a_second_delivery_does_nothing(self):
        attempts = (
            Attempt(number=1, hyperparameters={"n_estimators": 10}),
            Attempt(number=2, hyperparameters={"n_estimators": 10, "max_depth": 8}, reply_comment=100),
        )
        event = comment("/retrain max_depth=8")
        for record in (run, waiting, ended):
            given = record(attempts=attempts, handled_comment=100)
            assert kinds(decide(event, given, facts())) == [Ignore]

    def test_an_accepted_reply_does_nothing_without_a_token_or_after_a_cancel(self):
        reply = Reply(comment=100, author="alice", hyperparameters={})
        event = comment("/retrain max_depth=8")
        for changes in ({"token": None}, {"cancelled_by": "bob"}):
            given = run(reply=reply, handled_comment=100, **changes)
            assert kinds(decide(event, given, facts())) == [Ignore]

    def test_after_a_cancel_an_accepted_reply_is_still_known(self):
        reply = Reply(comment=100, author="alice", hyperparameters={})
        given = run(reply=reply, handled_comment=120)
        assert kinds(decide(comment("/retrain max_depth=8"), given, facts())) == [React, Complete]

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("/retrain max_depth=0", "`max_depth`: must be a whole number"),
            ("/retrain max_depht=3", "Did you mean"),
            ("/retrain", "names no hyperparameter"),
            ("/retrain nothing=null", "is not a hyperparameter of random"),
            ("adjusted_hyperparameters: 3", "must be lines of"),
            ("/retrain n_estimators=10", "change nothing"),
            ("/retrain min_samples_split=2", "change nothing"),
            ("/retrain max_depth=null", "change nothing"),
        ],
    )
    def test_what_is_invalid_or_changes_nothing_is_answered_and_the_run_waits_on(self, body, told):
        event = comment(body)
        actions = decide(event, waiting(), facts())
        assert kinds(actions) == [React, Save, Write]
        assert actions[2].marker == "answer-100"
        assert told in actions[2].text
        assert "I go on waiting" in actions[2].text
        record = saved(actions)
        assert (record.state, record.reply, record.handled_comment) == ("waiting", None, 100)
        assert again(event, actions) == (actions[0], actions[2])

    def test_all_problems_are_told_at_once(self):
        (text,) = texts(decide(comment("/retrain max_depth=0 n_estimators=x foo=1"), waiting(), facts()))
        assert "3 problems" in text

    @pytest.mark.parametrize(
        ("record", "told"),
        [
            (run(), "not waiting for a reply yet"),
            (waiting(token=None), "not waiting for a reply yet"),
            (waiting(cancelled_by="bob"), "being cancelled"),
            (ended(), "apply the label `mlops:train` again"),
            (refused(), "apply the label `mlops:train` again"),
        ],
    )
    def test_when_nothing_waits_it_is_answered_and_not_kept(self, record, told):
        event = comment("/retrain max_depth=8")
        actions = decide(event, record, facts())
        assert kinds(actions) == [React, Save, Write]
        assert told in actions[2].text
        assert saved(actions).reply == record.reply
        later = decide(event, saved(actions), facts())
        assert later == (actions[0], actions[2]) or kinds(later) == [Ignore]

    def test_a_second_one_is_answered_and_the_accepted_one_handed_over_again(self):
        accepted = run(reply=Reply(comment=90, author="bob", hyperparameters={}))
        actions = decide(comment("/retrain max_depth=8"), accepted, facts())
        assert kinds(actions) == [React, Save, Write, Complete]
        assert "Another reply was accepted" in actions[2].text
        assert actions[3] == Complete("t1", {"reply": 90})
        without = decide(comment("/retrain max_depth=8"), accepted.model_copy(update={"token": None}), facts())
        assert kinds(without) == [React, Save, Write]

    def test_a_reply_that_came_too_early_has_no_effect_later(self):
        event = comment("/retrain max_depth=8")
        early = saved(decide(event, run(), facts()))
        actions = decide(event, early.model_copy(update={"state": "waiting"}), facts())
        assert kinds(actions) == [React, Write]
        assert "not waiting for a reply yet" in actions[1].text

    def test_an_unreadable_reply_during_training_does_not_speak_of_waiting(self):
        (text,) = texts(decide(comment("/retrain"), run(), facts()))
        assert "I go on waiting" not in text

    def test_a_late_delivery_is_ignored(self):
        for body in ("/retrain max_depth=8", "/status"):
            assert kinds(decide(comment(body, 99), waiting(handled_comment=100), facts())) == [Ignore]

    def test_a_cancel_that_is_delivered_after_a_newer_comment_counts(self):
        actions = decide(comment("/cancel", 99), waiting(handled_comment=100), facts())
        assert kinds(actions) == [React, Save, FailWait]
        assert (saved(actions).cancelled_by, saved(actions).handled_comment) == ("alice", 100)

    def test_a_cancel_of_an_earlier_run_does_not(self):
        late = waiting(handled_comment=100, handled_before=99)
        assert kinds(decide(comment("/cancel", 99), late, facts())) == [Ignore]
        assert kinds(decide(comment("/cancel", 99), ended(handled_comment=100), facts())) == [Ignore]

    def test_a_waiting_record_without_a_request_is_a_defect(self):
        with pytest.raises(ValueError, match="has a request"):
            decide(comment("/retrain max_depth=8"), waiting(request=None), facts())


class TestCancel:
    @pytest.mark.parametrize("record", [run(), waiting()])
    def test_the_flag_first_then_the_token(self, record):
        event = comment("/cancel", author="bob")
        actions = decide(event, record, facts())
        assert actions[0] == React(7, 100)
        assert (saved(actions).cancelled_by, saved(actions).handled_comment) == ("bob", 100)
        assert actions[2:] == (FailWait("t1", "Cancelled", "by bob"),)
        assert again(event, actions) == (actions[0], actions[2])

    def test_between_two_states_the_flag_alone(self):
        actions = decide(comment("/cancel"), run(token=None), facts())
        assert kinds(actions) == [React, Save]
        assert kinds(again(comment("/cancel"), actions)) == [Ignore]

    def test_nothing_to_cancel(self):
        event = comment("/cancel")
        actions = decide(event, ended(), facts())
        assert kinds(actions) == [React, Save, Write]
        assert again(event, actions) == (actions[0], actions[2])

    def test_it_cancels_no_later_run(self):
        actions = decide(comment("/cancel"), run(handled_comment=100), facts())
        assert kinds(actions) == [React, Write]
        assert "nothing to cancel" in actions[1].text

    def test_a_second_delivery_after_the_end_is_ignored(self):
        given = ended(cancelled_by="alice", handled_comment=100)
        assert kinds(decide(comment("/cancel"), given, facts())) == [Ignore]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("/status", "Run 1: waiting for a reply"),
        ("/help", "/retrain name=value"),
        ("/cancle", "Did you mean `/cancel`?"),
    ],
)
def test_questions_change_nothing(body, told):
    actions = decide(comment(body), waiting(), facts())
    assert kinds(actions) == [React, Write]
    assert actions[1].marker == "answer-100"
    assert told in actions[1].text


class TestMerge:
    def test_null_restores_a_default(self):
        assert merge(REQUEST, {"max_depth": 3, "n_estimators": 5}, {"max_depth": None}) == {"n_estimators": 5}

    @pytest.mark.parametrize("invalid", [{"max_depth": 0}, {"foo": None}, {"foo": 1}, {"max_depth": [1]}])
    def test_what_is_invalid_is_refused(self, invalid):
        with pytest.raises(ParameterError):
            merge(REQUEST, {}, invalid)

    def test_one_budget_takes_the_place_of_the_other(self):
        asked = {"learning_type": "reinforcement", "algorithm": "ppo", "environment": "CartPole-v1"}
        request = parse_request({**asked, "hyperparameters": {"num_episodes": 10, "gamma": 0.9}})
        last = request.hyperparameters
        assert merge(request, last, {"total_timesteps": 99}) == {"gamma": 0.9, "total_timesteps": 99}
        assert merge(request, {"total_timesteps": 99}, {"num_episodes": 3}) == {"num_episodes": 3}
        assert merge(request, last, {"total_timesteps": None}) == last
        with pytest.raises(ParameterError, match="Keep one"):
            merge(request, last, {"total_timesteps": 99, "num_episodes": 3})
