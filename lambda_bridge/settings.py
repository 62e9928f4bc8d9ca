"""Settings of the bridge on AWS, from the environment of its Lambdas. Light."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from algorithms.errors import PlatformError

DEFAULT_API = "https://api.github.com"
REQUIRED = {
    "repository": "GITHUB_REPOSITORY",
    "bucket": "MLOPS_BUCKET",
    "table": "MLOPS_TABLE",
    "state_machine_arn": "MLOPS_STATE_MACHINE_ARN",
}
OPTIONAL = {
    "api_url": "GITHUB_API_URL",
    "topic_arn": "MLOPS_TOPIC_ARN",
    "history_branch": "MLOPS_HISTORY_BRANCH",
    "github_secret": "MLOPS_GITHUB_SECRET",
    "webhook_secret": "MLOPS_WEBHOOK_SECRET",
    "slack_secret": "MLOPS_SLACK_SECRET",
    "code_version": "MLOPS_CODE_VERSION",
}
MEANINGS = {
    "GITHUB_REPOSITORY": "the one repository, owner/name",
    "GITHUB_API_URL": f"GitHub's REST interface; left out: {DEFAULT_API}",
    "MLOPS_BUCKET": "the bucket of datasets, models and evaluations",
    "MLOPS_TABLE": "the DynamoDB table of the run records",
    "MLOPS_STATE_MACHINE_ARN": "the workflow",
    "MLOPS_TOPIC_ARN": "the SNS topic that sends e-mail; left out: no e-mail",
    "MLOPS_HISTORY_BRANCH": "where training_history/ is committed; left out: the default branch, or `mlops-history` "
    "where that one is protected",
    "MLOPS_GITHUB_SECRET": "the secret with the key `token`, or with `app_id`, `app_private_key` and "
    "`app_installation_id` of a GitHub App; left out: `github-token`",
    "MLOPS_WEBHOOK_SECRET": "the secret with the key `secret`, which signs the webhook; left out: "
    "`github-webhook-secret`",
    "MLOPS_SLACK_SECRET": "the secret with the key `url`, Slack's incoming webhook; left out: `slack-webhook-url`",
    "MLOPS_CODE_VERSION": "stands in the history records",
}
"""For the reference page."""
VALUES = {
    "GITHUB_TOKEN": "a personal access token, in the place of the secret",
    "GITHUB_APP_ID": "with GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID: a GitHub App, in the place of the "
    "secret",
    "GITHUB_WEBHOOK_SECRET": "in the place of the secret; set and empty refuses to start",
    "SLACK_WEBHOOK_URL": "in the place of the secret",
}
"""Secrets that may stand in the environment themselves; see `secrets`."""
PATTERNS = {
    "repository": (r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", "owner/name"),
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name, without s3://"),
    "table": (r"[A-Za-z0-9_.-]{3,255}", "the name of a DynamoDB table"),
    "state_machine_arn": (r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:\S{1,80}", "a state machine's ARN"),
    "topic_arn": (r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S{1,256}", "a topic's ARN"),
    "api_url": (
        r"https://\S+|http://(127\.0\.0\.1|localhost)[:/]\S*",
        "an https address such as https://api.github.com",
    ),
    "history_branch": (r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}", "a branch's name"),
}


@dataclass(frozen=True)
class BridgeSettings:
    """Where GitHub is, and what the deployment made. Names of secrets, never their values."""

    repository: str
    bucket: str
    table: str
    state_machine_arn: str
    api_url: str = DEFAULT_API
    topic_arn: str | None = None
    history_branch: str | None = None
    github_secret: str = "github-token"  # noqa: S105 (a secret's name)
    """With the key `token`, or with `app_id`, `app_private_key` and `app_installation_id` of a GitHub App."""
    webhook_secret: str = "github-webhook-secret"  # noqa: S105
    """With the key `secret`."""
    slack_secret: str = "slack-webhook-url"  # noqa: S105
    """With the key `url`."""
    code_version: str = "unknown"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> BridgeSettings:
        """The settings in the environment. Raises PlatformError with everything that is missing or wrong."""
        environ = os.environ if environ is None else environ
        names = {**REQUIRED, **OPTIONAL}
        found = {field: environ[name] for field, name in names.items() if environ.get(name)}
        problems = [f"{name}: must be set" for field, name in REQUIRED.items() if field not in found]
        problems += [
            _wrong(names[field], *PATTERNS[field], value) for field, value in found.items() if _is_wrong(field, value)
        ]
        if problems:
            raise PlatformError(f"{'; '.join(problems)}. Set them in the environment of the bridge's functions.")
        return cls(**found)


def _is_wrong(field: str, value: str) -> bool:
    return field in PATTERNS and not re.fullmatch(PATTERNS[field][0], value, re.ASCII)


def _wrong(name: str, _: str, meaning: str, value: str) -> str:
    return f"{name}: must be {meaning}, got {value[:100]!r}"
