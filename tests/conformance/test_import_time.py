"""What keeps the import of the Lambda functions light: a cold start pays for each module. The figure is a benchmark."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Powertools imports the name `botocore`, which is nothing by itself.
HEAVY = (
    "aws_xray_sdk boto3 botocore.session dulwich github gymnasium httpx jwt numpy pandas pyarrow requests sagemaker"
    " scipy sklearn skops starlette tenacity torch urllib3 uvicorn xgboost local steps"
)
FUNCTIONS = ("lambda_bridge.handler", "lambda_bridge.sweep", "lambda_bridge.tasks", "lambda_bridge.webhook")


def loaded(module):
    code = f"import {module}, sys; print(*sorted(set({HEAVY!r}.split()) & set(sys.modules)))"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()


@pytest.mark.parametrize("module", FUNCTIONS)
def test_what_the_functions_do_not_import(module):
    assert loaded(module) == []


def test_the_check_sees_what_is_imported():
    assert {"boto3", "github", "requests"} <= set(loaded("boto3, github"))
