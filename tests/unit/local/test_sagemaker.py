"""The client's requests and responses; executions run in tests/integration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from local.sagemaker import LocalSageMaker
from local.workspace import Workspace
from pipelines.definitions import load_definition

MODEL = botocore.session.get_session().get_service_model("sagemaker")
ROLE = "arn:aws:iam::111122223333:role/mlops-pipeline"
SLEEP = ["python", "-c", "import time; time.sleep(68)"]
DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "Seed", "Type": "Integer", "DefaultValue": 0}],
    "Steps": [
        {
            "Name": "Check",
            "Type": "Condition",
            "DisplayName": "Check it",
            "Description": "A description",
            "Arguments": {
                "Conditions": [{"Type": "Equals", "LeftValue": {"Get": "Parameters.Seed"}, "RightValue": 1}],
                "IfSteps": [
                    {
                        "Name": "Register",
                        "Type": "RegisterModel",
                        "Arguments": {
                            "ModelPackageGroupName": "toys",
                            "InferenceSpecification": {"Containers": [{"Image": "i"}]},
                        },
                    },
                ],
                "ElseSteps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}],
            },
        }
    ],
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[LocalSageMaker]:
    with Workspace(tmp_path) as workspace, LocalSageMaker(workspace) as made:
        yield made


@pytest.fixture
def ended(client: LocalSageMaker) -> LocalSageMaker:
    """After one execution that registered a model and one that failed."""
    client.create_pipeline(PipelineName="toy", PipelineDefinition=json.dumps(DEFINITION), RoleArn=ROLE)
    for seed in ("1", "0"):
        started = client.start_pipeline_execution(
            PipelineName="toy",
            PipelineParameters=[{"Name": "Seed", "Value": seed}],
            PipelineExecutionDisplayName=f"seed-{seed}",
            PipelineExecutionDescription="a test",
        )
        client.wait(started["PipelineExecutionArn"], 30)
    return client


def failing(ended: LocalSageMaker) -> str:
    return str(
        ended.list_pipeline_executions(PipelineName="toy")["PipelineExecutionSummaries"][0]["PipelineExecutionArn"]
    )


def package(ended: LocalSageMaker) -> str:
    return str(ended.list_model_packages()["ModelPackageSummaryList"][0]["ModelPackageArn"])


CALLS = {
    "CreatePipeline": lambda c: c.create_pipeline(
        PipelineName="other", PipelineDefinition=json.dumps(DEFINITION), RoleArn=ROLE, PipelineDescription="d"
    ),
    "UpdatePipeline": lambda c: c.update_pipeline(PipelineName="toy", PipelineDescription="new"),
    "DescribePipeline": lambda c: c.describe_pipeline(PipelineName="toy"),
    "StartPipelineExecution": lambda c: c.start_pipeline_execution(PipelineName="toy"),
    "DescribePipelineExecution": lambda c: c.describe_pipeline_execution(PipelineExecutionArn=failing(c)),
    "ListPipelineExecutions": lambda c: c.list_pipeline_executions(PipelineName="toy"),
    "ListPipelineExecutionSteps": lambda c: c.list_pipeline_execution_steps(PipelineExecutionArn=failing(c)),
    "CreateModelPackageGroup": lambda c: c.create_model_package_group(ModelPackageGroupName="more"),
    "DescribeModelPackageGroup": lambda c: c.describe_model_package_group(ModelPackageGroupName="toys"),
    "ListModelPackageGroups": lambda c: c.list_model_package_groups(),
    "CreateModelPackage": lambda c: c.create_model_package(ModelPackageGroupName="toys"),
    "DescribeModelPackage": lambda c: c.describe_model_package(ModelPackageName=package(c)),
    "ListModelPackages": lambda c: c.list_model_packages(),
    "UpdateModelPackage": lambda c: c.update_model_package(ModelPackageArn=package(c), ModelApprovalStatus="Approved"),
}


@pytest.mark.parametrize(("operation", "call"), CALLS.items(), ids=CALLS)
def test_responses_have_the_service_s_shape(ended: LocalSageMaker, operation: str, call: Any) -> None:
    response = call(ended)
    shape = MODEL.operation_model(operation).output_shape
    assert ParamValidator().validate(response, shape).generate_report() == ""
    assert list(deviations(response, shape, operation)) == []
    assert response


@pytest.mark.parametrize("operation", [*CALLS, "StopPipelineExecution"])
def test_keyword_arguments_are_boto3_s(operation: str) -> None:
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    assert hasattr(client, method)
    names = set(getattr(LocalSageMaker, method).__annotations__) - {"return", "request"}
    assert names <= set(MODEL.operation_model(operation).input_shape.members)


def deviations(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What botocore's own validator leaves out: unknown members, lengths, enums, patterns."""
    if shape.type_name == "structure":
        yield from (f"{path}.{key}: unknown" for key in value if key not in shape.members)
        for key in value:
            yield from deviations(value[key], shape.members[key], f"{path}.{key}")
    elif shape.type_name == "list":
        for item in value:
            yield from deviations(item, shape.member, path)
    elif shape.type_name == "string":
        known = shape.metadata
        fits = known.get("min", 0) <= len(value) <= known.get("max", 10**9)
        pattern = known.get("pattern", ".*")
        if not fits or (known.get("enum") and value not in known["enum"]) or not re.fullmatch(pattern, value, re.S):
            yield f"{path}: {value!r}"
    elif shape.type_name == "timestamp" and not (isinstance(value, datetime) and value.tzinfo):
        yield f"{path}: {value!r}"


