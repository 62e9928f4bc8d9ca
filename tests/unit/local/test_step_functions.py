"""The interpreter: waits, tokens, retries, time-outs, restarts; with a clock that the tests turn."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from lambda_bridge.workflow import load_workflow
from local.asl_definition import DefinitionError
from local.step_functions import EXECUTION_PREFIX, LocalStepFunctions
from local.store import Store

NAME = "issue-7-run-1"
ARN = EXECUTION_PREFIX + NAME
TRY = ["StartTraining", "Judge", "IsItGoodEnough"]
PATH = ["Init", *TRY, "AskOperator", "ApplyAdjustment", *TRY, "RecordSuccess", "Registered"]


class PlatformError(Exception):
    """Named as ours, for Retry."""


class StillStopping(Exception):  # noqa: N818 (the name in the workflow)
    """Named as ours, for Retry."""


class Kill(BaseException):
    """The process dies here."""


class World:
    """A machine whose tasks do what the script says: answers by task name, one after the other."""

    def __init__(self, path, definition=None):
        self.path, self.definition = path, definition or load_workflow("task")
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.script, self.calls, self.tokens = {}, [], {}
        self.open()

    def open(self):
        """A new process over the same database."""
        self.store = Store(self.path)
        self.machine = LocalStepFunctions(
            self.store, self.definition, {"task": self.task}, clock=lambda: self.now, random=lambda: 1.0
        )

    def task(self, payload):
        name = payload["task"]
        self.calls.append(name)
        self.tokens[name] = payload.get("token")
        todo = self.script.get(name, [])
        found = todo.pop(0) if len(todo) > 1 else todo[0] if todo else {}
        if isinstance(found, BaseException):
            raise found
        return found(payload) if callable(found) else found

    def start(self, **data):
        self.machine.start_execution(
            stateMachineArn="mlops", name=NAME, input=json.dumps({"issue": 7, "run": 1, **data})
        )
        self.go()

    def go(self):
        for _ in range(1000):
            if not self.machine.run_due():
                return
        raise AssertionError("does not come to rest")

    def succeed(self, task, **output):
        self.machine.send_task_success(taskToken=self.tokens[task], output=json.dumps(output))
        self.go()

    def fail(self, task, error):
        self.machine.send_task_failure(taskToken=self.tokens[task], error=error, cause="because")
        self.go()

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.go()

    @property
    def end(self):
        found = self.machine.describe_execution(executionArn=ARN)
        return found["status"], found.get("error")

    @property
    def entered(self):
        events = self.machine.get_execution_history(executionArn=ARN)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "mlops.db")


def outcomes(*names, left=1):
    return [{"outcome": name, "retries_left": left} for name in names]


class TestPaths:
    def test_first_time_right(self, world):
        world.script = {"judge": outcomes("registered")}
        world.start()
        assert world.end == ("RUNNING", None)
        world.succeed("start_training", status="Succeeded")
        assert world.end == ("SUCCEEDED", None)
        assert world.entered == [
            "Init",
            "StartTraining",
            "Judge",
            "IsItGoodEnough",
            "RecordSuccess",
            "Registered",
        ]

    def test_a_reply_leads_back_to_training(self, world):
        world.script = {"judge": outcomes("below_threshold", "registered")}
        world.start()
        world.succeed("start_training")
        world.succeed("ask_operator", reply=5)
        world.succeed("start_training")
        assert world.calls == [
            "start_training",
            "judge",
            "ask_operator",
            "apply_adjustment",
            "start_training",
            "judge",
            "record_success",
        ]

    def test_an_error_reaches_keep_previous_with_its_cause(self, world):
        seen = []
        world.script = {"keep_previous": [lambda payload: seen.append(payload["error"]) or {"status": "cancelled"}]}
        world.start()
        world.fail("start_training", "Cancelled")
        assert seen == [{"Error": "Cancelled", "Cause": "because"}]
        assert world.entered[-1] == "PreviousKept"

    def test_a_failure_that_is_not_the_requesters_fails_the_execution(self, world):
        world.script = {"judge": outcomes("failed"), "keep_previous": [{"status": "failed"}]}
        world.start()
        world.succeed("start_training")
        assert world.end == ("FAILED", "TrainingFailed")


class TestTokens:
    def test_an_answer_that_comes_before_the_function_returns_counts(self, world):
        def at_once(payload):
            world.machine.send_task_success(taskToken=payload["token"], output="{}")
            return {}

        world.script = {"start_training": [at_once], "judge": outcomes("registered")}
        world.start()
        assert world.end == ("SUCCEEDED", None)

    @pytest.mark.parametrize("send", ["succeed", "fail"])
    def test_a_token_takes_one_answer(self, world, send):
        world.script = {"judge": outcomes("below_threshold")}
        world.start()
        token = world.tokens["start_training"]
        world.succeed("start_training")
        before = world.entered
        world.tokens["start_training"] = token
        with pytest.raises(ClientError, match="TaskTimedOut"):
            world.succeed("start_training") if send == "succeed" else world.fail("start_training", "Late")
        world.go()
        assert world.entered == before

    def test_a_token_of_nobody(self, world):
        with pytest.raises(ClientError, match="TaskTimedOut"):
            world.machine.send_task_success(taskToken="x", output="{}")

    @pytest.mark.parametrize("output", ["{", '{"score": NaN}', "[" * 100_000], ids=["broken", "nan", "deep"])
    def test_an_output_that_is_no_json_is_refused(self, world, output):
        world.start()
        with pytest.raises(ClientError, match="InvalidOutput"):
            world.machine.send_task_success(taskToken=world.tokens["start_training"], output=output)


class TestTime:
    def test_a_wait_ends_after_its_time_and_not_before(self, world):
        world.script = {"judge": outcomes("below_threshold"), "keep_previous": [{"status": "below_threshold"}]}
        world.start()
        world.succeed("start_training")
        world.later(31 * 86_400 - 1)
        assert world.end == ("RUNNING", None)
        world.later(1)
        assert world.end == ("SUCCEEDED", None)
        assert world.calls[-1] == "keep_previous"

    def test_retries_back_off_and_are_limited(self, world):
        world.script = {"start_training": [PlatformError("busy")], "keep_previous": [{"status": "failed"}]}
        world.start()
        waited = []
        while world.end[0] == "RUNNING":
            seconds = (world.machine.next_due() - world.now).total_seconds()
            waited.append(seconds)
            world.later(seconds - 0.001)
            calls = len(world.calls)
            world.later(0.001)
            assert len(world.calls) > calls
        assert waited == [2, 4, 8, 16, 32, 64, 128, 256, *[300] * 12]
        assert world.calls.count("start_training") == 21

    def test_what_does_not_go_on_here_is_not_due_here(self, world):
        """Another issue's run that was left days ago must not hide when ours is due."""
        world.script = {"start_training": [PlatformError("busy")]}
        world.machine.start_execution(stateMachineArn="mlops", name="issue-6-run-1", input='{"issue": 6, "run": 1}')
        world.go()
        world.now += timedelta(days=1)
        world.machine.start_execution(stateMachineArn="mlops", name=NAME, input='{"issue": 7, "run": 1}')
        for _ in range(3):
            world.machine.run_due(lambda name: name == NAME)
        assert world.machine.next_due(lambda name: name == NAME) == world.now + timedelta(seconds=2)
        assert world.machine.next_due() < world.now

    def test_an_execution_that_stops_slowly_is_waited_for_half_an_hour(self, world):
        """SageMaker gives a training job two minutes to stop, and then uploads what it has."""
        world.script = {"keep_previous": [StillStopping("still")] * 41 + [{"status": "cancelled"}]}
        world.start()
        world.fail("start_training", "Cancelled")
        for _ in range(41):
            world.later(30)
        assert world.end == ("SUCCEEDED", None)
        assert world.calls.count("keep_previous") == 42

    def test_jitter_shortens_the_pause(self, world):
        world.machine._interpreter._random = lambda: 0.25
        world.script = {"start_training": [PlatformError("busy"), {}]}
        world.start()
        assert (world.machine.next_due() - world.now).total_seconds() == 0.5

    def test_a_retry_has_a_token_of_its_own(self, world):
        world.script = {"start_training": [PlatformError("busy"), {}], "judge": outcomes("registered")}
        world.start()
        old = world.tokens["start_training"]
        world.later(2)
        assert world.tokens["start_training"] != old
        with pytest.raises(ClientError):
            world.machine.send_task_success(taskToken=old, output="{}")

    def test_an_error_that_is_not_named_is_not_retried(self, world):
        world.script = {"start_training": [KeyError("defect")], "keep_previous": [{"status": "failed"}]}
        world.start()
        assert world.calls == ["start_training", "keep_previous"]


