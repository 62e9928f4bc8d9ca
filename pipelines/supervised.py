"""The pipeline of classification and regression."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.building import (
    baseline_statistics,
    check_score,
    evaluate_step,
    prepare_table,
    register_step,
    train_step,
)
from pipelines.plan import Plan, table_parameters
from pipelines.settings import Settings


def get_pipeline(settings: Settings) -> Pipeline:
    """Prepare, Train, Evaluate, CheckScore, then RegisterModel or BelowThreshold."""
    target = ParameterString("Target", default_value="")
    plan = Plan.of("supervised", settings, [*table_parameters("supervised"), target])

    prepare = prepare_table(plan, "--target", target)
    train = train_step(plan, prepare, preprocessing=plan["Preprocessing"])
    evaluate = evaluate_step(plan, prepare, train, tables=("train", "test"))
    register = register_step(
        plan,
        train,
        evaluate,
        metadata={"dataset_id": plan["DatasetId"], "dataset_digest": plan["DatasetDigest"]},
        statistics=baseline_statistics(prepare),
    )
    return plan.pipeline([prepare, train, evaluate, check_score(plan, evaluate, register)])
