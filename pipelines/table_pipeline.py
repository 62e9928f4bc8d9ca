"""The steps that the pipelines of supervised and unsupervised learning share: both learn from a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.building import (
    Trained,
    baseline_statistics,
    check_score,
    distributed_train_step,
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
    train = _training(plan)(plan, prepared, preprocessing=plan["Preprocessing"])
    evaluate = evaluate_step(plan, prepared, train, *both, tables=("train", "test"))
    register = register_step(
        plan,
        train,
        evaluate,
        metadata={"dataset_id": plan["DatasetId"], "dataset_digest": plan["DatasetDigest"]},
        statistics=baseline_statistics(prepared),
    )
    return plan.pipeline([prepared, train.step, evaluate, check_score(plan, evaluate, register)])


def _training(plan: Plan) -> Callable[..., Trained]:
    if plan.key == plan.learning_type:
        return train_step
    return distributed_train_step if "InstanceCount" in plan.parameters else tune_step
