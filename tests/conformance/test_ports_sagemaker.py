"""Pipelines and registry: the same adapters over the local SageMaker itself, and over boto3's client in front of it.

botocore checks and writes each request, and parses each answer (AWS JSON 1.1): so what the adapters send and read is
what the service's description says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from algorithms.errors import PlatformError
from algorithms.metrics import LearningType
from lambda_bridge import aws as adapters
from lambda_bridge.aws import SageMakerPipelines
from lambda_bridge.aws_registry import LONGEST_DESCRIPTION, SageMakerRegistry
from lambda_bridge.ports import Package
from local.engine import EngineOptions
from local.pipelines import LocalPipelines
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace
from pipelines.definitions import LEARNING_TYPES, pipeline_name

GROUP = "supervised-ridge-iris"
RUN = "issue-7-attempt-1"
QUICK, ENDLESS = "pass", "import time; time.sleep(600)"


class Body:
    """The body of an answer, as urllib3 gives it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content


class Wire:
    """Answers the requests of a boto3 client out of the local SageMaker."""

    def __init__(self, local: LocalSageMaker) -> None:
        self._local = local

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().removeprefix("SageMaker.")
        try:
            status, answer = 200, getattr(self._local, xform_name(operation))(**json.loads(request.body))
        except ClientError as error:
            found = error.response["Error"]
            status, answer = 400, {"__type": found["Code"], "message": found["Message"]}
        content = json.dumps(answer, default=datetime.timestamp).encode()
        headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "1"}
        return AWSResponse(request.url, status, headers, Body(content))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalSageMaker]:
    with Workspace(tmp_path / "ws", "test") as workspace, LocalSageMaker(workspace) as found:
        yield found


@pytest.fixture(params=["local", "boto3"])
def client(request: pytest.FixtureRequest, local: LocalSageMaker) -> Any:
    if request.param == "local":
        return local
    found = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    found.meta.events.register("before-send.sagemaker.*", Wire(local))
    return found


@pytest.fixture
def pipelines(client: Any) -> SageMakerPipelines:
    return SageMakerPipelines(client)


@pytest.fixture
def registry(client: Any) -> SageMakerRegistry:
    return SageMakerRegistry(client)


def step(name: str, code: str, *before: str) -> dict[str, Any]:
    application = {"ImageUri": "image:1", "ContainerEntrypoint": ["python", "-c", code]}
    return {"Name": name, "Type": "Processing", "Arguments": {"AppSpecification": application}, "DependsOn": before}


def install(local: LocalSageMaker, *steps: dict[str, Any], learning_type: LearningType = "supervised") -> None:
    definition = {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "RunId", "Type": "String", "DefaultValue": ""},
            {"Name": "Seed", "Type": "Integer", "DefaultValue": 1},
            {"Name": "ScoreThreshold", "Type": "Float", "DefaultValue": 0.5},
        ],
        "Steps": steps,
    }
    local.upsert_pipeline(pipeline_name(learning_type), json.dumps(definition))


def start(pipelines: SageMakerPipelines, run: str = RUN, **more: str | int | float) -> str:
    return pipelines.start("supervised", run, {"RunId": run, "Seed": 0, "ScoreThreshold": -1e308, **more})


