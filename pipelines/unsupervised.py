"""The pipeline of clustering and dimensionality reduction."""

from __future__ import annotations

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.plan import Plan, table_parameters
from pipelines.settings import Settings
from pipelines.table_pipeline import table_pipeline


def get_pipeline(settings: Settings) -> Pipeline:
    """Prepare, Train, Evaluate, CheckScore, then RegisterModel or BelowThreshold."""
    return table_pipeline(Plan.of("unsupervised", settings, table_parameters("unsupervised")))
