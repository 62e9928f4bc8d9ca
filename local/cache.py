"""Step caching: which arguments decide whether an earlier result may be used, and whether that result is still there.

The attributes: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html. Locations count, not the
bytes behind them, so a pipeline passes a digest of its data as an argument. On SageMaker the image's URI, which names a
digest, says which code runs; here the installed code takes the image's place, so its digest is part of the key too:
after a correction every step runs again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local.definitions import Step
from local.objects import ObjectStore

KEY_ATTRIBUTES = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
}
PROJECT = Path(__file__).parents[1]
PACKAGES = ("algorithms", "pipelines", "steps")
"""Whose modules a step imports."""


def cache_key(step: Step, arguments: Mapping[str, Any]) -> str | None:
    """Hex SHA-256 of the attributes that count and of the code; None if the step is not cached."""
    if not step.cache_config.enabled or step.type not in KEY_ATTRIBUTES:
        return None
    counting = {name: arguments.get(name) for name in KEY_ATTRIBUTES[step.type]}
    counting["code"] = code_digest()
    return hashlib.sha256(json.dumps(counting, sort_keys=True).encode()).hexdigest()


@cache
def code_digest(root: Path = PROJECT) -> str:
    """Hex SHA-256 over the names and bytes of the modules in the packages of `root`; read once per process."""
    digest = hashlib.sha256()
    for file in sorted(file for package in PACKAGES for file in (root / package).rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\n".encode() + content)
    return digest.hexdigest()


def outputs_exist(properties: Mapping[str, Any], objects: ObjectStore) -> bool:
    """Whether everything that a job stored is still there."""
    return all(objects.exists(uri) for uri in _output_uris(properties))


def _output_uris(properties: Mapping[str, Any]) -> Iterator[str]:
    for output in properties.get("ProcessingOutputConfig", {}).get("Outputs", {}).values():
        yield output["S3Output"]["S3Uri"]
    if "ModelArtifacts" in properties:
        yield properties["ModelArtifacts"]["S3ModelArtifacts"]
