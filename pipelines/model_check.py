"""The pipeline that loads a registered model and predicts a row, before a rollback makes it the live one."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.building import check_model_step
from pipelines.definitions import CHECK
from pipelines.plan import Plan
from pipelines.settings import Settings


def get_pipeline(settings: Settings) -> Pipeline:
    """CheckModel alone."""
    own = [
        ParameterString("RunId"),
        ParameterString("Issue", default_value="none"),
        ParameterString("Attempt", default_value="none"),
        ParameterString("ModelUri"),
        ParameterString("ProcessingInstanceType", default_value=settings.processing_instance_type),
    ]
    plan = Plan("supervised", settings, {parameter.name: parameter for parameter in own}, CHECK)
    return plan.pipeline([check_model_step(plan)])
