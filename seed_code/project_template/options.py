"""What a deployment may choose when its template is made, and the names that do not change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from algorithms.errors import PlatformError
from pipelines.settings import ENVIRONMENT, EXAMPLE, Settings

PROJECT = "mlops-pipeline"
"""Name of the ECR repository and of the CodeBuild project, and the value of the tag `project`."""
STATE_MACHINE = "MLOpsPipeline"
"""With this name its log group is `/aws/states/MLOpsPipeline`."""
WEBHOOK, TASK, PIPELINE_EVENT, SWEEP = "IssueDetectorAgent", "mlops-task", "mlops-pipeline-event", "mlops-sweep"
"""The functions. The log group of the first is `/aws/lambda/IssueDetectorAgent`."""
DASHBOARD = "MLOps-Pipeline-Dashboard"
GITHUB_SECRET, SLACK_SECRET, WEBHOOK_SECRET = "github-token", "slack-webhook-url", "github-webhook-secret"
SECRETS = (GITHUB_SECRET, SLACK_SECRET, WEBHOOK_SECRET)
PYTHONS = ("3.11", "3.12", "3.13")
"""Lambda's runtimes that the package can be made for; the tests run it on the first."""
PATTERNS = {
    "vpc_id": r"vpc-([0-9a-f]{8}|[0-9a-f]{17})",
    "subnet_ids": r"subnet-([0-9a-f]{8}|[0-9a-f]{17})",
    "security_group_ids": r"sg-([0-9a-f]{8}|[0-9a-f]{17})",
    "permissions_boundary": r"arn:aws[a-z-]*:iam::\d{12}:policy/[\w+=,.@/-]+",
    "source_connection": (
        r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]+"
    ),
    "source_repository": r"https://[\w.-]+(/[\w.-]+){2}",
    "actions_repository": r"[\w.-]+/[\w.-]+",
    "python": "|".join(PYTHONS),
}
DECIDED = (*ENVIRONMENT, "kms_key_id")
"""Settings of the pipelines that follow from the deployment."""
FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
}
"""Feature flags of the CDK, as new projects have them; cdk.json has the same."""


@dataclass(frozen=True)
class Options:
    """What is decided when the template is made, since it changes which resources there are.

    Parameters
    ----------
    kms : one customer managed key for bucket, table, topic, queue, secrets, images and logs, in the place of AWS's own
    vpc_id, subnet_ids, security_group_ids : where the functions and the build run; empty: outside of a VPC. Without
        security groups one is made that lets HTTPS out. GitHub has to be reached from there
    permissions_boundary : ARN of a managed policy that bounds every role
    source_connection : ARN of a CodeConnections connection; None: CodeBuild builds the checkout that made the template
    source_repository : address of the repository that the connection reads; each push to its main branch is built
    actions_repository : repository on GitHub, as OWNER/REPO, whose workflow build.yml may do what the build does; the
        account must know GitHub's OIDC provider
    reserve_sweep : one sweep at a time. Lambda refuses it where the account's quota is below 101, as in many new
        accounts ("Reserved concurrency"); two sweeps at once do no harm but cost more requests
    pipeline_settings : settings of the pipelines (docs/reference/pipelines.md) as a JSON object, for the build, which
        compiles with them, and for the bridge, which tells their cost
    python : Lambda's runtime
    """

    kms: bool = False
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    permissions_boundary: str | None = None
    source_connection: str | None = None
    source_repository: str | None = None
    actions_repository: str | None = None
    reserve_sweep: bool = False
    pipeline_settings: str = "{}"
    python: str = PYTHONS[0]

    def __post_init__(self) -> None:
        problems = [problem for name in PATTERNS for problem in self._wrong(name)]
        if bool(self.vpc_id) != bool(self.subnet_ids):
            problems.append("vpc_id: must be given together with subnet_ids")
        if bool(self.source_connection) != bool(self.source_repository):
            problems.append("source_connection: must be given together with source_repository")
        if self.security_group_ids and not self.vpc_id:
            problems.append("security_group_ids: must be given together with vpc_id")
        problems += _wrong_settings(self.pipeline_settings)
        if problems:
            raise PlatformError(f"{'; '.join(problems)}. Correct OPTIONS of `make synth`, or -c of `cdk`.")

    @property
    def settings(self) -> Settings:
        """The pipelines' settings, with an example's account, bucket and image."""
        return Settings.from_environment({}, **{**asdict(EXAMPLE), **json.loads(self.pipeline_settings)})

    def _wrong(self, name: str) -> list[str]:
        value = getattr(self, name)
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        pattern = PATTERNS[name]
        return [f"{name}: must match {pattern}, got {one!r}" for one in values if not re.fullmatch(pattern, one)]

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Options:
        """Options as `cdk deploy -c kms=true -c subnet_ids=subnet-1,subnet-2` gives them. Raises PlatformError."""
        found = {field.name: context[field.name] for field in fields(cls) if context.get(field.name) not in (None, "")}
        return cls(**{name: _read(name, value) for name, value in found.items()})


def _wrong_settings(text: str) -> list[str]:
    """What is wrong with the pipelines' settings. Some are this deployment's own to say."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return [f"pipeline_settings: must be a JSON object, got {text!r}"]
    decided = [f"pipeline_settings: {name} is decided by the deployment" for name in DECIDED if name in given]
    try:
        Settings.from_environment({}, **{**asdict(EXAMPLE), **given})
    except PlatformError as error:
        return [*decided, f"pipeline_settings: {str(error).rstrip('.')}"]
    return decided


def _read(name: str, value: Any) -> Any:
    default = getattr(Options, name)
    if isinstance(value, Mapping):  # as cdk.json may have it
        return json.dumps(value, sort_keys=True)
    if isinstance(default, bool):
        if str(value).lower() not in ("true", "false"):
            raise PlatformError(f"{name}: must be true or false, got {value!r}. Correct the context.")
        return str(value).lower() == "true"
    if isinstance(default, tuple):
        parts = value if isinstance(value, list) else str(value).split(",")
        return tuple(str(part).strip() for part in parts)
    return str(value)
