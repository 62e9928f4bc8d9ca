"""The pipeline of reinforcement learning: an environment takes the place of the dataset."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow.pipeline import Pipeline

from pipelines.building import check_score, evaluate_step, prepare_environment, register_step, train_step
from pipelines.plan import Plan
from pipelines.settings import Settings


def get_pipeline(settings: Settings) -> Pipeline:
    """Prepare, Train, Evaluate, CheckScore, then RegisterModel or BelowThreshold."""
    environment = ParameterString("Environment")
    plan = Plan.of("reinforcement", settings, [environment])

    prepare = prepare_environment(plan)
    train = train_step(plan, prepare)
    evaluate = evaluate_step(plan, prepare, train)
    register = register_step(plan, train, evaluate, metadata={"environment": environment})
    return plan.pipeline([prepare, train.step, evaluate, check_score(plan, evaluate, register)])
