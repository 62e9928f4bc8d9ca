"""What the workflow's states call, over ports in memory."""

from __future__ import annotations

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.ports import Package
from lambda_bridge.runs import Attempt, Reply
from lambda_bridge.tasks import Cancelled, DefectError, StillStopping, abandon, run_task
from pipelines.cost import Costs
from pipelines.prices import Prices

PRICES = Prices("xx-nowhere-1", "2001-02-03", {kind: {"ml.m5.large": 2.0} for kind in ("processing", "training")})
"""Made up."""


def call(world, task, token=None, error=None):
    return run_task(world.ports, {"task": task, "issue": 7, "run": 1, "token": token, "error": error})


@pytest.fixture
def trained(world):
    """A run whose first attempt's pipeline has started."""
    world.run()
    call(world, "start_training", "token")
    return world


@pytest.fixture
def below(trained):
    """A run that was judged below the threshold."""
    trained.end_pipeline(met=False)
    assert call(trained, "judge") == {"outcome": "below_threshold", "retries_left": 1}
    return trained


def broken(issue):
    raise PlatformError("GitHub answered 502")


def reply(world):
    answer = Reply(comment=5, author="owner", hyperparameters={"n_estimators": 50})
    return world.runs.save(world.stored.model_copy(update={"reply": answer, "state": "running"}))


class TestStartTraining:
    def test_stores_the_token_and_the_plan_before_the_pipeline_starts(self, world):
        world.run()
        world.pipelines.broken = True
        call(world, "start_training", "token")
        assert world.workflow.failed == [("token", "PlatformError", "StartPipelineExecution: ThrottlingException")]
        assert world.stored.token == "token"
        assert world.stored.attempt.parameters["RunId"] == "issue-7-attempt-1"

    def test_a_retry_starts_the_very_same(self, trained):
        trained.artifacts.objects["datasets/iris/raw/train.csv"] = b"other data"
        trained.registry.live = Package("arn:package/0", "s3://b/m.tar.gz")
        before = dict(trained.stored.attempt.parameters)
        call(trained, "start_training", "token-2")
        assert trained.stored.attempt.parameters == before
        assert len(trained.pipelines.executions) == 1
        assert trained.stored.token == "token-2"

    def test_compares_with_the_approved_version(self, world):
        world.run()
        world.registry.live = Package("arn:package/3", "s3://b/models/3/model.tar.gz")
        call(world, "start_training", "token")
        parameters = world.pipelines.parameters["arn:issue-7-attempt-1"]
        assert parameters["PreviousModelPackageArn"] == "arn:package/3"
        assert parameters["PreviousModelUri"] == "s3://b/models/3/model.tar.gz"
        assert world.registry.groups == {"supervised-random-forest-iris-5b4d5b"}

    def test_shows_progress_and_the_label(self, trained):
        assert "progress-1" in trained.issues.written
        assert trained.issues.label == "mlops:running"
        assert trained.workflow.succeeded == []

    def test_completes_a_token_whose_event_came_too_early(self, trained):
        trained.pipelines.end("arn:issue-7-attempt-1", "Succeeded")
        call(trained, "start_training", "token-2")
        assert trained.workflow.succeeded == [("token-2", {"status": "Succeeded"})]

    def test_a_dataset_that_is_not_there_is_the_requesters(self, world):
        world.run()
        world.artifacts.objects.clear()
        call(world, "start_training", "token")
        assert world.workflow.succeeded == [("token", {"status": "Refused"})]
        assert (world.stored.attempt.status, world.pipelines.executions) == ("invalid", {})
        assert call(world, "judge") == {"outcome": "invalid", "retries_left": 1}
        assert "iris" in world.issues.written["result-1"]
        assert world.history.commits == []

    def test_says_the_most_that_the_run_may_cost_before_anything_starts(self, world):
        world.run()
        world.pipelines.broken = True
        call(world, "start_training", "token")
        assert "On SageMaker at most 52 instance-hours in 2 attempts" in world.issues.written["progress-1"]

    def test_a_run_above_its_budget_is_refused(self, world):
        world.settings = {"costs": Costs(prices=PRICES, max_cost_usd=103.99)}
        world.run()
        call(world, "start_training", "token")
        assert world.workflow.succeeded == [("token", {"status": "Refused"})]
        assert (world.stored.attempt.status, world.pipelines.executions) == ("invalid", {})
        assert call(world, "judge")["outcome"] == "invalid"
        for figure in ("$103.99", "$104.00", "52 instance-hours", "xx-nowhere-1", "2001-02-03"):
            assert figure in world.issues.written["result-1"]

    def test_a_run_within_its_budget_starts(self, world):
        world.settings = {"costs": Costs(prices=PRICES, max_cost_usd=104.0)}
        world.run()
        call(world, "start_training", "token")
        assert len(world.pipelines.executions) == 1

    def test_the_budget_holds_for_the_attempts_after_a_reply_too(self, below):
        below.settings = {"costs": Costs(prices=PRICES, max_cost_usd=103.99)}
        reply(below)
        call(below, "apply_adjustment")
        call(below, "start_training", "token-2")
        assert below.stored.attempt.status == "invalid"
        assert len(below.pipelines.executions) == 1

    def test_a_cancelled_run_starts_nothing(self, world):
        world.run(cancelled_by="owner")
        call(world, "start_training", "token")
        assert world.workflow.failed == [("token", "Cancelled", "by owner")]
        assert world.pipelines.executions == {}

    def test_stops_an_execution_that_was_cancelled_while_it_started(self, world):
        world.run()
        start = world.pipelines.start

        def cancelled_meanwhile(*arguments):
            world.runs.save(world.stored.model_copy(update={"cancelled_by": "owner"}))
            return start(*arguments)

        world.pipelines.start = cancelled_meanwhile
        call(world, "start_training", "token")
        assert world.pipelines.stopped == ["arn:issue-7-attempt-1"]

    def test_a_defect_is_told_without_its_text(self, world):
        world.run(request=None)
        call(world, "start_training", "token")
        ((_, error, cause),) = world.workflow.failed
        assert error == "DefectError"
        assert "the log" in cause
        assert "no request" not in cause


