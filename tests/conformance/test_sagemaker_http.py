"""`/sagemaker` of `mlops up`: boto3's own client over a real server, held against the client in this process."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local.engine import EngineOptions
from local.sagemaker import LocalSageMaker
from local.serving import Serving, listen
from local.web.sagemaker import MOST_BYTES, OPERATIONS, create_sagemaker_app
from local.workspace import Workspace

DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "Seed", "Type": "Integer", "DefaultValue": 0}],
    "Steps": [
        {
            "Name": "Register",
            "Type": "RegisterModel",
            "Arguments": {
                "ModelPackageGroupName": "toys",
                "InferenceSpecification": {"Containers": [{"Image": "i"}]},
            },
        },
    ],
}
SEARCH = {
    **DEFINITION,
    "Steps": [
        {
            "Name": "Train",
            "Type": "Tuning",
            "Arguments": {
                "HyperParameterTuningJobConfig": {
                    "Strategy": "Random",
                    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "objective"},
                    "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
                },
                "TrainingJobDefinition": {
                    "StaticHyperParameters": {"hyperparameters": "{}"},
                    "OutputDataConfig": {"S3OutputPath": "s3://mlops-local/models/toys"},
                },
            },
        },
    ],
}
QUICK = Path(__file__).parents[1] / "integration/quick"
SECONDS = 60
JSON = "application/x-amz-json-1.1"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSageMaker]:
    """Two executions of `toy` that have registered a model each, and one of `search` that tried two points."""
    folder: Path = tmp_path_factory.mktemp("sagemaker")
    options = EngineOptions(python_path=(QUICK,))
    with Workspace(folder, "test") as workspace, LocalSageMaker(workspace, options=options) as found:
        found.upsert_pipeline("toy", json.dumps(DEFINITION))
        found.upsert_pipeline("search", json.dumps(SEARCH))
        found.wait(found.start_pipeline_execution(PipelineName="search")["PipelineExecutionArn"], SECONDS)
        for number in (1, 2):
            started = found.start_pipeline_execution(
                PipelineName="toy",
                PipelineExecutionDisplayName=f"run-{number}",
                ClientRequestToken="t" * 31 + f"{number}",
            )
            found.wait(started["PipelineExecutionArn"], SECONDS)
        yield found


@pytest.fixture(scope="module")
def url(local: LocalSageMaker) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    with Serving(create_sagemaker_app(local), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    given = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("sagemaker", endpoint_url=url, config=config, **given)


def execution(client: Any) -> str:
    return str(
        client.list_pipeline_executions(PipelineName="toy")["PipelineExecutionSummaries"][-1]["PipelineExecutionArn"]
    )


def tuning_job(client: Any) -> str:
    (run,) = client.list_pipeline_executions(PipelineName="search")["PipelineExecutionSummaries"]
    (step,) = client.list_pipeline_execution_steps(PipelineExecutionArn=run["PipelineExecutionArn"])[
        "PipelineExecutionSteps"
    ]
    assert step["StepStatus"] == "Succeeded"
    return str(step["Metadata"]["TuningJob"]["Arn"]).rpartition("/")[2]


def package(client: Any) -> str:
    found = client.list_model_packages(ModelPackageGroupName="toys")
    return str(found["ModelPackageSummaryList"][0]["ModelPackageArn"])


READS: dict[str, Callable[[Any], Any]] = {
    "DescribeModelPackage": lambda c: c.describe_model_package(ModelPackageName=package(c)),
    "DescribeModelPackageGroup": lambda c: c.describe_model_package_group(ModelPackageGroupName="toys"),
    "DescribePipeline": lambda c: c.describe_pipeline(PipelineName="toy"),
    "DescribePipelineExecution": lambda c: c.describe_pipeline_execution(PipelineExecutionArn=execution(c)),
    "ListModelPackageGroups": lambda c: c.list_model_package_groups(),
    "ListModelPackages": lambda c: c.list_model_packages(ModelApprovalStatus="PendingManualApproval", MaxResults=1),
    "ListPipelineExecutionSteps": lambda c: c.list_pipeline_execution_steps(PipelineExecutionArn=execution(c)),
    "ListTrainingJobsForHyperParameterTuningJob": lambda c: c.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=tuning_job(c)
    ),
    "ListPipelineExecutions": lambda c: c.list_pipeline_executions(PipelineName="toy", SortOrder="Ascending"),
}
WRITES: dict[str, Callable[[Any], Any]] = {
    "CreateModelPackageGroup": lambda c: c.create_model_package_group(ModelPackageGroupName=f"more-{id(c)}"),
    "StartPipelineExecution": lambda c: c.start_pipeline_execution(
        PipelineName="toy",
        PipelineParameters=[{"Name": "Seed", "Value": "3"}],
        ClientRequestToken=f"{id(c)}".zfill(32),
    ),
    "StopPipelineExecution": lambda c: c.stop_pipeline_execution(
        PipelineExecutionArn=c.start_pipeline_execution(PipelineName="toy", ClientRequestToken=f"{id(c)}".zfill(33))[
            "PipelineExecutionArn"
        ]
    ),
    "UpdateModelPackage": lambda c: c.update_model_package(
        ModelPackageArn=package(c), ModelApprovalStatus="Approved", ApprovalDescription="fine, äöü"
    ),
}


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """Without what only the wire adds; moments have milliseconds there."""
    found = {name: value for name, value in response.items() if name != "ResponseMetadata"}
    return json.loads(json.dumps(found, default=lambda moment: round(moment.timestamp(), 2)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("operation", READS)
def test_what_boto3_reads_is_what_is_there(client: Any, local: LocalSageMaker, operation: str) -> None:
    assert plain(READS[operation](client)) == plain(READS[operation](local))


@pytest.mark.parametrize("operation", [name for name in WRITES if name != "StopPipelineExecution"])
def test_what_boto3_writes_is_answered_in_the_same_way(client: Any, local: LocalSageMaker, operation: str) -> None:
    assert set(plain(WRITES[operation](client))) == set(plain(WRITES[operation](local)))


def test_every_operation_is_tried() -> None:
    assert {*READS, *WRITES} == set(OPERATIONS)


def test_an_execution_from_start_to_end(client: Any, local: LocalSageMaker) -> None:
    name = {"PipelineName": "toy", "PipelineExecutionDisplayName": "issue-7-attempt-1"}
    arn = client.start_pipeline_execution(**name)["PipelineExecutionArn"]
    local.wait(arn, SECONDS)
    found = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert (found["PipelineExecutionStatus"], found["PipelineExecutionDisplayName"]) == (
        "Succeeded",
        "issue-7-attempt-1",
    )
    assert found["CreationTime"].tzinfo is not None
    (step,) = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert (step["StepName"], step["StepStatus"]) == ("Register", "Succeeded")


def test_an_execution_that_runs_is_stopped(client: Any, local: LocalSageMaker) -> None:
    application = {"ImageUri": "i", "ContainerEntrypoint": ["python", "-c", "import time; time.sleep(600)"]}
    endless = {"Name": "One", "Type": "Processing", "Arguments": {"AppSpecification": application}}
    local.upsert_pipeline("endless", json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": [endless]}))
    arn = client.start_pipeline_execution(PipelineName="endless")["PipelineExecutionArn"]
    assert client.stop_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionArn"] == arn
    assert local.wait(arn, SECONDS)["PipelineExecutionStatus"] == "Stopped"


def test_an_approval_arrives(client: Any, local: LocalSageMaker) -> None:
    arn = package(client)
    client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    assert local.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Rejected"


@pytest.mark.parametrize(
    ("operation", "key", "given"),
    [
        ("list_pipeline_executions", "PipelineExecutionSummaries", {"PipelineName": "toy"}),
        ("list_model_packages", "ModelPackageSummaryList", {"ModelPackageGroupName": "toys"}),
        ("list_model_package_groups", "ModelPackageGroupSummaryList", {}),
    ],
)
def test_boto3s_paginators_go_through_all_pages(
    client: Any, local: LocalSageMaker, operation: str, key: str, given: dict[str, str]
) -> None:
    local_groups = local.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if len(local_groups) < 2:
        local.create_model_package_group(ModelPackageGroupName="another")
    pages = list(client.get_paginator(operation).paginate(**given, PaginationConfig={"PageSize": 1}))
    found = [item for page in pages for item in page[key]]
    assert len(pages) >= len(found) >= 2
    assert plain({key: found}) == plain({key: getattr(local, operation)(**given)[key]})


def test_the_steps_too(client: Any) -> None:
    pages = client.get_paginator("list_pipeline_execution_steps").paginate(PipelineExecutionArn=execution(client))
    assert [step["StepName"] for page in pages for step in page["PipelineExecutionSteps"]] == ["Register"]


MISSING = "arn:aws:sagemaker:us-local-1:000000000000:pipeline/toy/execution/abcdefghijkl"
NO_PACKAGE = "arn:aws:sagemaker:us-local-1:000000000000:model-package/toys/999"
REFUSED: dict[str, Callable[[Any], Any]] = {
    "no such pipeline": lambda c: c.describe_pipeline(PipelineName="none"),
    "a pipeline that cannot be started": lambda c: c.start_pipeline_execution(PipelineName="none"),
    "executions of no pipeline": lambda c: c.list_pipeline_executions(PipelineName="none"),
    "no such execution": lambda c: c.describe_pipeline_execution(PipelineExecutionArn=MISSING),
    "steps of no execution": lambda c: c.list_pipeline_execution_steps(PipelineExecutionArn=MISSING),
    "no execution to stop": lambda c: c.stop_pipeline_execution(
        PipelineExecutionArn=MISSING, ClientRequestToken="t" * 32
    ),
    "one that has ended": lambda c: c.stop_pipeline_execution(
        PipelineExecutionArn=execution(c), ClientRequestToken="t" * 32
    ),
    "an unknown parameter": lambda c: c.start_pipeline_execution(
        PipelineName="toy", PipelineParameters=[{"Name": "Nothing", "Value": "1"}]
    ),
    "a parameter of another type": lambda c: c.start_pipeline_execution(
        PipelineName="toy", PipelineParameters=[{"Name": "Seed", "Value": "many"}]
    ),
    "a token that was used": lambda c: c.start_pipeline_execution(
        PipelineName="toy", ClientRequestToken="t" * 31 + "1", PipelineParameters=[{"Name": "Seed", "Value": "9"}]
    ),
    "no such group": lambda c: c.describe_model_package_group(ModelPackageGroupName="none"),
    "a group that is there": lambda c: c.create_model_package_group(ModelPackageGroupName="toys"),
    "a name that is none": lambda c: c.create_model_package_group(ModelPackageGroupName="no_underscores"),
    "no such version": lambda c: c.describe_model_package(ModelPackageName=NO_PACKAGE),
    "an ARN of something else": lambda c: c.describe_model_package(ModelPackageName="arn:aws:s3:::bucket"),
    "no version to approve": lambda c: c.update_model_package(
        ModelPackageArn=NO_PACKAGE, ModelApprovalStatus="Approved"
    ),
    "an approval that is none": lambda c: c.update_model_package(
        ModelPackageArn=package(c), ModelApprovalStatus="Perhaps"
    ),
    "a token of no page": lambda c: c.list_model_packages(ModelPackageGroupName="toys", NextToken="no number"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_errors_are_those_of_the_client_in_this_process(client: Any, local: LocalSageMaker, why: str) -> None:
    with pytest.raises(ClientError) as expected:
        REFUSED[why](local)
    with pytest.raises(ClientError) as found:
        REFUSED[why](client)
    assert found.value.response["Error"] == expected.value.response["Error"]
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_defines_code_is_not_taken(client: Any) -> None:
    """Whoever may define a step runs what they like here."""
    definition = json.dumps(DEFINITION)
    role = "arn:aws:iam::111122223333:role/mlops"
    calls = (
        lambda: client.create_pipeline(
            PipelineName="theirs", PipelineDefinition=definition, RoleArn=role, ClientRequestToken="t" * 32
        ),
        lambda: client.update_pipeline(PipelineName="toy", PipelineDefinition=definition),
        lambda: client.create_model_package(ModelPackageGroupName="toys"),
        lambda: client.delete_pipeline(PipelineName="toy", ClientRequestToken="t" * 32),
        lambda: client.create_training_job(
            TrainingJobName="j",
            RoleArn=role,
            AlgorithmSpecification={"TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://b"},
            ResourceConfig={"VolumeSizeInGB": 1},
            StoppingCondition={},
        ),
    )
    for call in calls:
        with pytest.raises(ClientError, match="UnknownOperationException"):
            call()
    assert client.describe_pipeline(PipelineName="toy")["PipelineDefinition"] == definition


def post(
    url: str, body: bytes | Iterator[bytes], operation: str = "DescribePipeline", **headers: str
) -> requests.Response:
    given = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": JSON, **headers}
    return requests.post(url, data=body, headers=given, timeout=30)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "DescribePipeline",
        "SageMaker.",
        "SageMaker.close",
        "SageMaker.__init__",
        "SageMaker.wait",
        "Other.DescribePipeline",
    ],
)
def test_a_target_that_is_none(url: str, target: str) -> None:
    answer = requests.post(url, data=b"{}", headers={"X-Amz-Target": target}, timeout=30)
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


def test_the_answer_has_the_headers_of_the_protocol(url: str) -> None:
    answer = post(url, b'{"PipelineName": "none"}')
    assert answer.headers["content-type"] == JSON
    assert answer.headers["x-amzn-errortype"] == answer.json()["__type"] == "ResourceNotFound"
    assert answer.headers["x-amzn-requestid"] != post(url, b"{}").headers["x-amzn-requestid"]


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:8080", ""])
def test_a_page_in_a_browser_is_refused(url: str, origin: str) -> None:
    answer = post(url, b'{"PipelineName": "toy"}', Origin=origin)
    assert (answer.status_code, answer.json()["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "DELETE"])
def test_nothing_but_post_is_answered(url: str, method: str) -> None:
    answer = requests.request(method, url, timeout=30)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long(url: str, chunked: bool) -> None:
    parts = [b'{"PipelineName": "', b"x" * MOST_BYTES, b'"}']
    answer = post(url, iter(parts) if chunked else b"".join(parts))
    assert (answer.status_code, answer.json()["__type"]) == (413, "RequestEntityTooLarge")
    assert post(url, b'{"PipelineName": "toy"}').status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b"[]", "SerializationException"),
        (b"null", "SerializationException"),
        (b'"\xff"', "SerializationException"),
        (b"[" * 100_000, "SerializationException"),
        (b'{"MaxResults": ' + b"9" * 5000 + b"}", "SerializationException"),
        (b"{}", "ValidationException"),
        (b'{"PipelineName": null}', "ValidationException"),
        (b'{"PipelineName": 7}', "ValidationException"),
        (b'{"PipelineName": "toy", "Other": 1}', "ValidationException"),
        (b'{"PipelineName": "\\ud800"}', "SerializationException"),
    ],
)
def test_a_body_that_is_no_request(url: str, body: bytes, code: str) -> None:
    answer = post(url, body)
    assert (answer.status_code, answer.json()["__type"]) == (400, code)


VALUES = [
    *(None, True, 0, -1, 1, 2**31, 10**30, 1.5, 1e300, float("nan"), float("inf")),
    *("", "toy", "a" * 2000, "\ud800", "\x00", "2026-01-01", "日本", "../..", "%s"),
    *([], [[]], {}, {"Name": "Seed"}, [{"Name": "Seed", "Value": "\ud800"}], [None]),
]
MEMBERS = (
    *(
        "PipelineName",
        "PipelineExecutionArn",
        "PipelineParameters",
        "ClientRequestToken",
        "PipelineExecutionDisplayName",
    ),
    *("MaxResults", "NextToken", "SortOrder", "SortBy", "CreatedAfter", "CreationTimeBefore", "NameContains"),
    *("ModelPackageGroupName", "ModelPackageName", "ModelPackageArn", "ModelApprovalStatus", "ApprovalDescription"),
    *("Tags", "ParallelismConfiguration", "SelectiveExecutionConfig", "CustomerMetadataProperties", "ModelPackageType"),
)


def mutated(chance: random.Random) -> bytes:
    """A request with wrong members and values, and sometimes with bytes that are none of JSON's."""
    request = {name: chance.choice(VALUES) for name in chance.sample(MEMBERS, chance.randrange(1, 6))}
    body = bytearray(json.dumps(request).encode())
    for _ in range(chance.choice([0, 0, 0, 1, 3])):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body[: chance.choice([None, None, None, len(body) // 2])])


def test_mutated_requests_are_refused_without_a_defect(url: str) -> None:
    chance, session = random.Random(4), requests.Session()
    for _ in range(300):
        body, operation = mutated(chance), chance.choice(OPERATIONS)
        headers = {"X-Amz-Target": f"SageMaker.{operation}"}
        answer = session.post(url, data=body, headers=headers, timeout=30)
        assert answer.status_code in (200, 400), (operation, body)
        assert isinstance(answer.json(), dict), (operation, body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_member_with_every_value(url: str, operation: str) -> None:
    """One wrong member in a request that is right otherwise: so it gets as far as it can."""
    shape = boto3.client("sagemaker", "us-east-1").meta.service_model.operation_model(operation).input_shape
    known = {"PipelineName": "toy", "PipelineExecutionArn": MISSING, "ModelPackageGroupName": "toys"}
    right = {name: known.get(name, NO_PACKAGE) for name in shape.required_members}
    session = requests.Session()
    for name in shape.members:
        for value in VALUES:
            body = json.dumps({**right, name: value})
            answer = session.post(url, data=body, headers={"X-Amz-Target": f"SageMaker.{operation}"}, timeout=30)
            assert answer.status_code in (200, 400), body