class TestRestart:
    @pytest.mark.parametrize("task", ["start_training", "judge", "ask_operator", "apply_adjustment", "record_success"])
    def test_a_kill_in_a_function_calls_it_again_with_the_same_token(self, world, task):
        normal = {"judge": outcomes("below_threshold", "registered")}
        answers = normal.get(task, [{}])
        world.script = {**normal, task: [Kill(), *answers]}
        self.drive(world)
        assert world.calls.count(task) == {"start_training": 3, "judge": 3}.get(task, 2)
        assert world.end == ("SUCCEEDED", None)

    def drive(self, world):
        """To the end, in a new process after each kill."""
        begin = lambda: world.start()  # noqa: E731
        for step in (begin, lambda: world.succeed("start_training"), lambda: world.succeed("ask_operator")):
            self.alive(world, step)
        self.alive(world, lambda: world.succeed("start_training"))

    @staticmethod
    def alive(world, step):
        try:
            step()
        except Kill:
            token = world.tokens[world.calls[-1]]
            world.open()
            world.go()
            assert world.tokens[world.calls[-1]] == token or token is None or world.calls[-1] != world.calls[-2]

    def test_a_wait_survives(self, world):
        world.script = {"judge": outcomes("below_threshold", "registered")}
        world.start()
        world.open()
        world.succeed("start_training")
        world.open()
        world.later(20 * 86_400)
        world.open()
        world.succeed("ask_operator")
        world.open()
        world.succeed("start_training")
        assert world.end == ("SUCCEEDED", None)
        assert world.calls.count("start_training") == 2

    def test_every_commit_is_a_place_to_go_on_from(self, tmp_path):
        """The process dies at each of the journal's commits in turn."""
        died = 0
        for number in range(1000):
            world = World(tmp_path / f"{number}.db")
            killed = self.run_dying_at(world, number)
            assert world.end == ("SUCCEEDED", None)
            assert world.entered == PATH
            if not killed:
                break
            died += 1
        assert died > 15

    @staticmethod
    def run_dying_at(world, number):
        """Whether the run was long enough to die."""
        left, killed = [number], []

        def once(payload):
            (found,) = outcomes("registered" if "apply_adjustment" in world.calls else "below_threshold")
            return found

        def dying(*arguments):
            left[0] -= 1
            if left[0] == -1:
                killed.append(True)
                raise Kill
            return commit(*arguments)

        world.script = {"judge": [once]}
        commit, world.machine._journal.commit = world.machine._journal.commit, dying
        steps = [
            world.start,
            lambda: world.succeed("start_training"),
            lambda: world.succeed("ask_operator"),
            lambda: world.succeed("start_training"),
        ]
        for step in steps:
            try:
                step()
            except Kill:
                world.open()
                world.go()
        return bool(killed)


