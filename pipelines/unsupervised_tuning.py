"""The pipeline of clustering and dimensionality reduction that searches hyperparameters."""

from __future__ import annotations

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.plan import Plan, search_parameters, table_parameters
from pipelines.settings import Settings
from pipelines.table_pipeline import table_pipeline


def get_pipeline(settings: Settings) -> Pipeline:
    """As `pipelines.unsupervised`, with a tuning job as the step Train."""
    own = [*table_parameters("unsupervised"), *search_parameters()]
    return table_pipeline(Plan.of("unsupervised", settings, own, "unsupervised_tuning"))