class TestJudge:
    def test_commits_before_it_comments(self, trained):
        trained.end_pipeline(met=True, score=0.95)
        trained.issues.broken.add("write")
        with pytest.raises(PlatformError):
            call(trained, "judge")
        assert trained.history.commits == []
        trained.issues.broken.clear()
        assert call(trained, "judge") == {"outcome": "registered", "retries_left": 1}
        assert trained.stored.attempt.model_package_arn == "arn:package/1"
        assert trained.issues.log[-1] == "write result-1"

    @pytest.mark.parametrize("lag", ["execution", "step"])
    def test_nothing_is_judged_before_the_service_has_settled(self, trained, lag):
        trained.end_pipeline(met=True, score=0.95)
        if lag == "execution":
            trained.pipelines.end("arn:issue-7-attempt-1", "Executing")
        else:
            trained.pipelines.listed[-1] = {**trained.pipelines.listed[-1], "StepStatus": "Executing"}
        with pytest.raises(PlatformError, match="to settle"):
            call(trained, "judge")
        assert trained.stored.attempt.status is None

    def test_again_is_once(self, below):
        before = below.stored
        call(below, "judge")
        assert below.stored == before
        assert len(below.history.commits) == 1

    def test_the_record_stands_in_the_run(self, below):
        ((files, message),) = below.history.commits
        assert below.stored.attempt.record_path == "training_history/7-iris/attempt-1/record.json"
        assert set(files) >= {below.stored.attempt.record_path, "training_history/7-iris/attempt-1/README.md"}
        assert message == "Issue 7, attempt 1: below_threshold"
        assert below.stored.attempt.seconds == 5

    def test_a_refused_commit_is_retried(self, trained):
        trained.end_pipeline(met=False)
        trained.history.broken = True
        with pytest.raises(PlatformError):
            call(trained, "judge")
        assert "result-1" not in trained.issues.written

    def test_a_protected_branch_is_told(self, trained):
        trained.history.protected = True
        trained.end_pipeline(met=False)
        call(trained, "judge")
        assert "mlops-history" in trained.issues.written["result-1"]

    def test_a_cancelled_run_asks_nobody(self, trained):
        trained.end_pipeline(met=False)
        trained.runs.save(trained.stored.model_copy(update={"cancelled_by": "owner"}))
        assert call(trained, "judge")["outcome"] == "cancelled"

    def test_a_record_that_somebody_else_writes_meanwhile_is_read_again(self, trained):
        trained.end_pipeline(met=False)
        trained.runs.interfere = [lambda run: run.model_copy(update={"edit_answered": "x"})]
        call(trained, "judge")
        assert (trained.stored.edit_answered, trained.stored.attempt.status) == ("x", "below_threshold")