class TestClient:
    def test_a_function_that_is_not_there_is_refused_when_loaded(self, world):
        with pytest.raises(DefinitionError) as raised:
            LocalStepFunctions(Store(world.path), load_workflow("other"), {"task": world.task})
        told = str(raised.value).splitlines()
        assert "Judge: FunctionName must be one of task, got 'other'." in told
        assert len(told) == 7

    def test_the_same_start_is_the_same_execution(self, world):
        world.start()
        world.start()
        assert world.calls == ["start_training"]
        assert len(world.machine.list_executions(stateMachineArn="mlops")["executions"]) == 1

    def test_another_input_or_an_ended_execution_is_refused(self, world):
        world.script = {"judge": outcomes("registered")}
        world.start()
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            world.start(more=1)
        world.succeed("start_training")
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            world.start()

    def test_stop_ends_it_and_late_results_change_nothing(self, world):
        world.start()
        world.machine.stop_execution(executionArn=ARN, error="Stopped", cause="by hand")
        assert world.end == ("ABORTED", "Stopped")
        with pytest.raises(ClientError):
            world.succeed("start_training")

    def test_unknown_executions(self, world):
        with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
            world.machine.describe_execution(executionArn=ARN)

    def test_only_executions_of_ours_go_on(self, world):
        world.machine.start_execution(stateMachineArn="mlops", name=NAME, input='{"issue": 7, "run": 1}')
        assert not world.machine.run_due(lambda name: name == "other")
        assert world.calls == []

    def test_one_that_cannot_be_interpreted_rests_and_the_others_go_on(self, world):
        """Such as one that an earlier version left in a state that is no more."""
        world.start()
        with world.store.transaction() as db:
            text = "UPDATE state_machine_executions SET place = replace(place, 'StartTraining', 'Gone')"
            assert db.execute(text).rowcount == 1
        world.machine.send_task_success(taskToken=world.tokens["start_training"], output="{}")
        world.machine.start_execution(stateMachineArn="mlops", name="issue-8-run-1", input='{"issue": 8, "run": 1}')
        with pytest.raises(KeyError, match="Gone"):
            world.machine.run_due()
        assert world.machine.failing == 1
        assert world.now < world.machine.next_due() < world.now + timedelta(seconds=1)
        world.go()
        assert world.calls == ["start_training", "start_training"]
        world.machine.stop_execution(executionArn=ARN)
        assert world.machine.failing == 0

    def test_a_result_that_is_too_large_fails_the_execution(self, world):
        world.start()
        world.succeed("start_training", status="x" * 260_000)
        assert world.end[0] == "FAILED"

    def test_a_result_that_is_no_json_fails_the_task(self, world):
        world.script = {"judge": [{"outcome": object()}], "keep_previous": [{"status": "failed"}]}
        world.start()
        world.succeed("start_training")
        assert world.end == ("FAILED", "TrainingFailed")

    def test_a_pass_without_parameters_leaves_strangers_keys_alone(self, tmp_path):
        definition = {
            "StartAt": "Init",
            "States": {"Init": {"Type": "Pass", "Next": "Done"}, "Done": {"Type": "Succeed"}},
        }
        world = World(tmp_path / "mlops.db", definition)
        world.start(**{"title.$": "$.nowhere"})
        described = world.machine.describe_execution(executionArn=ARN)
        assert json.loads(described["output"]) == {"issue": 7, "run": 1, "title.$": "$.nowhere"}
