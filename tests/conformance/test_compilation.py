"""What the SDK compiles: the committed files, and what another account's settings change in them.

The SDK runs once, in a process of its own: its import is slow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pytest
from filelock import FileLock

from pipelines.reference import all_steps
from pipelines.settings import Settings

KEY = "arn:aws:kms:eu-west-1:444455556666:key/0a1b2c3d"
SETTINGS = Settings(
    bucket="another-bucket",
    role_arn="arn:aws:iam::444455556666:role/another",
    image_uri="444455556666.dkr.ecr.eu-west-1.amazonaws.com/another:2",
    region="eu-west-1",
    processing_instance_type="ml.c5.xlarge",
    volume_size_gb=77,
    max_processing_seconds=111,
    max_training_seconds=222,
    spot_training=True,
    max_spot_wait_seconds=333,
    kms_key_id=KEY,
    network_isolation=False,
)
SCRIPT = """
import io, json, socket, sys
from contextlib import redirect_stdout

calls = []
def refuse(*address, **options):
    calls.append(repr(address))
    raise OSError("no network in this test")
socket.socket.connect = socket.getaddrinfo = refuse

from pipelines.compile import compile_definition, main
from pipelines.settings import Settings

with redirect_stdout(io.StringIO()) as printed:
    code = main(["--check"])
settings = Settings(**json.loads(sys.argv[1]))
another = {name: compile_definition(name, settings) for name in ("supervised", "reinforcement")}
print(json.dumps({"check": [code, printed.getvalue()], "calls": calls, "another": another}))
"""


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory, worker_id: str, measured: dict[str, str]) -> Any:
    """What one process without credentials, configuration or network compiled, for all test processes."""
    root = tmp_path_factory.getbasetemp()
    file = (root if worker_id == "master" else root.parent) / "compiled.json"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
            environment = {**kept, **measured, "HOME": str(root), "XDG_CONFIG_HOME": str(root)}
            command = [sys.executable, "-c", SCRIPT, json.dumps(asdict(SETTINGS))]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            file.write_text(done.stdout)
    return json.loads(file.read_text())


def test_committed_files_are_fresh(compiled: Any) -> None:
    assert compiled["check"] == [0, ""]


def test_nothing_is_asked_for_over_the_network(compiled: Any) -> None:
    assert compiled["calls"] == []


@pytest.fixture(params=["supervised", "reinforcement"])
def definition(request: pytest.FixtureRequest, compiled: Any) -> Any:
    return compiled["another"][request.param]


def arguments(definition: Any, step: str) -> Any:
    return next(found["Arguments"] for found in all_steps(definition["Steps"]) if found["Name"] == step)


def test_nothing_of_the_example_account_is_left(definition: Any) -> None:
    text = json.dumps(definition)
    assert "111122223333" not in text
    assert "mlops-local" not in text
    assert "us-east-1" not in text


def test_every_job_has_the_role_and_the_image(definition: Any) -> None:
    for step in ("Prepare", "Train", "Evaluate"):
        assert arguments(definition, step)["RoleArn"] == SETTINGS.role_arn
    assert json.dumps(definition).count(SETTINGS.image_uri) == 4  # three jobs and the registered model


def test_limits_of_processing(definition: Any) -> None:
    for step in ("Prepare", "Evaluate"):
        job = arguments(definition, step)
        assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 111}
        assert job["ProcessingResources"]["ClusterConfig"] == {
            "InstanceType": {"Get": "Parameters.ProcessingInstanceType"},
            "InstanceCount": 1,
            "VolumeSizeInGB": 77,
            "VolumeKmsKeyId": KEY,
        }
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == KEY


def test_limits_of_training(definition: Any) -> None:
    job = arguments(definition, "Train")
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 222, "MaxWaitTimeInSeconds": 555}
    assert job["EnableManagedSpotTraining"] is True
    assert job["ResourceConfig"]["VolumeSizeInGB"] == 77
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == KEY
    assert job["OutputDataConfig"]["KmsKeyId"] == KEY


def test_network_isolation_is_a_setting(definition: Any) -> None:
    assert arguments(definition, "Train")["EnableNetworkIsolation"] is False
    assert arguments(definition, "Evaluate")["NetworkConfig"]["EnableNetworkIsolation"] is False


def test_defaults_follow_the_account(definition: Any) -> None:
    defaults = {parameter["Name"]: parameter.get("DefaultValue") for parameter in definition["Parameters"]}
    assert defaults["PreviousModelUri"] == "s3://another-bucket/models/none/"
    assert defaults["ProcessingInstanceType"] == "ml.c5.xlarge"
    assert defaults["RunId"] is None
