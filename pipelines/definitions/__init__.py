"""The compiled pipeline definitions, as committed and as the local mode runs them. Light: no SDK.

`python -m pipelines.compile` writes the JSON files; a test fails when they are stale.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from algorithms.metrics import LearningType

PipelineKey = (
    LearningType | Literal["supervised_tuning", "unsupervised_tuning", "supervised_distributed", "model_check"]
)
"""A pipeline: that of a learning type, one that searches hyperparameters first, or trains on several instances; or the
one that checks a registered model."""
LEARNING_TYPES: tuple[LearningType, ...] = get_args(LearningType)
PIPELINES: tuple[PipelineKey, ...] = (
    *LEARNING_TYPES,
    *("supervised_tuning", "unsupervised_tuning", "supervised_distributed"),
)
"""Those that train."""
CHECK: PipelineKey = "model_check"
ALL_PIPELINES: tuple[PipelineKey, ...] = (*PIPELINES, CHECK)

STEP_NAMES = ("Prepare", "Train", "Evaluate", "CheckScore", "RegisterModel")
"""What a good execution goes through, in order; a test compares it with the definitions."""


def pipeline_name(pipeline: PipelineKey) -> str:
    """The pipeline's name on SageMaker."""
    return f"mlops-{pipeline.replace('_', '-')}"


def load_definition(pipeline: PipelineKey) -> dict[str, Any]:
    """The committed definition, compiled with `pipelines.settings.EXAMPLE`."""
    text = files(__name__).joinpath(f"{pipeline}.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