class TestAskOperator:
    def test_waits_tells_and_labels(self, below):
        call(below, "ask_operator", "ask")
        assert (below.stored.state, below.stored.token, below.stored.asked) == ("waiting", "ask", below.now)
        assert len(below.notices.told) == 1
        assert below.issues.label == "mlops:waiting"

    def test_a_retry_does_not_tell_twice(self, below):
        below.issues.broken.add("set_label")
        call(below, "ask_operator", "ask")
        assert below.workflow.failed[-1][1] == "PlatformError"
        below.issues.broken.clear()
        call(below, "ask_operator", "ask-2")
        assert len(below.notices.told) == 1
        assert (below.stored.token, below.issues.label) == ("ask-2", "mlops:waiting")

    def test_what_could_not_be_told_is_told_by_the_retry(self, below):
        read, below.issues.read = below.issues.read, broken
        call(below, "ask_operator", "ask")
        below.issues.read = read
        assert below.notices.told == []
        call(below, "ask_operator", "ask-2")
        assert len(below.notices.told) == 1

    def test_a_reply_to_a_token_that_failed_completes_the_next_one(self, below):
        below.issues.read = broken
        call(below, "ask_operator", "ask")
        reply(below)
        call(below, "ask_operator", "ask-2")
        assert below.workflow.succeeded[-1] == ("ask-2", {"reply": 5})
        assert (below.stored.state, below.stored.reply.comment) == ("running", 5)

    def test_the_label_comes_before_a_reply_can(self, below):
        call(below, "ask_operator", "ask")
        assert below.issues.log[-1] == "label mlops:waiting"

    def test_a_cancelled_run_does_not_wait(self, below):
        below.runs.save(below.stored.model_copy(update={"cancelled_by": "owner"}))
        call(below, "ask_operator", "ask")
        assert below.workflow.failed[-1] == ("ask", "Cancelled", "by owner")


class TestApplyAdjustment:
    def test_plans_the_next_attempt(self, below):
        call(below, "ask_operator", "ask")
        reply(below)
        call(below, "apply_adjustment")
        assert below.stored.attempt == Attempt(
            number=2, hyperparameters={"n_estimators": 50}, reply_author="owner", reply_comment=5
        )
        assert (below.stored.reply, below.stored.token, below.stored.retries_left) == (None, None, 0)
        call(below, "start_training", "token-2")
        assert '"n_estimators":50' in below.pipelines.parameters["arn:issue-7-attempt-2"]["Hyperparameters"]

    def test_again_is_once(self, below):
        call(below, "ask_operator", "ask")
        reply(below)
        call(below, "apply_adjustment")
        call(below, "apply_adjustment")
        assert below.stored.attempt.number == 2

    def test_checks_the_flag(self, below):
        below.runs.save(reply(below).model_copy(update={"cancelled_by": "owner"}))
        with pytest.raises(Cancelled):
            call(below, "apply_adjustment")


