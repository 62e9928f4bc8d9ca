"""Settings: what an AWS account decides about the pipelines. Light: no SDK."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from algorithms.errors import PlatformError

NO_MODEL_PREFIX = "models/none/"
"""The prefix in the bucket that stands for "there is no previous version"."""
NO_MODEL = f"{NO_MODEL_PREFIX}empty"
"""Key of the empty object there: a job's input must have one."""

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
    "processing_instance_type": (r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an instance type such as ml.m5.large"),
    "kms_key_id": (r"[a-zA-Z0-9:/_-]{1,2048}", "the id or the ARN of a KMS key"),
}

MAXIMA = {
    "volume_size_gb": 16384,
    "max_processing_seconds": 777_600,
    "max_training_seconds": 28 * 24 * 3600,
    "max_spot_wait_seconds": 28 * 24 * 3600,
}
"""The service's own (CreateProcessingJob; "Amazon SageMaker AI endpoints and quotas": 28 days of training)."""


@dataclass(frozen=True)
class Settings:
    """Where the jobs run and where their files lie.

    `image_uri` should name a digest (`...@sha256:...`): the step cache knows the code by it alone, so behind a tag that
    moves, results of older code would be re-used.

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
    spot_training: bool = False
    """Train on spot instances: cheaper, may wait for them, and begins anew when one is taken away (no checkpoints)."""
    max_spot_wait_seconds: int = 12 * 3600
    """How long Train may wait for spot instances, in all."""
    kms_key_id: str | None = None
    """Encrypts the jobs' volumes and outputs; None: the bucket's and the service's own keys."""
    network_isolation: bool = True
    """The containers reach no network; SageMaker itself copies their inputs and outputs."""

    def __post_init__(self) -> None:
        wrong = {field.name: meaning for field in fields(self) if (meaning := _expected(field.name, self))}
        if wrong:
            problems = (f"{name}: must be {meaning}, got {getattr(self, name)!r}." for name, meaning in wrong.items())
            raise PlatformError(" ".join(problems))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, /, **given: Any) -> Settings:
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


def _expected(name: str, settings: Settings) -> str | None:
    """What a setting must be, if it is something else."""
    value = getattr(settings, name)
    if name in MAXIMA:
        fits = type(value) is int and 1 <= value <= MAXIMA[name]
        return None if fits else f"a whole number from 1 to {MAXIMA[name]}"
    if name in ("network_isolation", "spot_training"):
        return None if isinstance(value, bool) else "true or false"
    pattern, meaning = PATTERNS[name]
    absent = name == "kms_key_id" and value is None
    return None if absent or (isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII)) else meaning


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
