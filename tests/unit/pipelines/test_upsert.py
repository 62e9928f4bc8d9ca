"""The upsert against botocore's Stubber, which checks every request against the service model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from algorithms.errors import PlatformError
from pipelines import compile as compile_module
from pipelines import upsert as upsert_module
from pipelines.compile import Compiled
from pipelines.settings import EXAMPLE
from pipelines.upsert import DESCRIPTION, main, put_no_model, run_pipeline, start, upsert, upsert_all

ARN = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/mlops-supervised"
DEFINITION: dict[str, Any] = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "RunId", "Type": "String"}, {"Name": "Seed", "Type": "Integer", "DefaultValue": 0}],
    "Steps": [],
}
PIPELINE = Compiled("mlops-supervised", DEFINITION)
THERE = {
    "PipelineArn": ARN,
    "PipelineDefinition": json.dumps(DEFINITION, indent=4),
    "PipelineDescription": DESCRIPTION,
    "RoleArn": EXAMPLE.role_arn,
}
REQUEST = {
    "PipelineName": "mlops-supervised",
    "PipelineDefinition": json.dumps(DEFINITION),
    "PipelineDescription": DESCRIPTION,
    "RoleArn": EXAMPLE.role_arn,
}
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/mlops-pipeline@sha256:" + "0" * 64
NAME = {"PipelineName": "mlops-supervised"}
RUN_ID = "issue-1-attempt-1"


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


@pytest.fixture
def sagemaker() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("sagemaker")


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("s3")


class TestUpsert:
    def test_creates_what_is_missing(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        stub.add_client_error("describe_pipeline", "ResourceNotFound", expected_params=NAME)
        tags = [{"Key": "team", "Value": "churn"}]
        expected = REQUEST | {"Tags": tags}
        stub.add_response("create_pipeline", {"PipelineArn": ARN}, expected)
        assert upsert(client, PIPELINE, EXAMPLE.role_arn, {"team": "churn"}) == "created"

    def test_a_second_run_changes_nothing(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        stub.add_response("describe_pipeline", THERE, NAME)
        assert upsert(client, PIPELINE, EXAMPLE.role_arn, {}) == "unchanged"

    @pytest.mark.parametrize(
        "difference",
        [
            {"PipelineDefinition": json.dumps(DEFINITION | {"Steps": [1]})},
            {"PipelineDescription": "another"},
            {"RoleArn": "arn:aws:iam::111122223333:role/another"},
        ],
        ids=["definition", "description", "role"],
    )
    def test_updates_what_differs(self, sagemaker: tuple[Any, Stubber], difference: dict[str, str]) -> None:
        client, stub = sagemaker
        stub.add_response("describe_pipeline", THERE | difference, NAME)
        stub.add_response("update_pipeline", {"PipelineArn": ARN}, REQUEST)
        assert upsert(client, PIPELINE, EXAMPLE.role_arn, {}) == "updated"

    def test_adds_only_tags_that_differ(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        stub.add_response("describe_pipeline", THERE, NAME)
        there = [{"Key": "team", "Value": "churn"}, {"Key": "stage", "Value": "test"}, {"Key": "own", "Value": "kept"}]
        stub.add_response("list_tags", {"Tags": there}, {"ResourceArn": ARN})
        new = [{"Key": "stage", "Value": "live"}]
        stub.add_response("add_tags", {"Tags": new}, {"ResourceArn": ARN, "Tags": new})
        assert upsert(client, PIPELINE, EXAMPLE.role_arn, {"team": "churn", "stage": "live"}) == "updated"

    def test_equal_tags_change_nothing(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        stub.add_response("describe_pipeline", THERE, NAME)
        stub.add_response("list_tags", {"Tags": [{"Key": "team", "Value": "churn"}]}, {"ResourceArn": ARN})
        assert upsert(client, PIPELINE, EXAMPLE.role_arn, {"team": "churn"}) == "unchanged"

    def test_a_refusal_says_which_call_and_why(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        stub.add_client_error("describe_pipeline", "AccessDeniedException", "not you", 400)
        with pytest.raises(
            PlatformError, match=r"mlops-supervised: DescribePipeline was refused.*not you.*permissions"
        ):
            upsert(client, PIPELINE, EXAMPLE.role_arn, {})


class TestNoModel:
    def test_puts_an_empty_object_where_none_is(self, s3: tuple[Any, Stubber]) -> None:
        client, stub = s3
        expected = {"Bucket": "mlops-local", "Key": "models/none/empty", "Body": b"", "IfNoneMatch": "*"}
        stub.add_response("put_object", {}, expected)
        assert put_no_model(client, "mlops-local") == "created"

    def test_leaves_the_one_that_is_there(self, s3: tuple[Any, Stubber]) -> None:
        client, stub = s3
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
        assert put_no_model(client, "mlops-local") == "unchanged"

    def test_a_missing_bucket_is_told(self, s3: tuple[Any, Stubber]) -> None:
        client, stub = s3
        stub.add_client_error("put_object", "NoSuchBucket", "no bucket", 404)
        with pytest.raises(PlatformError, match=r"/models/none/empty: PutObject was refused.*NoSuchBucket"):
            put_no_model(client, "mlops-local")


class TestStart:
    def test_values_are_text_and_a_run_starts_once(self, sagemaker: tuple[Any, Stubber]) -> None:
        client, stub = sagemaker
        expected = NAME | {
            "PipelineParameters": [{"Name": "RunId", "Value": RUN_ID}, {"Name": "Seed", "Value": "7"}],
            "ClientRequestToken": hashlib.sha256(RUN_ID.encode()).hexdigest(),
        }
        stub.add_response(
            "start_pipeline_execution", {"PipelineExecutionArn": f"{ARN}/execution/a1b2c3d4e5f6"}, expected
        )
        assert start(client, PIPELINE, {"RunId": RUN_ID, "Seed": 7}).endswith("a1b2c3d4e5f6")

    def test_missing_and_unknown_parameters_are_named_before_anything_starts(self) -> None:
        with pytest.raises(PlatformError, match=r"RunId: must be given\. seed: no such parameter"):
            start(None, PIPELINE, {"seed": 7})


class FakeClient:
    """A SageMaker or S3 client that knows no pipeline and keeps what it is asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def describe_pipeline(self, **request: Any) -> Any:
        self.calls.append(f"describe {request['PipelineName']}")
        raise NoCredentialsError

    def put_object(self, **request: Any) -> None:
        self.calls.append(f"put {request['Bucket']}/{request['Key']}")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """No SDK and no AWS: the compiler answers a small definition, the clients are one fake."""
    client = FakeClient()
    monkeypatch.setattr(upsert_module, "_client", lambda service, settings: client)
    monkeypatch.setattr(
        upsert_module,
        "compile_module",
        lambda module, settings: Compiled(module.replace("pipelines.", "mlops-"), DEFINITION),
    )
    for name, value in (("BUCKET", EXAMPLE.bucket), ("ROLE_ARN", EXAMPLE.role_arn), ("IMAGE_URI", IMAGE)):
        monkeypatch.setenv(f"MLOPS_{name}", value)
    monkeypatch.setenv("AWS_REGION", EXAMPLE.region)
    return client