class TestRecordSuccess:
    def test_the_label_comes_after_the_comment_and_the_record_last(self, trained):
        trained.end_pipeline(met=True, score=0.95)
        call(trained, "judge")
        trained.issues.broken.add("set_label")
        with pytest.raises(PlatformError):
            call(trained, "record_success")
        assert trained.stored.state == "running"
        trained.issues.broken.clear()
        call(trained, "record_success")
        assert trained.issues.log[-2:] == ["write final-1", "label mlops:registered"]
        assert (trained.stored.state, trained.stored.status, trained.stored.token) == ("ended", "registered", None)


class TestKeepPrevious:
    def test_below_the_threshold_without_retries(self, below):
        below.registry.live = Package("arn:package/3", "s3://b/m")
        assert call(below, "keep_previous", error={"Error": "", "Cause": ""}) == {"status": "below_threshold"}
        assert below.issues.label == "mlops:failed"
        assert "arn:package/3" in below.issues.written["final-1"]
        assert len(below.history.commits) == 1

    def test_cancelled_while_training_stops_the_execution_and_records_it(self, trained):
        trained.runs.save(trained.stored.model_copy(update={"cancelled_by": "owner"}))
        error = {"Error": "Cancelled", "Cause": "by owner"}
        assert call(trained, "keep_previous", error=error) == {"status": "cancelled"}
        assert trained.pipelines.stopped == ["arn:issue-7-attempt-1"]
        assert trained.stored.attempt.status == "cancelled"
        assert len(trained.history.commits) == 1

    def test_a_crash_between_the_commit_and_its_comment(self, trained):
        trained.runs.save(trained.stored.model_copy(update={"cancelled_by": "owner"}))
        error = {"Error": "Cancelled", "Cause": "by owner"}
        call(trained, "keep_previous", error=error)
        trained.runs.save(trained.stored.model_copy(update={"state": "running", "status": None}))
        trained.issues.written.clear()
        assert call(trained, "keep_previous", error=error) == {"status": "cancelled"}
        assert {"result-1", "final-1"} <= trained.issues.written.keys()
        assert trained.pipelines.stopped == ["arn:issue-7-attempt-1"]

    def test_an_execution_whose_start_was_not_answered_is_found_and_stopped(self, trained):
        lost = trained.stored.with_attempt(execution_arn=None).model_copy(update={"cancelled_by": "owner"})
        trained.runs.save(lost)
        call(trained, "keep_previous", error={"Error": "Cancelled", "Cause": "by owner"})
        assert trained.pipelines.stopped == ["arn:issue-7-attempt-1"]
        assert trained.stored.attempt.status == "cancelled"

    def test_an_execution_that_stops_slowly_is_waited_for_by_the_workflow(self, trained):
        trained.pipelines.stops_at_once = False
        with pytest.raises(StillStopping, match="is Stopping"):
            call(trained, "keep_previous", error={"Error": "Cancelled", "Cause": "by owner"})
        assert sum(trained.paused) > 1
        assert "final-1" not in trained.issues.written

    def test_a_cancel_that_came_after_the_registration_came_too_late(self, trained):
        trained.end_pipeline(met=True, score=0.95)
        trained.runs.save(trained.stored.model_copy(update={"cancelled_by": "owner"}))
        assert call(trained, "keep_previous", error={"Error": "Cancelled", "Cause": ""}) == {"status": "registered"}
        assert trained.issues.label == "mlops:registered"

    @pytest.mark.parametrize(("error", "cause"), [("Abandoned", "nobody answered"), ("States.Timeout", "")])
    def test_a_wait_that_nobody_ended_is_below_the_threshold(self, below, error, cause):
        call(below, "ask_operator", "ask")
        status = call(below, "keep_previous", error={"Error": error, "Cause": cause})
        assert status == {"status": "below_threshold"}
        assert "nobody answered" in str(below.stored.reason)

    def test_again_is_once(self, below):
        call(below, "ask_operator", "ask")
        error = {"Error": "Abandoned", "Cause": "nobody answered"}
        first = call(below, "keep_previous", error=error)
        told = list(below.notices.told)
        assert call(below, "keep_previous", error=error) == first == {"status": "below_threshold"}
        assert below.notices.told == told

    def test_a_training_that_never_ended_failed(self, trained):
        status = call(trained, "keep_previous", error={"Error": "States.Timeout", "Cause": ""})
        assert status == {"status": "failed"}
        assert trained.pipelines.stopped == ["arn:issue-7-attempt-1"]

    def test_a_platform_error_before_anything_started(self, world):
        world.run()
        cause = '{"errorMessage": "StartPipelineExecution: ThrottlingException", "errorType": "PlatformError"}'
        assert call(world, "keep_previous", error={"Error": "PlatformError", "Cause": cause}) == {"status": "failed"}
        assert world.stored.reason == "StartPipelineExecution: ThrottlingException"
        assert world.history.commits == []

    def test_a_history_that_takes_no_commit_does_not_keep_the_end_from_being_told(self, trained):
        trained.end_pipeline(met=True, score=0.95)
        trained.history.broken = True
        with pytest.raises(PlatformError):
            call(trained, "judge")
        error = {"Error": "PlatformError", "Cause": "commit: 403"}
        assert call(trained, "keep_previous", error=error) == {"status": "registered"}
        assert "commit: 403" in trained.issues.written["result-1"]
        assert "final-1" in trained.issues.written

    def test_a_defect_says_where_the_log_is(self, trained):
        trained.pipelines.end("arn:issue-7-attempt-1", "Failed")
        trained.end_pipeline(met=False)
        call(trained, "judge")
        error = {"Error": "DefectError", "Cause": "A defect of ours (KeyError). The log says more: the log"}
        assert call(trained, "keep_previous", error=error) == {"status": "failed"}
        assert "the log" in trained.issues.written["final-1"]


