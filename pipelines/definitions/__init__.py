"""The compiled pipeline definitions, as committed and as the local mode runs them. Light: no SDK.

`python -m pipelines.compile` writes the JSON files; a test fails when they are stale.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast, get_args

from algorithms.metrics import LearningType

LEARNING_TYPES: tuple[LearningType, ...] = get_args(LearningType)

STEP_NAMES = ("Prepare", "Train", "Evaluate", "CheckScore", "RegisterModel")
"""What a good execution goes through, in order; a test compares it with the definitions."""


def pipeline_name(learning_type: LearningType) -> str:
    """The pipeline's name on SageMaker."""
    return f"mlops-{learning_type}"


def load_definition(learning_type: LearningType) -> dict[str, Any]:
    """The committed definition, compiled with `pipelines.settings.EXAMPLE`."""
    text = files(__name__).joinpath(f"{learning_type}.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
