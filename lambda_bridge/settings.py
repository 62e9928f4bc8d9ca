"""Settings of the bridge on AWS, from the environment of its Lambdas. Light."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from algorithms.errors import PlatformError
from lambda_bridge.ports import Patience, StartLimits
from pipelines.cost import VARIABLES, Costs
from pipelines.language import LANGUAGES
from pipelines.language import VARIABLE as LANGUAGE

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
    "task_function": "MLOPS_TASK_FUNCTION",
    "language": LANGUAGE,
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
    LANGUAGE: "the language of comments and notices, `en` or `ja`; left out: `en`",
    "MLOPS_TASK_FUNCTION": "the function that approves, rejects and rolls back; left out: `mlops-task`",
    "MLOPS_STARTS_PER_PERSON": f"runs that one person may start within an hour; left out: {StartLimits.person}",
    "MLOPS_STARTS_PER_REPOSITORY": f"runs that may start within an hour; left out: {StartLimits.repository}",
    "MLOPS_REMIND_AFTER_DAYS": f"days after which the operator is reminded; left out: {Patience.reminder.days}",
    "MLOPS_WAIT_DAYS": f"days after which a wait for the operator ends, at most 30; left out: {Patience.end.days}",
    **VARIABLES,
}
"""For the reference page."""
COUNTS = {
    "MLOPS_STARTS_PER_PERSON": (StartLimits.person, 1, 1_000_000),
    "MLOPS_STARTS_PER_REPOSITORY": (StartLimits.repository, 1, 1_000_000),
    "MLOPS_REMIND_AFTER_DAYS": (Patience.reminder.days, 1, 30),
    "MLOPS_WAIT_DAYS": (Patience.end.days, 1, 30),
}
"""Whole numbers: default, lowest and highest."""
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
        r"https://[^\s@/?#]+(/[^\s@?#]*)?|http://(127\.0\.0\.1|localhost)(:\d{1,5})?(/[^\s@?#]*)?",
        "an https address such as https://api.github.com",
    ),
    "language": ("|".join(LANGUAGES), f"one of {', '.join(LANGUAGES)}"),
    "task_function": (r"[A-Za-z0-9_-]{1,64}", "a function's name"),
    "history_branch": (r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}", "a branch's name"),
}


@dataclass(frozen=True)
class Pace:
    """How many runs may start, and how long the operator has."""

    limits: StartLimits = field(default_factory=StartLimits)
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Pace:
        """The settings in the environment. Raises PlatformError with everything that is wrong."""
        environ = os.environ if environ is None else environ
        problems = _wrong_counts(environ)
        if problems:
            raise PlatformError(f"{'; '.join(problems)}. Correct or unset them.")
        person, repository, remind, wait = (int(environ.get(name) or COUNTS[name][0]) for name in COUNTS)
        return cls(StartLimits(person, repository), Patience(timedelta(days=remind), timedelta(days=wait)))


def _wrong_counts(environ: Mapping[str, str]) -> list[str]:
    return [
        f"{name}: must be a whole number from {low} to {high}, got {environ[name][:100]!r}"
        for name, (_, low, high) in COUNTS.items()
        if environ.get(name) and not (re.fullmatch("[0-9]{1,7}", environ[name]) and low <= int(environ[name]) <= high)
    ]


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
    task_function: str = "mlops-task"
    language: str = "en"
    pace: Pace = field(default_factory=Pace)
    costs: Costs = field(default_factory=Costs)

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
        problems += _wrong_counts(environ)
        if problems:
            raise PlatformError(f"{'; '.join(problems)}. Set them in the environment of the bridge's functions.")
        return cls(**found, pace=Pace.from_environment(environ), costs=Costs.from_environment(environ))


def _is_wrong(field: str, value: str) -> bool:
    return field in PATTERNS and not re.fullmatch(PATTERNS[field][0], value, re.ASCII)


def _wrong(name: str, _: str, meaning: str, value: str) -> str:
    return f"{name}: must be {meaning}, got {value[:100]!r}"