def test_tell_failure_lets_the_issue_start_anew(below):
    below.issues.broken |= {"write", "set_label"}
    call(below, "tell_failure", error={"Error": "PlatformError", "Cause": "write: 502"})
    assert "write: 502" in below.notices.told[-1].text
    assert (below.stored.state, below.stored.status) == ("ended", "failed")


def test_a_registered_model_whose_end_could_not_be_told_stays_registered(trained):
    trained.end_pipeline(met=True, score=0.95)
    call(trained, "judge")
    trained.issues.broken |= {"write"}
    call(trained, "tell_failure", error={"Error": "PlatformError", "Cause": "write: 502"})
    assert (trained.stored.status, trained.issues.label) == ("registered", "mlops:registered")


def test_abandon_hands_an_accepted_reply_over(below):
    call(below, "ask_operator", "ask")
    assert abandon(below.ports, reply(below), "no reply")
    assert (below.workflow.succeeded[-1], below.workflow.failed) == (("ask", {"reply": 5}), [])


def test_abandon_ends_a_wait_and_nothing_else(below):
    abandon(below.ports, below.stored, "no reply")
    assert below.workflow.failed == []
    call(below, "ask_operator", "ask")
    abandon(below.ports, below.stored, "no reply")
    assert below.workflow.failed == [("ask", "Abandoned", "no reply")]


def test_a_task_of_a_run_that_was_replaced_does_nothing(world):
    world.run(number=2)
    with pytest.raises(Cancelled):
        call(world, "judge")
    call(world, "start_training", "old")
    assert world.workflow.failed == [("old", "Cancelled", "run 1 of issue 7 was replaced by run 2")]


def test_a_defect_in_a_state_without_a_token_is_raised_by_a_name_of_ours(world):
    world.run()
    with pytest.raises(DefectError, match="the log"):
        call(world, "judge")
