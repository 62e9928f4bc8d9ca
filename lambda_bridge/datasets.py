"""What the bridge reads from the bucket: a dataset's digest and metadata, an attempt's evaluation and plots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from algorithms.errors import DatasetError
from algorithms.wording import did_you_mean
from lambda_bridge.history import MOST_PLOT_BYTES, MOST_PLOTS, PLOT_NAME
from lambda_bridge.ports import Artifacts, StoredObject, TooLargeError

MAX_METADATA_BYTES = 2**20
MAX_EVALUATION_BYTES = 16 * 2**20


def dataset_digest(artifacts: Artifacts, dataset_id: str) -> str:
    """Hex SHA-256 over what lies under the dataset's raw/ folder. Raises DatasetError, with the nearest name."""
    objects = artifacts.list(f"datasets/{dataset_id}/raw/")
    if not objects:
        hint = did_you_mean(dataset_id, artifacts.folders("datasets/"))
        where = f"Put its files under datasets/{dataset_id}/raw/ in the bucket."
        message = f"dataset_id: there is no such dataset, got {dataset_id}. {hint} {where}"
        raise DatasetError.of("dataset_id", dataset_id, message)
    return objects_digest(objects)


def objects_digest(objects: Sequence[StoredObject]) -> str:
    """Hex SHA-256 over names, sizes and ETags: new data under an old prefix has a new digest."""
    lines = (f"{found.name}\0{found.size}\0{found.etag}\n" for found in objects)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def metadata(artifacts: Artifacts, dataset_id: str) -> dict[str, Any] | None:
    """The dataset's metadata.json, or None where there is none to read: Prepare reports what is wrong with it."""
    try:
        found = json.loads(artifacts.read(f"datasets/{dataset_id}/raw/metadata.json", MAX_METADATA_BYTES) or b"null")
    except (TooLargeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def evaluation(artifacts: Artifacts, run_id: str) -> dict[str, Any] | None:
    """The evaluation.json of an attempt; None where Evaluate wrote none that can be read."""
    content = artifacts.read(f"evaluations/{run_id}/evaluation.json", MAX_EVALUATION_BYTES)
    try:
        found = None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def plots(artifacts: Artifacts, run_id: str) -> dict[str, bytes]:
    """The PNG files beside evaluation.json, by name."""
    prefix = f"evaluations/{run_id}/"
    fitting = [
        found.name
        for found in artifacts.list(prefix)
        if PLOT_NAME.fullmatch(found.name) and found.size <= MOST_PLOT_BYTES
    ]
    contents = {name: artifacts.read(f"{prefix}{name}", MOST_PLOT_BYTES) for name in fitting[:MOST_PLOTS]}
    return {name: content for name, content in contents.items() if content is not None}
