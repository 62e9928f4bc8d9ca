"""Step caching: which arguments decide whether an earlier result may be used, and whether that result is still there.

The attributes: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html. Locations count, not the
bytes behind them, so a pipeline passes a digest of its data as an argument.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
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


def cache_key(step: Step, arguments: Mapping[str, Any]) -> str | None:
    """Hex SHA-256 of the attributes that count; None if the step is not cached."""
    if not step.cache_config.enabled or step.type not in KEY_ATTRIBUTES:
        return None
    counting = {name: arguments.get(name) for name in KEY_ATTRIBUTES[step.type]}
    return hashlib.sha256(json.dumps(counting, sort_keys=True).encode()).hexdigest()


def outputs_exist(properties: Mapping[str, Any], objects: ObjectStore) -> bool:
    """Whether everything that a job stored is still there."""
    return all(objects.exists(uri) for uri in _output_uris(properties))


def _output_uris(properties: Mapping[str, Any]) -> Iterator[str]:
    for output in properties.get("ProcessingOutputConfig", {}).get("Outputs", {}).values():
        yield output["S3Output"]["S3Uri"]
    if "ModelArtifacts" in properties:
        yield properties["ModelArtifacts"]["S3ModelArtifacts"]
