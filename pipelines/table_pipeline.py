"""The steps that the pipelines of supervised and unsupervised learning share: both learn from a table."""

from __future__ import annotations

from collections.abc import Sequence
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


def table_pipeline(plan: Plan, prepare: Sequence[Any] = (), both: Sequence[Any] = ()) -> Pipeline:
    """Prepare to RegisterModel or BelowThreshold, of a plan for tables.

    `prepare` is added to the arguments of Prepare, `both` to those of Prepare and Evaluate.
    """
    prepared = prepare_table(plan, *prepare, *both)
    training = train_step if plan.key == plan.learning_type else tune_step
    train = training(plan, prepared, preprocessing=plan["Preprocessing"])
    evaluate = evaluate_step(plan, prepared, train, *both, tables=("train", "test"))
    register = register_step(
        plan,
        train,
        evaluate,
        metadata={"dataset_id": plan["DatasetId"], "dataset_digest": plan["DatasetDigest"]},
        statistics=baseline_statistics(prepared),
    )
    return plan.pipeline([prepared, train.step, evaluate, check_score(plan, evaluate, register)])
