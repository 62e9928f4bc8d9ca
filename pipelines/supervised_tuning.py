"""The pipeline of classification and regression that searches hyperparameters."""

from __future__ import annotations

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.plan import search_parameters
from pipelines.settings import Settings
from pipelines.supervised import supervised


def get_pipeline(settings: Settings) -> Pipeline:
    """As `pipelines.supervised`, with a tuning job as the step Train."""
    return supervised(settings, "supervised_tuning", *search_parameters())
