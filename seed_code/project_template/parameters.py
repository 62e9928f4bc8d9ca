"""What is given when a template is deployed: CloudFormation parameters, and the environment that they become."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnCondition, CfnParameter, Fn, Stack
from constructs import Construct

from lambda_bridge.settings import COUNTS, DEFAULT_API, MEANINGS, PATTERNS
from pipelines.cost import DOLLARS
from seed_code.project_template.names import Names

TEXTS = {
    "GitHubRepository": "GITHUB_REPOSITORY",
    "GitHubApiUrl": "GITHUB_API_URL",
    "HistoryBranch": "MLOPS_HISTORY_BRANCH",
    "MaxCostUsd": "MLOPS_MAX_COST_USD",
    "Language": "MLOPS_LANGUAGE",
}
DEFAULTS = {"GITHUB_API_URL": DEFAULT_API, "MLOPS_HISTORY_BRANCH": "", "MLOPS_MAX_COST_USD": "", "MLOPS_LANGUAGE": "en"}
"""The repository has none."""
FORMS = {
    "GITHUB_REPOSITORY": PATTERNS["repository"][0],
    "GITHUB_API_URL": PATTERNS["api_url"][0],
    "MLOPS_HISTORY_BRANCH": f"|{PATTERNS['history_branch'][0]}",
    "MLOPS_MAX_COST_USD": f"|{DOLLARS}",
    "MLOPS_LANGUAGE": PATTERNS["language"][0],
}
LIMITS = {
    "StartsPerPerson": "MLOPS_STARTS_PER_PERSON",
    "StartsPerRepository": "MLOPS_STARTS_PER_REPOSITORY",
    "RemindAfterDays": "MLOPS_REMIND_AFTER_DAYS",
    "WaitDays": "MLOPS_WAIT_DAYS",
}
EMAIL = r"|[^@\s]+@[^@\s]+"


class Parameters(Construct):
    """`email`, and `environment`: those of the bridge's variables that people choose (`lambda_bridge.settings`)."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "Parameters")
        texts = {variable: _text(scope, name, variable) for name, variable in TEXTS.items()}
        limits = {variable: _limit(scope, name, variable) for name, variable in LIMITS.items()}
        self.environment: Mapping[str, str] = texts | limits
        self.email = CfnParameter(
            scope,
            "NotificationEmail",
            description="Who is told by e-mail; empty: nobody",
            default="",
            allowed_pattern=EMAIL,
        )


def _text(scope: Construct, name: str, variable: str) -> str:
    found = CfnParameter(
        scope,
        name,
        description=_meaning(variable),
        default=DEFAULTS.get(variable),
        allowed_pattern=FORMS[variable],
        constraint_description=f"must match {FORMS[variable]}",
    )
    return found.value_as_string


def _limit(scope: Construct, name: str, variable: str) -> str:
    default, low, high = COUNTS[variable]
    found = CfnParameter(
        scope,
        name,
        type="Number",
        description=_meaning(variable),
        default=default,
        min_value=low,
        max_value=high,
    )
    return found.value_as_string


def _meaning(variable: str) -> str:
    meaning = MEANINGS[variable]
    return meaning[0].upper() + meaning[1:]


def unless_existing(scope: Construct, name: str, what: str) -> CfnCondition:
    """A parameter `name` that says whether something with a fixed name has to be made, and the condition of it."""
    stack = Stack.of(scope)
    given = CfnParameter(
        stack,
        name,
        description=f"{what}: create, or existing where it is there already",
        default="create",
        allowed_values=["create", "existing"],
    )
    return CfnCondition(stack, f"Makes{name}", expression=Fn.condition_equals(given.value_as_string, "create"))


def fixed_environment(names: Names, bucket: str, table: str, topic: str, version: str) -> dict[str, str]:
    """The bridge's variables that the deployment itself knows."""
    return {
        "MLOPS_BUCKET": bucket,
        "MLOPS_TABLE": table,
        "MLOPS_STATE_MACHINE_ARN": names.state_machine,
        "MLOPS_TOPIC_ARN": topic,
        "MLOPS_CODE_VERSION": version,
    }
