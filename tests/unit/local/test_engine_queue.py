"""Executions wait their turn: first come, first served; those that wait cost nothing."""

from __future__ import annotations

import json
import threading

import pytest

from local.engine import FAR, NEAR, EngineOptions
from local.events import ExecutionChanged
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

SECONDS = 60
"""After so long a test fails that waits for something."""
GATE = {
    "Name": "Gate",
    "Type": "Processing",
    "Arguments": {
        "AppSpecification": {
            "ImageUri": "image:1",
            "ContainerEntrypoint": ["python", "-c", "import time; time.sleep(600)"],
        }
    },
}
"""A step that goes on until it is stopped."""
NOTHING = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "over"}}
"""A step that needs no process."""


class Machine:
    """One place. `log` tells of each execution's status, as it was heard."""

    def __init__(self, workspace):
        self.log, self._heard = [], threading.Condition()
        self.client = LocalSageMaker(workspace, self.hear, EngineOptions(parallel=1))
        for name, step in (("gate", GATE), ("nothing", NOTHING)):
            definition = {"Version": "2020-12-01", "Parameters": [], "Steps": [step]}
            self.client.upsert_pipeline(name, json.dumps(definition))

    def hear(self, event):
        if isinstance(event, ExecutionChanged):
            with self._heard:
                self.log.append((event.execution_arn, event.status))
                self._heard.notify_all()

    def until(self, *wanted):
        """Waits until that was heard."""
        with self._heard:
            assert self._heard.wait_for(lambda: wanted in self.log, SECONDS)

    def start(self, pipeline="nothing"):
        return self.client.start_pipeline_execution(PipelineName=pipeline)["PipelineExecutionArn"]

    def stop(self, arn):
        self.client.stop_pipeline_execution(PipelineExecutionArn=arn)

    def status(self, arn):
        return self.client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]

    def places(self, *arns):
        return [self.client.position(arn) for arn in arns]

    def ends(self):
        """The executions in the order in which they ended."""
        return [arn for arn, status in self.log if status in ("Failed", "Stopped", "Succeeded")]


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, "test") as opened:
        yield opened


@pytest.fixture
def machine(workspace):
    made = Machine(workspace)
    yield made
    made.client.close()


def test_who_comes_first_has_its_turn_first(machine):
    gate = machine.start("gate")
    waiting = [machine.start() for _ in range(4)]
    assert machine.places(gate, *waiting) == [None, 1, 2, 3, 4]
    assert machine.client.queue_length() == 4
    assert {machine.status(arn) for arn in waiting} == {"Executing"}
    machine.stop(gate)
    for arn in (gate, *waiting):
        machine.client.wait(arn, SECONDS)
    assert machine.ends() == [gate, *waiting]
    assert machine.client.queue_length() == 0
    assert machine.places(*waiting) == [None] * 4


def test_one_that_waits_is_stopped_at_once(machine):
    gate = machine.start("gate")
    first, second, third = (machine.start() for _ in range(3))
    machine.stop(second)
    assert machine.client.wait(second, SECONDS)["PipelineExecutionStatus"] == "Stopped"
    assert machine.places(gate, first, second, third) == [None, 1, None, 2]
    assert machine.status(gate) == "Executing"
    assert machine.client.list_pipeline_execution_steps(PipelineExecutionArn=second)["PipelineExecutionSteps"] == []


def test_stopping_one_that_waits_gives_nobody_its_turn(machine):
    """The place is taken still."""
    machine.start("gate")
    first, second = machine.start(), machine.start("gate")
    machine.stop(second)
    machine.client.wait(second, SECONDS)
    assert machine.places(first) == [1]
    assert machine.ends() == [second]


def test_waiting_for_one_that_waits(machine):
    gate, waiting = machine.start("gate"), machine.start()
    with pytest.raises(TimeoutError):
        machine.client.wait(waiting, 0.01)
    threading.Timer(0.01, machine.stop, [gate]).start()
    assert machine.client.wait(waiting, SECONDS)["PipelineExecutionStatus"] == "Failed"


def test_those_that_wait_hear_that_they_moved(machine):
    gate = machine.start("gate")
    waiting = [machine.start("gate"), machine.start()]
    del machine.log[:]
    machine.stop(gate)
    machine.until(waiting[1], "Executing")
    assert machine.places(*waiting) == [None, 1]


def test_the_same_request_waits_once(machine):
    machine.start("gate")
    token = "t" * 32
    given = {"PipelineName": "nothing", "ClientRequestToken": token}
    first, second = (machine.client.start_pipeline_execution(**given)["PipelineExecutionArn"] for _ in range(2))
    assert first == second
    assert machine.client.queue_length() == 1


def test_many_that_wait_use_no_threads_and_are_told_of_rarely(machine):
    before = threading.active_count()
    gate = machine.start("gate")
    machine.start("gate")
    waiting = [machine.start() for _ in range(200)]
    assert threading.active_count() < before + 20
    assert machine.places(*waiting) == list(range(2, 202))
    del machine.log[:]
    machine.stop(gate)
    far = waiting[NEAR::FAR]
    machine.until(far[-1], "Executing")
    assert [arn for arn, status in machine.log if status == "Executing"] == [*waiting[:NEAR], *far]


def test_what_close_left_goes_on_in_the_same_order(workspace, machine):
    gate = machine.start("gate")
    waiting = [machine.start() for _ in range(3)]
    machine.stop(waiting[1])
    machine.client.wait(waiting[1], SECONDS)
    machine.client.close()
    assert machine.start("nothing"), "it is stored all the same"
    again = Machine(workspace)
    try:
        left = again.client.resume()
        assert left[:3] == [gate, waiting[0], waiting[2]]
        assert again.places(*left) == [None, 1, 2, 3]
        assert again.client.resume() == left
        assert again.client.queue_length() == 3
        again.stop(gate)
        for arn in left:
            again.client.wait(arn, SECONDS)
        assert again.ends() == left
    finally:
        again.client.close()


def test_close_ends_the_wait_for_one_that_waits(machine):
    machine.start("gate")
    waiting, found = machine.start(), []
    thread = threading.Thread(target=lambda: found.append(machine.client.wait(waiting, SECONDS)))
    thread.start()
    machine.client.close()
    thread.join(SECONDS)
    assert found[0]["PipelineExecutionStatus"] == "Executing", "it goes on with the next process"