def test_upsert_all_puts_the_object_and_tells_missing_credentials(fake: FakeClient) -> None:
    lines = upsert_all(replace(EXAMPLE, bucket="other"))
    assert next(lines) == "s3://other/models/none/empty: created"
    with pytest.raises(PlatformError, match="mlops-supervised: AWS could not be asked, got NoCredentialsError"):
        next(lines)
    assert fake.calls == ["put other/models/none/empty", "describe mlops-supervised"]


def test_main_ends_with_1_and_one_line(fake: FakeClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    captured = capsys.readouterr()
    assert captured.out == "s3://mlops-local/models/none/empty: created\n"
    assert captured.err.startswith("mlops-supervised: AWS could not be asked")
    assert captured.err.count("\n") == 1


def test_settings_and_tags_are_options(fake: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(upsert_module, "upsert_all", lambda *given: seen.extend(given) or ())
    assert main(["--kwargs", '{"volume_size_gb": 100, "kms_key_id": "key"}', "--tags", '{"team": "churn"}']) == 0
    assert seen == [replace(EXAMPLE, image_uri=IMAGE, volume_size_gb=100, kms_key_id="key"), {"team": "churn"}]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--kwargs", "x", "--kwargs: must be a JSON object, got 'x'."),
        ("--kwargs", '{"volume": 1}', "volume: no such setting."),
        ("--kwargs", '{"volume_size_gb": "big"}', "volume_size_gb: must be a whole number from 1 to 16384, got 'big'."),
        *(("--tags", tags, "--tags: must be a JSON object of texts, got") for tags in ("x", "1", '{"a": 1}', "[{}]")),
    ],
)
def test_a_wrong_option_is_one_line(
    fake: FakeClient, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    assert main([option, value]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert (captured.out, captured.err.count("\n"), fake.calls) == ("", 1, [])


def test_a_tag_that_may_move_is_a_warning(
    fake: FakeClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upsert_module, "upsert_all", lambda *_: ["done"])
    assert main(["--kwargs", '{"image_uri": "image:latest"}']) == 0
    captured = capsys.readouterr()
    assert captured.out == "done\n"
    assert captured.err.startswith("image_uri: should name a digest (@sha256:...), got 'image:latest'.")
    assert captured.err.count("\n") == 1
    assert main([]) == 0
    assert capsys.readouterr().err == ""


class TestRunPipeline:
    def test_upserts_and_starts(
        self, fake: FakeClient, sagemaker: tuple[Any, Stubber], monkeypatch: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        client, stub = sagemaker
        monkeypatch.setattr(upsert_module, "_client", lambda service, settings: client)
        role = "arn:aws:iam::111122223333:role/given"
        stub.add_response("describe_pipeline", THERE | {"RoleArn": role}, NAME)
        stub.add_response("list_tags", {"Tags": [{"Key": "team", "Value": "churn"}]}, {"ResourceArn": ARN})
        stub.add_response("start_pipeline_execution", {"PipelineExecutionArn": f"{ARN}/execution/a1b2c3d4e5f6"})
        options = ["-n", "pipelines.supervised", "-role-arn", role, "-tags", '[{"Key": "team", "Value": "churn"}]']
        assert run_pipeline([*options, "--parameters", json.dumps({"RunId": RUN_ID})]) == 0
        assert capsys.readouterr().out == (
            f"mlops-supervised: unchanged\nmlops-supervised: started {ARN}/execution/a1b2c3d4e5f6\n"
        )

    def test_nothing_is_upserted_when_a_parameter_is_missing(
        self, fake: FakeClient, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_pipeline(["-n", "pipelines.supervised"]) == 1
        assert "--parameters: RunId: must be given" in capsys.readouterr().err
        assert fake.calls == []

    @pytest.mark.parametrize("tags", ["x", "{}x", "[1]", '[{"Key": "a"}]'])
    def test_unreadable_tags_are_refused(self, fake: FakeClient, tags: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_pipeline(["-n", "pipelines.supervised", "-tags", tags]) == 1
        assert capsys.readouterr().err.startswith("--tags: must be")


def test_the_client_is_one_of_the_settings_region() -> None:
    client = upsert_module._client("sagemaker", replace(EXAMPLE, region="eu-central-1"))
    assert client.meta.region_name == "eu-central-1"


def test_without_settings_all_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("MLOPS_BUCKET", "MLOPS_ROLE_ARN", "MLOPS_IMAGE_URI", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    assert "MLOPS_BUCKET, MLOPS_ROLE_ARN, MLOPS_IMAGE_URI" in capsys.readouterr().err
    assert compile_module.get_pipeline_definition(["-n", "pipelines.supervised"]) == 1
