"""The pipeline of classification and regression."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import Parameter, ParameterString
from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.definitions import PipelineKey
from pipelines.plan import Plan, table_parameters
from pipelines.settings import Settings
from pipelines.table_pipeline import table_pipeline


def get_pipeline(settings: Settings) -> Pipeline:
    """Prepare, Train, Evaluate, CheckScore, then RegisterModel or BelowThreshold."""
    return supervised(settings, "supervised")


def supervised(settings: Settings, key: PipelineKey, *more: Parameter) -> Pipeline:
    """The pipeline of this key; `more` parameters are its own."""
    target = ParameterString("Target", default_value="")
    sensitive = ParameterString("SensitiveColumns", default_value="[]")
    plan = Plan.of("supervised", settings, [*table_parameters("supervised"), target, sensitive, *more], key)
    shards = ("--instances", plan["InstanceCount"].to_string()) if "InstanceCount" in plan.parameters else ()
    return table_pipeline(plan, prepare=("--target", target, *shards), both=("--sensitive", sensitive))
