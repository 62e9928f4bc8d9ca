"""Every call that the code makes is allowed to the role that makes it. The calls are recorded, not listed by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.definitions import ALL_PIPELINES, load_definition
from tests.aws.policies.account import BUCKET, REGION, arn, role_arn
from tests.aws.policies.calls import requests
from tests.aws.policies.simulator import Request, allowed

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
NOWHERE = "http://127.0.0.1:9/"
FUNCTIONS = ("webhook", "task", "pipeline_event", "sweep")
EXECUTION = "a1b2c3d4e5f6"
VALUES = {
    "Environment": "CartPole-v1",
    "DatasetId": "iris",
    "RunId": "issue-1-attempt-1",
    "ModelPackageGroupName": "supervised-kmeans-iris-0a1b2c",
}
BY_LAMBDA = {
    *("logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"),
    *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
}
"""What Lambda itself does in a function's name."""
NOT_IN_THE_STORIES = {
    "task": {"sagemaker:ListPipelineExecutions", "states:SendTaskFailure"},
}
"""Granted, and in no story: a training whose start was not noted before a crash is found again, and a wait that cannot
end well is failed.
"""
PASSED = {"iam:PassedToService": "sagemaker.amazonaws.com"}
PREVIOUS = f"s3://{BUCKET}/models/none/"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Role, service, operation and parameters of each call in the stories of `stories.py`."""
    file = tmp_path_factory.mktemp("calls") / "calls.jsonl"
    paths = (PROJECT, HERE, PROJECT / "tests/conformance")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLOPS_", "GITHUB_"))},
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL_SAGEMAKER": NOWHERE,
        "AWS_ENDPOINT_URL_SFN": NOWHERE,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
    command = [sys.executable, str(HERE / "stories.py"), str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return [tuple(json.loads(line)) for line in file.read_text().splitlines()]


@pytest.mark.slow
def test_every_call_of_the_functions_and_the_build_is_allowed(recorded, policies, granted):
    assert {caller for caller, *_ in recorded} == {
        *FUNCTIONS,
        "codebuild",
        "nobody",
    }
    role = role_arn(granted["sagemaker"].name)
    asked = {
        (caller, request.action, request.resource, tuple(request.context.items()))
        for caller, service, operation, params in recorded
        if caller != "nobody"
        for request in requests(service, operation, {**params, **({"RoleArn": role} if "RoleArn" in params else {})})
    }
    refused = [one for one in asked if not allowed(policies[one[0]], Request(*one[1:3], dict(one[3])))]
    assert refused == []
    assert {caller for caller, action, *_ in asked if action == "dynamodb:GetItem"} == set(FUNCTIONS)
    wanted = {"sagemaker:CreatePipeline", "sagemaker:UpdatePipeline", "iam:PassRole", "secretsmanager:GetSecretValue"}
    assert wanted <= {one[1] for one in asked}
    assert len({(one[0], one[1]) for one in asked}) > 45
    assert {name: _unasked(granted[name], {one[1] for one in asked if one[0] == name}) for name in FUNCTIONS} == {
        **dict.fromkeys(FUNCTIONS, frozenset()),
        **NOT_IN_THE_STORIES,
    }


def _unasked(role, actions):
    """What a function may do, and no story made it do."""
    allowed_to = {action for one in role.statements if one.effect == "Allow" for action in one.actions}
    return allowed_to - actions - BY_LAMBDA


def test_every_call_that_sagemaker_makes_for_a_pipeline_is_allowed(policies, granted):
    """Jobs, files and versions, as the compiled definitions name them."""
    asked = [one for kind in ALL_PIPELINES for one in _of_definition(load_definition(kind)["Steps"])]
    asked.append(Request("iam:PassRole", role_arn(granted["sagemaker"].name), PASSED))
    assert [one for one in asked if not allowed(policies["sagemaker"], one)] == []
    assert {one.action for one in asked} >= {
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "sagemaker:CreateModelPackage",
        "sagemaker:CreateProcessingJob",
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:CreateTrainingJob",
    }


def _of_definition(steps: list[dict[str, Any]]) -> Iterator[Request]:
    for step in steps:
        arguments = step["Arguments"]
        kind = step["Type"]
        if kind == "Condition":
            yield from _of_definition([*arguments["IfSteps"], *arguments["ElseSteps"]])
        elif kind in ("Processing", "Training"):
            name = {f"{kind}JobName": f"pipelines-{EXECUTION}-{step['Name']}-x1y2z3", "Tags": [{"Key": "project"}]}
            for verb in ("Create", "Describe", "Stop"):
                yield from requests("sagemaker", f"{verb}{kind}Job", name)
            yield from _files(arguments)
        elif kind == "Tuning":
            yield from _of_search(step["Name"], arguments)
            yield from _files(arguments)
        elif kind == "RegisterModel":
            yield from requests("sagemaker", "CreateModelPackage", VALUES)


def _of_search(name: str, arguments: dict[str, Any]) -> Iterator[Request]:
    (tag,) = (each["Value"] for each in arguments["Tags"] if each["Key"] == "project")
    job = arn("sagemaker", f"hyper-parameter-tuning-job/{EXECUTION}-{name}-x1y2z3")
    for action in ("CreateHyperParameterTuningJob", "AddTags"):
        yield Request(f"sagemaker:{action}", job, {"aws:RequestTag/project": tag})
    for action in ("DescribeHyperParameterTuningJob", "StopHyperParameterTuningJob"):
        yield Request(f"sagemaker:{action}", job, {"aws:ResourceTag/project": tag})


def _files(value: Any, written: bool = False) -> Iterator[Request]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("S3Uri", "S3OutputPath"):
                yield from _of_prefix(_address(inner), written)
            else:
                yield from _files(inner, written or key in ("ProcessingOutputConfig", "OutputDataConfig"))
    elif isinstance(value, list):
        for inner in value:
            yield from _files(inner, written)


def _of_prefix(uri: str, written: bool) -> Iterator[Request]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/a/file.bin"
    if written:
        yield from requests("s3", "PutObject", {"Bucket": bucket, "Key": key})
    else:
        yield from requests("s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix})
        yield from requests("s3", "GetObject", {"Bucket": bucket, "Key": key})


def _address(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Std:Join": {"On": str(separator), "Values": list(parts)}}:
            return separator.join(_address(part) for part in parts)
        case {"Get": "Parameters.PreviousModelUri" | "Parameters.ModelUri"}:
            return PREVIOUS
        case {"Get": "Execution.PipelineExecutionId"}:
            return EXECUTION
        case {"Get": str(name)} if name.startswith("Parameters."):
            return VALUES[name.removeprefix("Parameters.")]
        case {"Get": str(name)} if name.startswith("Steps.Prepare."):
            return f"s3://{BUCKET}/datasets/iris/processed/{EXECUTION}/train"
        case {"Get": str(name)} if name.startswith("Steps.Train."):
            return f"s3://{BUCKET}/models/{VALUES['ModelPackageGroupName']}/{VALUES['RunId']}/output/model.tar.gz"
    raise ValueError(value)