class TestExecutions:
    def test_what_became_of_each(self, ended: LocalSageMaker) -> None:
        listed = ended.list_pipeline_executions(PipelineName="toy", SortOrder="Ascending")["PipelineExecutionSummaries"]
        assert [item["PipelineExecutionStatus"] for item in listed] == ["Succeeded", "Failed"]
        assert [item["PipelineExecutionDisplayName"] for item in listed] == ["seed-1", "seed-0"]
        assert listed[1]["PipelineExecutionFailureReason"] == "Step failure: Stop: no"

    def test_steps_newest_first(self, ended: LocalSageMaker) -> None:
        steps = ended.list_pipeline_execution_steps(PipelineExecutionArn=failing(ended))["PipelineExecutionSteps"]
        assert [step["StepName"] for step in steps] == ["Stop", "Check"]
        assert (steps[1]["StepDisplayName"], steps[1]["StepDescription"]) == ("Check it", "A description")
        assert timedelta() <= steps[1]["EndTime"] - steps[1]["StartTime"] < timedelta(seconds=30)
        assert steps[0]["StartTime"] <= datetime.now(UTC)

    def test_pages(self, ended: LocalSageMaker) -> None:
        first = ended.list_pipeline_executions(PipelineName="toy", MaxResults=1)
        second = ended.list_pipeline_executions(PipelineName="toy", MaxResults=1, NextToken=first["NextToken"])
        names = [page["PipelineExecutionSummaries"][0]["PipelineExecutionDisplayName"] for page in (first, second)]
        assert names == ["seed-0", "seed-1"]
        assert "NextToken" not in second

    def test_a_changed_definition_is_used_from_the_next_start(self, ended: LocalSageMaker) -> None:
        changed = json.loads(json.dumps(DEFINITION))
        changed["Parameters"][0]["DefaultValue"] = 1
        ended.update_pipeline(PipelineName="toy", PipelineDefinition=json.dumps(changed))
        arn = ended.start_pipeline_execution(PipelineName="toy")["PipelineExecutionArn"]
        assert ended.wait(arn, 30)["PipelineExecutionStatus"] == "Succeeded"

    def test_waiting_has_a_limit(self, client: LocalSageMaker) -> None:
        step = {"Name": "A", "Type": "Processing", "Arguments": {"AppSpecification": {"ContainerEntrypoint": SLEEP}}}
        client.upsert_pipeline("slow", json.dumps({"Version": "2020-12-01", "Steps": [step]}))
        arn = client.start_pipeline_execution(PipelineName="slow")["PipelineExecutionArn"]
        with pytest.raises(TimeoutError):
            client.wait(arn, 0.01)


UNKNOWN_PACKAGE = "arn:aws:sagemaker:us-local-1:000000000000:model-package/toys/9"
ERRORS = {
    "unknown_pipeline": (lambda c: c.start_pipeline_execution(PipelineName="nothing"), "ResourceNotFound"),
    "unknown_pipeline_described": (lambda c: c.describe_pipeline(PipelineName="nothing"), "ResourceNotFound"),
    "unknown_pipeline_updated": (lambda c: c.update_pipeline(PipelineName="nothing"), "ResourceNotFound"),
    "unknown_execution": (lambda c: c.describe_pipeline_execution(PipelineExecutionArn="x"), "ResourceNotFound"),
    "unknown_package": (lambda c: c.describe_model_package(ModelPackageName=UNKNOWN_PACKAGE), "ResourceNotFound"),
    "broken_definition": (lambda c: c.upsert_pipeline("toy", "{"), "ValidationException"),
    "illegal_name": (lambda c: c.upsert_pipeline("a_b", json.dumps(DEFINITION)), "ValidationException"),
    "second_pipeline": (
        lambda c: c.create_pipeline(PipelineName="toy", PipelineDefinition=json.dumps(DEFINITION), RoleArn=ROLE),
        "ConflictException",
    ),
    "second_group": (lambda c: c.create_model_package_group(ModelPackageGroupName="toys"), "ValidationException"),
    "package_without_group": (lambda c: c.create_model_package(ModelPackageGroupName="no"), "ValidationException"),
    "unknown_approval": (
        lambda c: c.update_model_package(ModelPackageArn=package(c), ModelApprovalStatus="Yes"),
        "ValidationException",
    ),
    "unknown_page": (lambda c: c.list_model_packages(NextToken="x"), "ResourceNotFound"),
}


@pytest.mark.parametrize(("call", "code"), ERRORS.values(), ids=ERRORS)
def test_errors_are_botocore_s(ended: LocalSageMaker, call: Any, code: str) -> None:
    with pytest.raises(ClientError) as raised:
        call(ended)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["Error"]["Message"]


def test_a_start_tells_every_problem_of_its_parameters(client: LocalSageMaker) -> None:
    client.upsert_pipeline("mlops-supervised", json.dumps(load_definition("supervised")))
    values = {"TaskType": "sorting", "Seed": "x", "Nonsense": "1"}
    given = [{"Name": name, "Value": value} for name, value in values.items()]
    with pytest.raises(ClientError) as raised:
        client.start_pipeline_execution(PipelineName="mlops-supervised", PipelineParameters=given)
    named = {line.partition(":")[0] for line in raised.value.response["Error"]["Message"].splitlines()}
    assert named == {
        *("TaskType", "Seed", "Nonsense"),
        *("RunId", "Algorithm", "EvaluationMetric", "ModelPackageGroupName", "DatasetId", "DatasetDigest"),
    }
    assert client.list_pipeline_executions(PipelineName="mlops-supervised")["PipelineExecutionSummaries"] == []
