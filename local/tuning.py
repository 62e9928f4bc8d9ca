"""A tuning job on one machine: one process in the place of many training jobs (see `local.tuner`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.arns import job_arn
from local.jobs import Arguments, JobContext, Jobs
from local.tuner import CONFIG, RESULT

Summary = dict[str, Any]
"""HyperParameterTrainingJobSummary."""


def tuning(jobs: Jobs, arguments: Arguments, context: JobContext) -> dict[str, Any]:
    """Runs a tuning job. Returns its properties, as DescribeHyperParameterTuningJob answers, and those of its jobs.

    Raises StepFailedError, InterruptedStepError.
    """
    config, training = arguments["HyperParameterTuningJobConfig"], dict(arguments["TrainingJobDefinition"])
    metric = config["HyperParameterTuningJobObjective"]["MetricName"]
    training["HyperParameters"] = {**training.pop("StaticHyperParameters", {}), "_tuning_objective_metric": metric}
    limit = training.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    if limit is not None:
        training["StoppingCondition"] = {"MaxRuntimeInSeconds": limit * _most_jobs(config)}
    training["AlgorithmSpecification"] = {"ContainerEntrypoint": ["python", "-m", "local.tuner"]}
    with jobs.trained(training, context, {CONFIG.rpartition("/")[2]: config}) as root:
        tried = json.loads((root / RESULT).read_text(encoding="utf-8"))
        summaries = [_summary(context.name, metric, number, job) for number, job in enumerate(tried["jobs"], 1)]
        best = summaries[tried["best"]]
        jobs.store_model(root, training["OutputDataConfig"], best["TrainingJobName"])
    return {
        **arguments,
        "HyperParameterTuningJobName": context.name,
        "HyperParameterTuningJobArn": job_arn("hyper-parameter-tuning-job", context.name),
        "HyperParameterTuningJobStatus": "Completed",
        "TrainingJobStatusCounters": _counted(summaries),
        "BestTrainingJob": best,
        "TrainingJobSummaries": summaries,
    }


def _most_jobs(config: Mapping[str, Any]) -> int:
    return int(config["ResourceLimits"]["MaxNumberOfTrainingJobs"])


def _summary(name: str, metric: str, number: int, job: Mapping[str, Any]) -> Summary:
    """One point. Where its process found no score, the training job would have failed."""
    training_job = f"{name}-{number:03}"
    found: Summary = {
        "TrainingJobName": training_job,
        "TrainingJobArn": job_arn("training-job", training_job),
        "TunedHyperParameters": job["places"],
        "TrainingJobStatus": "Failed" if job["objective"] is None else "Completed",
    }
    if job["objective"] is None:
        return found
    reached = {"MetricName": metric, "Type": "Maximize", "Value": job["objective"]}
    return {**found, "FinalHyperParameterTuningJobObjectiveMetric": reached, "ObjectiveStatus": "Succeeded"}


def _counted(summaries: Sequence[Summary]) -> dict[str, int]:
    completed = sum(each["TrainingJobStatus"] == "Completed" for each in summaries)
    others = {"InProgress": 0, "RetryableError": 0, "Stopped": 0}
    return {"Completed": completed, "NonRetryableError": len(summaries) - completed, **others}
