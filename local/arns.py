"""Names of things, shaped like AWS's. The region and the account do not exist."""

from __future__ import annotations

import hashlib
import re

PREFIX = "arn:aws:sagemaker:us-local-1:000000000000"
"""The service model wants at least 9 characters for the region of a model package."""
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", re.ASCII)
MAX_JOB_NAME = 63


def pipeline_arn(name: str) -> str:
    """The ARN of a pipeline."""
    return f"{PREFIX}:pipeline/{name}"


def execution_arn(pipeline: str, execution: str) -> str:
    """The ARN of a pipeline execution."""
    return f"{pipeline_arn(pipeline)}/execution/{execution}"


def job_arn(kind: str, name: str) -> str:
    """The ARN of a job; `kind` is `processing-job` or `training-job`."""
    return f"{PREFIX}:{kind}/{name}"


def group_arn(name: str) -> str:
    """The ARN of a model package group."""
    return f"{PREFIX}:model-package-group/{name}"


def package_arn(group: str, version: int) -> str:
    """The ARN of a version in a model package group."""
    return f"{PREFIX}:model-package/{group}/{version}"


def last_part(arn_or_name: str) -> str:
    """The name in an ARN of a pipeline, an execution or a group; a name stays as it is."""
    return arn_or_name.rpartition("/")[2]


def group_and_version(arn: str) -> tuple[str, int] | None:
    """The group and the version in the ARN of a model package; None if it is none of ours."""
    match = re.fullmatch(rf"{re.escape(PREFIX)}:model-package/({NAME.pattern})/(\d{{1,9}})", arn, re.ASCII)
    return (match[1], int(match[3])) if match else None


def job_name(execution: str, step: str) -> str:
    """The name of a step's job: the same for every attempt, so that an interrupted one leaves nothing behind."""
    legal = f"pipelines-{execution}-{step}"
    if len(legal) <= MAX_JOB_NAME and NAME.fullmatch(legal):
        return legal
    digest = hashlib.sha256(step.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-zA-Z0-9]+', '-', legal)[: MAX_JOB_NAME - 7].rstrip('-')}-{digest}"
