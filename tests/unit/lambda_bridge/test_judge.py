from __future__ import annotations

import json

import pytest

from lambda_bridge.judge import BelowThreshold, Failed, Invalid, Registered, Stopped, judge

ARN = "arn:aws:sagemaker:local:000000000000:model-package/supervised-random-forest-iris/1"
EVALUATION = {"metrics": {"primary": {"name": "accuracy", "value": 0.9, "score": 0.9}}}


def step(name, status="Succeeded", **more):
    return {"StepName": name, "StepStatus": status, "Metadata": {}, **more}


def condition(outcome):
    return step("CheckScore", Metadata={"Condition": {"Outcome": outcome}})


REGISTERED = step("RegisterModel", Metadata={"RegisterModel": {"Arn": ARN}})
REFUSED = step("BelowThreshold", "Failed", Metadata={"Fail": {"ErrorMessage": "below"}}, FailureReason="below")


def test_registered():
    assert judge("Succeeded", [condition("True"), REGISTERED], EVALUATION) == Registered(ARN)


def test_below_the_threshold_is_an_outcome():
    assert judge("Failed", [condition("False"), REFUSED], EVALUATION) == BelowThreshold()


@pytest.mark.parametrize("steps", [[], [condition("True")], [condition("False")]])
def test_stopped(steps):
    assert judge("Stopped", steps, EVALUATION) == Stopped()


@pytest.mark.parametrize("status", ["Stopped", "Failed"])
def test_what_is_registered_stays_registered_however_the_execution_ended(status):
    assert judge(status, [condition("True"), REGISTERED], EVALUATION) == Registered(ARN)


@pytest.mark.parametrize(
    ("steps", "evaluation"),
    [
        ([condition("True")], EVALUATION),
        ([REGISTERED], EVALUATION),
        ([condition("False"), REGISTERED], EVALUATION),
        ([condition("True"), REGISTERED], None),
        ([condition("True"), REGISTERED], {"metrics": {}}),
        ([condition("True"), REGISTERED], {"metrics": {"primary": {"value": None}}}),
        ([condition("True"), REGISTERED], {"metrics": {"primary": {"value": float("nan")}}}),
        ([condition("True"), REGISTERED], {"metrics": {"primary": {"value": float("inf")}}}),
        ([], EVALUATION),
    ],
)
def test_what_is_not_certain_is_not_registered(steps, evaluation):
    assert isinstance(judge("Succeeded", steps, evaluation), Failed)


def failed(reason):
    return judge("Failed", [step("Prepare", "Failed", FailureReason=reason)], None)


@pytest.mark.parametrize("error", ["DatasetError", "ParameterError", "IssueFormatError"])
@pytest.mark.parametrize("around", ["{}", "AlgorithmError: {}, exit code: 1", "ClientError: {} "])
def test_the_requesters_errors_end_as_invalid(error, around):
    message = json.dumps({"error": error, "problems": [{"key": "target", "value": "x", "message": "no"}], "more": 0})
    outcome = failed(around.replace("{}", message))
    assert isinstance(outcome, Invalid)
    assert [(p.key, p.value, p.message) for p in outcome.problems] == [("target", "x", "no")]


def test_problems_that_did_not_fit_are_counted():
    message = json.dumps({"error": "DatasetError", "problems": [{"key": "a", "value": 1, "message": "no"}], "more": 7})
    outcome = failed(message)
    assert isinstance(outcome, Invalid)
    assert "7 more problems" in outcome.problems[1].message


@pytest.mark.parametrize(
    "reason",
    [
        "killed by signal 9",
        "{",
        "{]",
        "[1]",
        '{"error": "DatasetError"}',
        '{"error": "DatasetError", "problems": 3}',
        '{"error": "DatasetError", "problems": [3]}',
        '{"error": "InternalError", "problems": []}',
    ],
)
def test_any_other_reason_is_a_failure_of_that_step(reason):
    assert failed(reason) == Failed("Prepare", reason)


def test_a_platform_error_tells_its_message():
    message = json.dumps({"error": "PlatformError", "problems": [{"key": "", "value": None, "message": "no space"}]})
    assert failed(message) == Failed("Prepare", "no space")


def test_a_failed_execution_without_a_failed_step_is_a_failure():
    assert judge("Failed", [step("Prepare")], None) == Failed("", "the execution is Failed, and no step says why")
