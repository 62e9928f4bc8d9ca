"""The templates, made once for all tests and test processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

Template = dict[str, Any]
EVERY_OPTION = (
    "kms=true",
    "vpc_id=vpc-0123456789abcdef0",
    "subnet_ids=subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "permissions_boundary=arn:aws:iam::123456789012:policy/Bound",
    "source_connection=arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d",
    "source_repository=https://github.com/octo-org/models",
    "actions_repository=octo-org/pipelines",
    "reserve_sweep=true",
    'pipeline_settings={"spot_training": true}',
)


def synthesized(
    factory: pytest.TempPathFactory, worker: str, name: str, options: tuple[str, ...], more: Mapping[str, str] = {}
) -> Path:
    """The folder that `make synth` fills; made by the first process that asks. `more`: variables of the process."""
    base = factory.getbasetemp() if worker == "master" else factory.getbasetemp().parent
    folder = base / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "manifest.json").exists():
            command = [sys.executable, "-m", "seed_code.project_template.synth", str(folder), *options]
            unknown = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
            done = subprocess.run(command, capture_output=True, text=True, env={**unknown, **more}, check=False)
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Folder with the templates and zip files, made without an account and with no options."""
    return synthesized(tmp_path_factory, worker_id, "cdk.out", ())


@pytest.fixture(scope="session")
def template(assembly: Path) -> Callable[[str], Template]:
    """Name, such as `mlops` -> template."""
    return lambda name: json.loads((assembly / f"{name}.template.json").read_text())


@pytest.fixture(scope="session")
def optional_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str, measured: dict[str, str]) -> Path:
    """Folder with the templates, made with every option."""
    return synthesized(tmp_path_factory, worker_id, "cdk.options", EVERY_OPTION, measured)


@pytest.fixture(scope="session")
def optional(optional_folder: Path) -> Template:
    """The plain template with every option."""
    return json.loads((optional_folder / "mlops.template.json").read_text())
