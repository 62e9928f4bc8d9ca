"""buildspec.yml, command by command as CodeBuild runs it, and the workflow of GitHub Actions that does the same.

AWS is moto's server, with recorders in the place of `docker`, `aws` and `make`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from moto.sagemaker import utils
from moto.sagemaker.exceptions import ResourceNotFound
from moto.server import ThreadedMotoServer

from tests.aws.checkout import PROJECT, REPOSITORY, Checkout

BUILDSPEC: dict[str, Any] = yaml.safe_load((PROJECT / "buildspec.yml").read_text())
WORKFLOW: dict[Any, Any] = yaml.safe_load((PROJECT / ".github/workflows/build.yml").read_text())
ORDER = (
    "make test",
    "make check",
    "aws ecr get-login-password",
    "docker login",
    "docker pull",
    "docker inspect",
    "aws ecr batch-get-image",
    "docker buildx",
    "docker push",
)
PHASES = ("install", "pre_build", "build", "post_build")


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:  # as the service says it (DescribePipeline, Errors)
        patch.setattr(utils, "ValidationError", ResourceNotFound)
        yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def clients(aws):
    """Keyword arguments of boto3's clients."""
    return {"endpoint_url": aws, "region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


@pytest.fixture
def checkout(clients, tmp_path):
    bucket = f"bucket-{tmp_path.name.replace('_', '-')[:40].lower()}"
    place = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3", **clients).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    return Checkout(
        tmp_path,
        **BUILDSPEC["env"]["variables"],
        AWS_ENDPOINT_URL=clients["endpoint_url"],
        AWS_REGION="eu-west-1",
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
        MLOPS_BUCKET=bucket,
        MLOPS_ROLE_ARN="arn:aws:iam::123456789012:role/pipelines",
    )


def build(checkout, fails=""):
    """Runs the phases. Returns the exit code, what was printed, and the recorded commands."""
    checkout.forget()
    told = ""
    for phase in PHASES:
        for command in BUILDSPEC["phases"].get(phase, {}).get("commands", []):
            code, said = checkout.run(command, BUILDSPEC["env"]["shell"], {"FAILS": fails})
            told += said
            if code:
                return code, told, checkout.recorded
    return 0, told, checkout.recorded


def name_of(call):
    return " ".join(call[: 3 if call[0] == "aws" else 2])


@pytest.mark.slow
def test_a_build_tests_pushes_and_upserts(checkout, clients):
    code, told, recorded = build(checkout)
    assert code == 0, told
    called = [name_of(call) for call in recorded]
    assert sorted(called[:4]) == sorted(ORDER[:4])  # two of them are the ends of a pipe
    assert called[4:] == [*ORDER[4:], "docker inspect"]
    assert "mlops-lambda-" in told
    found = boto3.client("sagemaker", **clients).describe_pipeline(PipelineName="mlops-supervised")
    (address,) = set(_images(json.loads(found["PipelineDefinition"])))
    assert address.startswith(f"{REPOSITORY}@sha256:")
    assert f"image {address}" in told
    assert found["RoleArn"] == "arn:aws:iam::123456789012:role/pipelines"
    for name in ("supervised", "unsupervised", "reinforcement"):
        assert f"mlops-{name}: created" in told
    _, told, recorded = build(checkout)
    again = boto3.client("sagemaker", **clients).describe_pipeline(PipelineName="mlops-supervised")
    assert again["LastModifiedTime"] == found["LastModifiedTime"]
    assert name_of(recorded[-1]) == "aws ecr batch-get-image"
    for name in ("supervised", "unsupervised", "reinforcement"):
        assert f"mlops-{name}: unchanged" in told


@pytest.mark.parametrize("fails", ORDER)
def test_nothing_goes_on_after_a_failure(checkout, fails):
    code, told, recorded = build(checkout, fails)
    done = {name_of(call) for call in recorded}
    assert code != 0
    assert done <= set(ORDER[: ORDER.index(fails) + 2])  # `aws` and `docker login` are the two ends of a pipe
    assert fails in done
    assert not {"docker push"} & done or fails == "docker push"
    assert "mlops-supervised" not in told


def _images(value: Any):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("ImageUri", "TrainingImage", "Image"):
                yield inner
            else:
                yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)


class TestGitHubActions:
    def test_the_workflow_is_valid(self):
        schema = get_builtin_schema("vendor.github-workflows")
        document = json.loads(json.dumps({"on" if key is True else key: value for key, value in WORKFLOW.items()}))
        assert not list(Draft7Validator(schema).iter_errors(document))

    def test_it_runs_the_commands_of_the_buildspec(self):
        ran = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
        wanted = [command for phase in BUILDSPEC["phases"].values() for command in phase.get("commands", [])]
        assert [command for command in ran if command != "make .venv/dev"] == wanted

    def test_only_the_main_branch_gets_credentials(self):
        jobs = WORKFLOW["jobs"]
        assert WORKFLOW["permissions"] == {"contents": "read"}
        assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["upsert"]
        assert jobs["upsert"]["if"].startswith("github.event_name == 'push'")
        assert WORKFLOW[True]["push"] == {"branches": ["main"]}
        assert "pull_request_target" not in WORKFLOW[True]

    def test_both_build_on_the_same_python(self):
        assert WORKFLOW["jobs"]["upsert"]["env"]["PYTHON_IMAGE"] == BUILDSPEC["env"]["variables"]["PYTHON_IMAGE"]

    def test_actions_of_others_are_named_by_commit(self):
        used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
        assert used
        assert [one for one in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", one)] == []
