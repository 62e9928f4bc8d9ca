"""Compiles the pipelines into definitions, without an account, credentials or network.

`python -m pipelines.compile` writes `pipelines/definitions/*.json`; with `--check` it only says whether they are stale.
The SDK is imported when a definition is compiled, never before: it costs seconds and hundreds of megabytes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from algorithms.errors import MissingExtraError
from algorithms.metrics import LearningType
from pipelines.definitions import LEARNING_TYPES
from pipelines.settings import EXAMPLE, Settings

DEFINITIONS = Path(__file__).parent / "definitions"


def compile_definition(learning_type: LearningType, settings: Settings = EXAMPLE) -> dict[str, Any]:
    """The definition as SageMaker's CreatePipeline takes it. Raises MissingExtraError without the SDK."""
    return compile_module(f"pipelines.{learning_type}", settings)


def compile_module(module: str, settings: Settings) -> dict[str, Any]:
    """The definition of the pipeline that `module`'s `get_pipeline(settings)` returns."""
    with _no_account(settings.region):
        try:
            pipeline = import_module(module).get_pipeline(settings)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "sagemaker":
                raise
            raise MissingExtraError("pipelines", "Compiling pipelines") from error
        return cast("dict[str, Any]", json.loads(pipeline.definition()))


@contextmanager
def _no_account(region: str) -> Iterator[None]:
    """The SDK builds clients while it is imported, validates roles and looks for an instance's metadata: not here."""
    switches = {
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_VALIDATE_ROLE": "false",
    }
    before = {name: os.environ.get(name) for name in switches}
    os.environ.update(switches)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def to_text(definition: dict[str, Any]) -> str:
    """The definition as it is committed: one key a line, so that a review shows what changes."""
    return json.dumps(definition, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for t in LEARNING_TYPES:
        (DEFINITIONS / f"{t}.json").write_text(to_text(compile_definition(t)))
