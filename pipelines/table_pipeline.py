"""The steps that the pipelines of supervised and unsupervised learning share: both learn from a table."""

from __future__ import annotations

from typing import Any

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.building import (
    baseline_statistics,
    check_score,
    evaluate_step,
    prepare_table,
    register_step,
    train_step,
    tune_step,
)
from pipelines.plan import Plan


def table_pipeline(plan: Plan, *arguments: Any) -> Pipeline:
    """Prepare to RegisterModel or BelowThreshold, of a plan for tables; `arguments` are added to those of Prepare."""
    prepare = prepare_table(plan, *arguments)
    training = train_step if plan.key == plan.learning_type else tune_step
    train = training(plan, prepare, preprocessing=plan["Preprocessing"])
    evaluate = evaluate_step(plan, prepare, train, tables=("train", "test"))
    register = register_step(
        plan,
        train,
        evaluate,
        metadata={"dataset_id": plan["DatasetId"], "dataset_digest": plan["DatasetDigest"]},
        statistics=baseline_statistics(prepare),
    )
    return plan.pipeline([prepare, train.step, evaluate, check_score(plan, evaluate, register)])
