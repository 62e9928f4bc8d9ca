"""buildspec.yml, command by command as CodeBuild runs it, and the workflow of GitHub Actions that does the same.

AWS is moto's server; `docker`, `aws` and `make` are recorders: there is no Docker engine, and `make test` would begin
these very tests again.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from moto.sagemaker import utils
from moto.sagemaker.exceptions import ResourceNotFound
from moto.server import ThreadedMotoServer

PROJECT = Path(__file__).parents[2]
BUILDSPEC: dict[str, Any] = yaml.safe_load((PROJECT / "buildspec.yml").read_text())
WORKFLOW: dict[Any, Any] = yaml.safe_load((PROJECT / ".github/workflows/build.yml").read_text())
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops-pipeline"
DIGEST = "sha256:" + "5" * 64
BASE = "public.ecr.aws/docker/library/python@sha256:" + "7" * 64
RECORDER = f"""#!{sys.executable}
import json, os, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(os.environ["RECORDED"], "a") as file:
    file.write(json.dumps([name, *arguments]) + "\\n")
if os.environ.get("FAILS") == " ".join([name, *arguments[:1]]):
    sys.exit(3)
if name == "aws":
    print("a-password")
elif arguments[0] == "login":
    assert sys.stdin.read().strip() == "a-password"
elif arguments[0] == "inspect":
    print({BASE!r} if arguments[-1].startswith("public.ecr.aws") else "{REPOSITORY}@{DIGEST}")
"""
ORDER = (
    "make test",
    "make check",
    "aws ecr",
    "docker login",
    "docker pull",
    "docker inspect",
    "docker build",
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
def build(aws, tmp_path):
    """`build(fails=...)` runs the phases. Returns exit code, output and the recorded commands."""
    checkout, tools = tmp_path / "checkout", tmp_path / "tools"
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".ci").mkdir()
    tools.mkdir()
    for name in ("docker", "aws", "make"):
        _program(tools / name, RECORDER)
    (checkout / ".ci/image").write_bytes((PROJECT / ".ci/image").read_bytes())
    (checkout / ".ci/image").chmod(0o755)
    _program(checkout / ".venv/bin/python", f'#!/bin/sh\nPYTHONPATH={PROJECT} exec {sys.executable} "$@"\n')
    _program(checkout / ".venv/bin/mlops", f'#!/bin/sh\nPYTHONPATH={PROJECT} exec {sys.executable} -m local.cli "$@"\n')
    clients = {"endpoint_url": aws, "region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    bucket = f"bucket-{tmp_path.name.replace('_', '-')[:40].lower()}"
    place = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3", **clients).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)

    def run(fails: str = "") -> tuple[int, str, list[list[str]]]:
        recorded = tmp_path / "recorded"
        recorded.write_text("")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLOPS_", "COV_"))},
            **BUILDSPEC["env"]["variables"],
            "PATH": f"{tools}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": aws,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "CODEBUILD_BUILD_NUMBER": "12",
            "IMAGE_REPOSITORY": REPOSITORY,
            "MLOPS_BUCKET": bucket,
            "MLOPS_ROLE_ARN": "arn:aws:iam::123456789012:role/pipelines",
            "RECORDED": str(recorded),
            "FAILS": fails,
        }
        told = ""
        for phase in PHASES:
            for command in BUILDSPEC["phases"].get(phase, {}).get("commands", []):
                done = subprocess.run(
                    [BUILDSPEC["env"]["shell"], "-c", command],
                    cwd=checkout,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                told += done.stdout + done.stderr
                if done.returncode:
                    return done.returncode, told, _read(recorded)
        return 0, told, _read(recorded)

    run.sagemaker = boto3.client("sagemaker", **clients)
    return run


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _read(recorded: Path) -> list[list[str]]:
    return [json.loads(line) for line in recorded.read_text().splitlines()]


@pytest.mark.slow
def test_a_build_tests_pushes_and_upserts(build):
    code, told, recorded = build()
    assert code == 0, told
    called = [" ".join(call[:2]) for call in recorded]
    assert sorted(called[:4]) == sorted(ORDER[:4])  # two of them are the ends of a pipe
    assert called[4:] == [*ORDER[4:], "docker inspect"]
    (built,) = (call for call in recorded if call[:2] == ["docker", "build"])
    assert f"PYTHON_IMAGE={BASE}" in built
    assert f"{REPOSITORY}:build-12" in built
    assert "mlops-lambda-" in told
    found = build.sagemaker.describe_pipeline(PipelineName="mlops-supervised")
    images = set(_images(json.loads(found["PipelineDefinition"])))
    assert images == {f"{REPOSITORY}@{DIGEST}"}
    assert found["RoleArn"] == "arn:aws:iam::123456789012:role/pipelines"
    for name in ("supervised", "unsupervised", "reinforcement"):
        assert f"mlops-{name}: created" in told
    again = build()[1]
    for name in ("supervised", "unsupervised", "reinforcement"):
        assert f"mlops-{name}: unchanged" in again


@pytest.mark.parametrize("fails", ORDER)
def test_nothing_goes_on_after_a_failure(build, fails):
    code, told, recorded = build(fails)
    done = {" ".join(call[:2]) for call in recorded}
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
        wanted = [command.removeprefix('BUILD_TAG="build-${CODEBUILD_BUILD_NUMBER}" ') for command in wanted]
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
