"""A settled request -> the parameters of a pipeline execution, and the names a run goes by. Light.

The names of the parameters are those of the compiled definitions. A parameter that is left out takes its default there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from algorithms.errors import ParameterError, Problem
from algorithms.wording import plain
from pipelines.request import ResolvedRequest, TrainingRequest, canonical_json

Parameters = dict[str, str | int | float]

LONGEST_VALUE = 1024
"""Characters of a parameter's value (StartPipelineExecution, `Parameter.Value`)."""

LONGEST_GROUP_NAME = 63
"""Characters of a model package group's name (CreateModelPackageGroup, `ModelPackageGroupName`)."""

DIGEST_DIGITS = 6

LARGEST_SEED = 2**31
"""A tuning job's RandomSeed is a signed number of 32 bits."""

PARALLEL_JOBS = 2
"""Training jobs of a search at a time: each needs an instance, and the later ones learn from the earlier ones."""


@dataclass(frozen=True)
class RunFacts:
    """What a run knows beside the request."""

    issue: int
    attempt: int
    dataset_digest: str = ""
    """Of the keys, sizes and ETags under the dataset's raw/ folder; empty for environments."""
    previous_model_uri: str | None = None
    """The latest approved version's model.tar.gz; None: there is none."""
    previous_model_arn: str | None = None


def pipeline_parameters(request: ResolvedRequest, facts: RunFacts) -> Parameters:
    """The parameters of one execution.

    Raises ParameterError for a value that is longer than the service takes.
    """
    values = {**_common(request, facts), **_own(request, facts), **_previous(facts)}
    problems = [
        Problem(
            name,
            plain(value),
            f"{name}: must be at most {LONGEST_VALUE} characters, got {len(str(value))}. Shorten it.",
        )
        for name, value in values.items()
        if len(str(value)) > LONGEST_VALUE
    ]
    if problems:
        raise ParameterError(problems)
    return values


def _common(request: ResolvedRequest, facts: RunFacts) -> Parameters:
    return {
        "RunId": run_id(facts.issue, facts.attempt),
        "Issue": str(facts.issue),
        "Attempt": str(facts.attempt),
        "Algorithm": request.algorithm,
        "Hyperparameters": canonical_json(request.hyperparameters),
        "EvaluationMetric": request.evaluation_metric,
        "ScoreThreshold": request.score_threshold(),
        "Seed": request.seed,
        "InstanceType": request.instance_type,
        "ModelPackageGroupName": model_package_group_name(request),
    }


def _own(request: ResolvedRequest, facts: RunFacts) -> Parameters:
    """The parameters of the learning type's own pipeline."""
    if request.environment is not None:
        return {"Environment": request.environment}
    values: Parameters = {
        "DatasetId": request.dataset_id or "",
        "DatasetDigest": facts.dataset_digest,
        "TaskType": request.task_type,
        "Duplicates": request.preprocessing.duplicates,
        "Preprocessing": canonical_json(request.preprocessing),
    }
    values |= {} if request.target is None else {"Target": request.target}
    values |= {"SensitiveColumns": canonical_list(request.sensitive_columns)} if request.sensitive_columns else {}
    values |= {"InstanceCount": request.instance_count} if request.instance_count > 1 else {}
    return {**values, **_search(request)}


def canonical_list(names: list[str]) -> str:
    """Names as JSON without spaces."""
    return json.dumps(names, ensure_ascii=False, separators=(",", ":"))


def _search(request: ResolvedRequest) -> Parameters:
    """The parameters of the pipelines that search. A grid is gone through in one job (docs/adr/0010)."""
    tuning = request.search()
    if tuning is None:
        return {}
    jobs = 1 if tuning.strategy == "grid" else tuning.max_trials
    return {
        "SearchStrategy": tuning.strategy,
        "TuningJobStrategy": "Bayesian" if tuning.strategy == "bayesian" else "Random",
        "RandomSeed": request.seed % LARGEST_SEED,
        "MaxTrainingJobs": jobs,
        "MaxParallelTrainingJobs": min(PARALLEL_JOBS, jobs),
    }


def _previous(facts: RunFacts) -> Parameters:
    found = {"PreviousModelUri": facts.previous_model_uri, "PreviousModelPackageArn": facts.previous_model_arn}
    return {name: value for name, value in found.items() if value is not None}


def as_list(parameters: Mapping[str, str | int | float]) -> list[dict[str, str]]:
    """`PipelineParameters` of StartPipelineExecution, where every value is a text."""
    return [{"Name": name, "Value": str(value)} for name, value in parameters.items()]


def run_id(issue: int, attempt: int) -> str:
    """The name of one attempt, in the bucket and in the registry."""
    return f"issue-{issue}-attempt-{attempt}"


def client_request_token(run: str) -> str:
    """Makes StartPipelineExecution idempotent: the same run starts once. 64 characters, of 32 to 128."""
    return sha256(run.encode()).hexdigest()


def model_package_group_name(request: TrainingRequest) -> str:
    """The group that the models of one learning type, algorithm and dataset or environment are registered in."""
    subject = request.environment or request.dataset_id or ""
    return legal_group_name(f"{request.learning_type}-{request.algorithm}-{subject}")


def legal_group_name(name: str) -> str:
    """`name`, made to match the service's `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`; it begins with a letter or digit.

    A name that had to be changed ends in a digest of itself, so that different names stay different.
    """
    legal = re.sub("[^a-zA-Z0-9-]", "-", name).rstrip("-")
    if legal == name and len(name) <= LONGEST_GROUP_NAME:
        return name
    digest = sha256(name.encode()).hexdigest()[:DIGEST_DIGITS]
    return f"{legal[: LONGEST_GROUP_NAME - DIGEST_DIGITS - 1].rstrip('-')}-{digest}"
