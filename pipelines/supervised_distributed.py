"""The pipeline of classification and regression that trains on several instances."""

from __future__ import annotations

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.plan import distributed_parameters
from pipelines.settings import Settings
from pipelines.supervised import supervised


def get_pipeline(settings: Settings) -> Pipeline:
    """As `pipelines.supervised`, but that each instance of the step Train gets some of the rows."""
    return supervised(settings, "supervised_distributed", *distributed_parameters())
