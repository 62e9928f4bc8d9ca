"""The functions' package: small, reproducible, and complete with nothing but what Lambda provides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock

from local.github import LocalGitHub, Server
from local.github.users import BOT
from local.workspace import Workspace
from seed_code.project_template.options import PYTHONS
from seed_code.project_template.package import PROVIDED, lambda_package, source_package

HERE = Path(__file__).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LARGEST_ZIP, LARGEST_UNPACKED = 15_000_000, 250_000_000
"""Bytes: our goal, and Lambda's limit ("Lambda quotas", deployment package)."""
FOREIGN = ("boto3", "botocore", "numpy", "sagemaker", "sklearn", "torch", "local", "steps", "seed_code", "tests")
SETTINGS = {
    "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON}",
    "AWS_LAMBDA_FUNCTION_NAME": "webhook",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    "GITHUB_WEBHOOK_SECRET": "a-webhook-secret",
    "MLOPS_BUCKET": "a-bucket",
    "MLOPS_TABLE": "a-table",
    "MLOPS_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:MLOpsPipeline",
}
"""What Lambda sets, and what the deployment does."""
MAKE = """
import sys
from seed_code.project_template.package import PROJECT, lambda_package
print(lambda_package(PROJECT / "build", sys.argv[1]).path)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory, worker_id) -> Path:
    """The package for the Python that runs here."""
    if PYTHON not in PYTHONS:
        pytest.skip(f"Lambda has no Python {PYTHON}")
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    with FileLock(base / "cdk.out.lock"):  # synthesizing makes it too
        return lambda_package(tmp_path_factory.mktemp("package"), PYTHON).path


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory) -> Path:
    return _unpacked(package, tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module")
def provided(tmp_path_factory) -> Path:
    """The libraries that Lambda's runtime brings, and no others."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in PROVIDED:
        spec = find_spec(name.removesuffix(".py"))
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        (folder / name).symlink_to(origin if name.endswith(".py") else origin.parent)
    return folder


@pytest.fixture
def github(tmp_path) -> Iterator[dict[str, str]]:
    """A GitHub, as the settings name it."""
    with Workspace(tmp_path) as workspace:
        local = LocalGitHub(workspace.store, tmp_path / "github", "unused")
        server = Server.start(local)
        try:
            yield {
                "GITHUB_API_URL": server.url,
                "GITHUB_REPOSITORY": local.repository,
                "GITHUB_TOKEN": local.token_of(BOT),
            }
        finally:
            server.close()
            local.close()


def test_it_runs_with_only_what_lambda_provides(unpacked, provided, github):
    command = [sys.executable, "-I", "-S", "-B", str(HERE / "in_lambda.py"), str(unpacked), str(provided)]
    done = subprocess.run(command, env=SETTINGS | github, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["answers"] == {"forged": 401, "signed": 202}
    assert told["entries"] == ["webhook", "task", "pipeline_event", "sweep"]
    known = (str(unpacked), str(provided), sysconfig.get_path("stdlib"), str(HERE / "in_lambda.py"))
    assert [file for file in told["files"] if not file.startswith(known)] == []
    assert any(file.startswith(str(unpacked / "pydantic_core")) for file in told["files"])


def test_it_is_small_and_holds_nothing_foreign(package):
    with zipfile.ZipFile(package) as archive:
        names, unpacked_size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    assert package.stat().st_size < LARGEST_ZIP
    assert unpacked_size < LARGEST_UNPACKED
    assert {name.partition("/")[0] for name in names} & set(FOREIGN) == set()
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", "RECORD"))] == []
    assert {"lambda_bridge/workflow.asl.json", "pipelines/definitions/supervised.json"} <= set(names)


@pytest.mark.slow
def test_another_checkout_makes_the_same_bytes(package, tmp_path):
    """Other folder, other times, other permissions; pip installs anew."""
    project = _unpacked(source_package(tmp_path).path, tmp_path / "elsewhere")
    (project / "make.py").write_text(MAKE)
    made = subprocess.run(
        [sys.executable, "make.py", PYTHON],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    again = Path(made.stdout.strip())
    assert again.is_relative_to(project)
    assert again.name == package.name
    assert again.read_bytes() == package.read_bytes()


def _unpacked(package: Path, folder: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder
