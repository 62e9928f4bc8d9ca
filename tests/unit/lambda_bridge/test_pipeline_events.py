"""Events only say where to look: late, early, repeated and foreign ones do no harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lambda_bridge.pipeline_events import on_event
from lambda_bridge.ports import Execution
from lambda_bridge.tasks import run_task

ARN = "arn:issue-7-attempt-1"


def tell(world, arn=ARN):
    on_event(world.ports, {"detail-type": "status change", "detail": {"pipelineExecutionArn": arn}})


@pytest.fixture
def training(world):
    world.run()
    run_task(world.ports, {"task": "start_training", "issue": 7, "run": 1, "token": "token"})
    world.issues.log.clear()
    world.now += timedelta(minutes=1)
    return world


def test_a_step_event_shows_the_steps_as_they_are_now(training):
    training.pipelines.listed = [{"StepName": "Prepare", "StepStatus": "Succeeded", "Metadata": {}}]
    tell(training)
    assert "1 of 5 steps" in training.issues.written["progress-1"]
    assert training.workflow.succeeded == []


def test_edits_are_spread_over_the_hour_and_over_the_runs(training):
    training.settings["edits_per_hour"] = 60
    tell(training)
    training.issues.log.clear()
    training.now += timedelta(seconds=59)
    tell(training)
    assert training.issues.log == []
    training.run(issue=8)
    training.now += timedelta(seconds=60)
    tell(training)
    assert training.issues.log == []
    training.now += timedelta(seconds=1)
    tell(training)
    assert training.issues.log == ["write progress-1"]


def test_the_place_in_the_queue_is_shown(training):
    training.pipelines.executions[ARN] = replace(training.pipelines.executions[ARN], queued=3)
    tell(training)
    assert "All workers are busy: place 3 in the queue." in training.issues.written["progress-1"]
    training.pipelines.executions[ARN] = replace(training.pipelines.executions[ARN], queued=None)
    training.now += timedelta(minutes=1)
    tell(training)
    assert "queue" not in training.issues.written["progress-1"]


def test_the_end_completes_the_token_each_time(training):
    training.end_pipeline(met=False)
    tell(training)
    tell(training)
    assert training.workflow.succeeded == [("token", {"status": "Failed"})] * 2


def test_the_end_of_an_attempt_that_is_judged_leaves_the_operators_token_alone(training):
    training.end_pipeline(met=False)
    run_task(training.ports, {"task": "judge", "issue": 7, "run": 1})
    run_task(training.ports, {"task": "ask_operator", "issue": 7, "run": 1, "token": "ask"})
    training.issues.log.clear()
    tell(training)
    assert (training.workflow.succeeded, training.issues.log) == ([], [])


@pytest.mark.parametrize("name", ["nightly", "issue-8-attempt-1", "issue-7-attempt-2", "issue-7-attempt-1x"])
def test_executions_of_others_are_left_alone(training, name):
    training.pipelines.executions["arn:other"] = Execution("arn:other", name, "Failed", training.now, training.now)
    tell(training, "arn:other")
    assert (training.workflow.succeeded, training.issues.log) == ([], [])


def test_an_execution_with_our_name_that_is_not_ours_is_left_alone(training):
    ours = training.pipelines.executions[ARN]
    training.pipelines.executions["arn:forged"] = Execution(
        "arn:forged", ours.run_id, "Succeeded", ours.started, ours.changed
    )
    tell(training, "arn:forged")
    assert training.workflow.succeeded == []


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {"pipelineExecutionArn": 3}}])
def test_an_event_without_an_arn_is_no_error(world, event):
    on_event(world.ports, event)
    assert world.issues.log == []
