"""Settings: what an AWS account decides about the pipelines. Light: no SDK."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from algorithms.errors import PlatformError

ENVIRONMENT = {
    "bucket": ("MLOPS_BUCKET",),
    "role_arn": ("MLOPS_ROLE_ARN",),
    "image_uri": ("MLOPS_IMAGE_URI",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
}
"""The required settings and the environment variables that hold them; the first one that is set counts."""

PATTERNS = {
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name, without s3://"),
    "role_arn": (r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role"),
    "image_uri": (r"\S{1,255}", "the URI of a container image, at most 255 characters"),
    "region": (r"[a-z]{2,4}(-[a-z]+)+-\d", "an AWS region such as eu-west-1"),
}


@dataclass(frozen=True)
class Settings:
    """Where the jobs run and where their files lie.

    Volume sizes, run times and the network cannot be pipeline variables in the SageMaker SDK v3, and the role must not
    be one: whoever starts an execution would choose it. So they are fixed when a definition is compiled.
    """

    bucket: str
    role_arn: str
    image_uri: str
    region: str
    processing_instance_type: str = "ml.m5.large"
    volume_size_gb: int = 30
    """Of each job, in GiB; the service's own default for processing."""
    max_processing_seconds: int = 3600
    max_training_seconds: int = 24 * 3600
    kms_key_id: str | None = None
    """Encrypts the jobs' volumes and outputs; None: the bucket's and the service's own keys."""
    network_isolation: bool = True
    """The containers reach no network; SageMaker itself copies their inputs and outputs."""

    def __post_init__(self) -> None:
        problems = [
            f"{name}: must be {meaning}, got {getattr(self, name)!r}."
            for name, (pattern, meaning) in PATTERNS.items()
            if not re.fullmatch(pattern, str(getattr(self, name)), re.ASCII)
        ]
        if problems:
            raise PlatformError(" ".join(problems))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """The settings in the environment; `given` ones win. Raises PlatformError, which names all that are missing."""
        unknown = sorted(set(given) - {field.name for field in fields(cls)})
        if unknown:
            known = ", ".join(field.name for field in fields(cls))
            raise PlatformError(f"{', '.join(unknown)}: no such setting. Known are {known}.")
        found = {**_read(os.environ if environ is None else environ), **given}
        missing = [" or ".join(names) for setting, names in ENVIRONMENT.items() if setting not in found]
        if missing:
            raise PlatformError(
                f"{', '.join(missing)}: must be set in the environment. See docs/reference/pipelines.md."
            )
        return cls(**found)


def _read(environ: Mapping[str, str]) -> dict[str, str]:
    values = {setting: next(filter(None, map(environ.get, names)), None) for setting, names in ENVIRONMENT.items()}
    return {setting: value for setting, value in values.items() if value is not None}


EXAMPLE = Settings(
    bucket="mlops-local",
    role_arn="arn:aws:iam::111122223333:role/mlops-pipeline",
    image_uri="111122223333.dkr.ecr.us-east-1.amazonaws.com/mlops-pipeline:latest",
    region="us-east-1",
)
"""The settings of the committed definitions: an account that does not exist, and the local mode's bucket."""