def test_an_execution_from_start_to_end(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", QUICK), step("Two", QUICK, "One"))
    arn = start(pipelines)
    local.wait(arn, 60)
    found = pipelines.describe(arn)
    assert (found.arn, found.run_id, found.status, found.ended) == (arn, RUN, "Succeeded", True)
    assert found.started < found.changed
    assert found.started.tzinfo is not None
    assert [(item["StepName"], item["StepStatus"]) for item in pipelines.steps(arn)] == [
        ("One", "Succeeded"),
        ("Two", "Succeeded"),
    ]


def test_a_run_is_started_once(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", QUICK))
    first = start(pipelines)
    assert start(pipelines) == first
    local.wait(first, 60)
    assert start(pipelines) == first
    assert start(pipelines, "issue-7-attempt-2") != first


def test_a_run_with_other_parameters_is_refused(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", QUICK))
    start(pipelines)
    with pytest.raises(PlatformError, match="StartPipelineExecution: ConflictException"):
        start(pipelines, Seed=2)


def test_an_execution_whose_start_was_not_answered_is_found(
    local: LocalSageMaker, pipelines: SageMakerPipelines
) -> None:
    install(local, step("One", QUICK))
    assert pipelines.find("supervised", RUN) is None
    arn, other = start(pipelines), start(pipelines, f"{RUN}0")
    assert (pipelines.find("supervised", RUN), pipelines.find("supervised", f"{RUN}0")) == (arn, other)


def test_the_steps_come_from_every_page(
    local: LocalSageMaker, pipelines: SageMakerPipelines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "PAGE", 1)
    install(local, step("One", QUICK), step("Two", QUICK, "One"), step("Three", QUICK, "Two"))
    arn = start(pipelines)
    local.wait(arn, 60)
    assert [item["StepName"] for item in pipelines.steps(arn)] == ["One", "Two", "Three"]


def test_an_execution_is_stopped(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", ENDLESS))
    arn = start(pipelines)
    assert not pipelines.describe(arn).ended
    pipelines.stop(arn)
    pipelines.stop(arn)
    local.wait(arn, 60)
    assert pipelines.describe(arn).status == "Stopped"
    pipelines.stop(arn)


def test_an_execution_that_has_ended_is_left_alone(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", QUICK))
    arn = start(pipelines)
    local.wait(arn, 60)
    pipelines.stop(arn)
    assert pipelines.describe(arn).status == "Succeeded"


def test_a_failed_step_tells_its_reason(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    install(local, step("One", "raise SystemExit(3)"))
    arn = start(pipelines)
    local.wait(arn, 60)
    assert pipelines.describe(arn).status == "Failed"
    assert pipelines.steps(arn)[0]["FailureReason"]


def test_the_executions_that_run(local: LocalSageMaker, pipelines: SageMakerPipelines) -> None:
    for learning_type in LEARNING_TYPES:
        install(local, step("One", ENDLESS), learning_type=learning_type)
    assert list(pipelines.running()) == []
    arns = [
        pipelines.start(learning_type, f"issue-{number}-attempt-1", {"RunId": "r"})
        for number, learning_type in enumerate(LEARNING_TYPES, 1)
    ]
    found = {execution.arn: execution for execution in pipelines.running()}
    assert set(found) == set(arns)
    assert [found[arn].run_id for arn in arns] == [f"issue-{number}-attempt-1" for number in (1, 2, 3)]
    assert {execution.status for execution in found.values()} == {"Executing"}
    pipelines.stop(arns[0])
    assert arns[0] not in {execution.arn for execution in pipelines.running()}, "one that is Stopping does not count"


def test_before_the_first_build_there_are_no_pipelines_and_nothing_runs(
    local: LocalSageMaker, pipelines: SageMakerPipelines
) -> None:
    assert list(pipelines.running()) == []
    assert pipelines.find("supervised", "issue-1-attempt-1") is None
    install(local, step("One", ENDLESS))
    arn = start(pipelines, "issue-1-attempt-1")
    assert [execution.arn for execution in pipelines.running()] == [arn], "the two others are still not there"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_running_pipelines_that_cannot_be_read_are_a_platform_error(code: str) -> None:
    client = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubbed:
        stubbed.add_client_error("list_pipeline_executions", code)
        with pytest.raises(PlatformError, match=code):
            SageMakerPipelines(client).running()


def test_here_the_place_in_the_queue_is_told(tmp_path: Path) -> None:
    options = EngineOptions(parallel=1)
    with Workspace(tmp_path / "ws", "test") as workspace, LocalSageMaker(workspace, options=options) as local:
        pipelines = LocalPipelines(local)
        install(local, step("One", ENDLESS))
        arns = [start(pipelines, f"issue-{number}-attempt-1") for number in (1, 2, 3)]
        assert [pipelines.describe(arn).queued for arn in arns] == [None, 1, 2]
        assert SageMakerPipelines(local).describe(arns[1]).queued is None, "AWS tells no place"


def test_what_does_not_exist_is_a_platform_error(pipelines: SageMakerPipelines) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:pipeline/{pipeline_name('supervised')}/execution/abcdefghijkl"
    calls = (lambda: start(pipelines), *(lambda call=c: call(arn) for c in (pipelines.describe, pipelines.stop)))
    for call in calls:
        with pytest.raises(PlatformError, match="ResourceNotFound"):
            call()


def register(client: Any, status: str, group: str = GROUP) -> str:
    number = len(client.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]) + 1
    container = {"Image": "image:1", "ModelDataUrl": f"s3://mlops-local/models/{number}/model.tar.gz"}
    made = client.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=status,
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    return str(made["ModelPackageArn"])


def test_a_group_is_made_once(client: Any, registry: SageMakerRegistry) -> None:
    registry.ensure_group(GROUP)
    registry.ensure_group(GROUP)
    found = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert [item["ModelPackageGroupName"] for item in found] == [GROUP]


class Overtaken:
    """A client before whose first call to make a group somebody else makes it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create_model_package_group(self, **request: Any) -> Any:
        self._client.create_model_package_group(**request)
        return self._client.create_model_package_group(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_group_that_somebody_else_makes_meanwhile(client: Any) -> None:
    registry = SageMakerRegistry(Overtaken(client))
    registry.ensure_group(GROUP)
    assert len(client.list_model_package_groups()["ModelPackageGroupSummaryList"]) == 1


def test_a_name_that_the_registry_refuses_is_a_platform_error(registry: SageMakerRegistry) -> None:
    with pytest.raises(PlatformError):
        registry.ensure_group("no_underscores")


def test_no_group_has_no_approved_version(registry: SageMakerRegistry) -> None:
    assert registry.approved(GROUP) is None


def test_versions_that_nobody_approved(client: Any, registry: SageMakerRegistry) -> None:
    registry.ensure_group(GROUP)
    register(client, "PendingManualApproval")
    register(client, "Rejected")
    assert registry.approved(GROUP) is None


def test_the_latest_approved_version(client: Any, registry: SageMakerRegistry) -> None:
    for group in (GROUP, "other"):
        registry.ensure_group(group)
    register(client, "Approved")
    second = register(client, "PendingManualApproval")
    register(client, "PendingManualApproval")
    register(client, "Approved", "other")
    client.update_model_package(ModelPackageArn=second, ModelApprovalStatus="Approved")
    assert registry.approved(GROUP) == Package(second, "s3://mlops-local/models/2/model.tar.gz")


@pytest.mark.parametrize(
    "containers",
    [{}, {"InferenceSpecification": {}}, {"InferenceSpecification": {"Containers": [{"Image": "image:1"}]}}],
)
def test_a_version_that_somebody_made_without_a_model_is_passed_over(containers: dict[str, Any]) -> None:
    """Beside that: a page may be empty although another one follows."""

    class Service:
        pages: ClassVar = {None: ([], "2"), "2": (["theirs"], "3"), "3": (["ours"], None)}

        def list_model_packages(self, *, NextToken: str | None = None, **_: Any) -> dict[str, Any]:
            arns, more = self.pages[NextToken]
            page = {"ModelPackageSummaryList": [{"ModelPackageArn": arn} for arn in arns]}
            return page if more is None else {**page, "NextToken": more}

        def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
            ours = {"InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://b/m"}]}}
            return ours if ModelPackageName == "ours" else containers

    assert SageMakerRegistry(Service()).approved(GROUP) == Package("ours", "s3://b/m")


@pytest.mark.parametrize(
    "message",
    [
        f"ModelPackageGroup arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{GROUP} does not exist.",
        f"Model Package Group {GROUP} does not exist.",
    ],
)
def test_a_missing_group_as_the_service_tells_it(message: str) -> None:
    """SageMaker answers ValidationException where the local one answers ResourceNotFound."""

    class Service:
        def list_model_packages(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "ListModelPackages")

    assert SageMakerRegistry(Service()).approved(GROUP) is None


def test_a_service_that_is_not_reached_is_a_platform_error() -> None:
    class Unreachable:
        def describe_pipeline_execution(self, **_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://example.org")

    with pytest.raises(PlatformError, match="could not be reached"):
        SageMakerPipelines(Unreachable()).describe("arn")


def test_versions_newest_first_with_their_approval(client: Any, registry: SageMakerRegistry) -> None:
    assert registry.versions(GROUP) == []
    registry.ensure_group(GROUP)
    arns = [register(client, status) for status in ("Approved", "Rejected", "PendingManualApproval")]
    found = [(version.number, version.arn, version.approval) for version in registry.versions(GROUP)]
    expected = [(3, arns[2], "PendingManualApproval"), (2, arns[1], "Rejected"), (1, arns[0], "Approved")]
    assert found == expected


def test_more_versions_than_a_page_holds(client: Any, registry: SageMakerRegistry) -> None:
    registry.ensure_group(GROUP)
    for number in range(1, adapters.PAGE + 3):
        client.create_model_package(ModelPackageGroupName=GROUP, ClientToken=f"token-{number}" + "0" * 36)
    assert [version.number for version in registry.versions(GROUP)] == list(range(adapters.PAGE + 2, 0, -1))


def test_a_decision_is_kept_with_who_and_why(client: Any, registry: SageMakerRegistry) -> None:
    registry.ensure_group(GROUP)
    arn = register(client, "PendingManualApproval")
    registry.set_approval(arn, "Approved", "approved by alice: " + "x" * 2000)
    found = client.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["ApprovalDescription"].startswith("approved by alice: x")
    assert len(found["ApprovalDescription"]) == LONGEST_DESCRIPTION
    approved = registry.approved(GROUP)
    assert approved == registry.package(arn) == Package(arn, "s3://mlops-local/models/1/model.tar.gz")
    registry.set_approval(arn, "Rejected", "rejected by bob")
    assert registry.approved(GROUP) is None


def test_a_version_without_a_model_of_its_own(client: Any, registry: SageMakerRegistry) -> None:
    registry.ensure_group(GROUP)
    arn = client.create_model_package(ModelPackageGroupName=GROUP)["ModelPackageArn"]
    assert registry.package(arn) is None
