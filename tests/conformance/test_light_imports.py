"""Light and pure modules stay light when they run, which no import graph shows: the registry imports by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy pandas scipy sklearn xgboost torch gymnasium stable_baselines3 skops pyarrow boto3 botocore github sagemaker"
)

IMPORTS = {
    "request": "import pipelines.request",
    "parameters": "import pipelines.parameters",
    "render": "import pipelines.render",
    "issue_body": "import lambda_bridge.issue_body",
    "redaction": "import lambda_bridge.redaction",
    "settings": "import lambda_bridge.settings",
    "sweep": "import lambda_bridge.sweep",
}
READS_OPTIONS = """
from pathlib import Path
from local.up import read_options

read_options(Path("folder"), "127.0.0.1", 0, ["ann:write:a-token"], None)
"""
"""What `mlops up` does before it knows that its options can be used."""

VALIDATES = """
from lambda_bridge.issue_body import read_body
from pipelines.parameters import RunFacts, pipeline_parameters
from pipelines.request import resolve
from algorithms.registry import ALGORITHMS, algorithm

for name in ALGORITHMS:
    learning_type = algorithm(name).learning_type()
    subject = "environment: FrozenLake-v1" if learning_type == "reinforcement" else "dataset_id: iris"
    request = resolve(read_body(f"learning_type: {learning_type}\\nalgorithm: {name}\\n{subject}\\n"))
    pipeline_parameters(request, RunFacts(1, 1))
    request.params()
"""

RENDERS = "from pipelines.render import FILES\nfor render in FILES.values(): render()"


@pytest.mark.parametrize(
    "program", [*IMPORTS.values(), VALIDATES, RENDERS], ids=[*IMPORTS, "validates every algorithm", "renders"]
)
def test_nothing_heavy_is_imported(program):
    assert loaded(program, HEAVY) == (0, "\n", "")


def test_the_service_reads_its_options_before_anything_heavy():
    """Powertools imports the name `botocore`, which is nothing by itself."""
    heavy = HEAVY.replace("botocore", "botocore.session") + " dulwich requests starlette uvicorn"
    assert loaded(READS_OPTIONS, heavy) == (0, "\n", "")


def loaded(program, names):
    told = f"{program}\nimport sys\nprint(*sorted(set({names!r}.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr
