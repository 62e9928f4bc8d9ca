"""Other roles, pipelines, state machines, functions and secrets are refused, whatever is asked of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from pipelines.definitions import ALL_PIPELINES as KEYS
from pipelines.definitions import pipeline_name
from seed_code.project_template.options import SECRETS, STATE_MACHINE, TASK
from tests.aws.policies.account import ACCOUNT, REGION, TABLE, TOPIC, arn, role_arn
from tests.aws.policies.simulator import Request, allowed

KNOWN = load_resource(AdditionalSpecs, "Policies.json")
"""AWS's list of actions, as cfn-lint keeps it: service -> `Actions`."""
PIPELINES = [f"pipeline/{pipeline_name(key)}" for key in KEYS]
OURS = {
    "sagemaker": [*PIPELINES, *(f"{pipeline}/execution/a1b2c3d4e5f6" for pipeline in PIPELINES)],
    "states": [f"stateMachine:{STATE_MACHINE}", f"execution:{STATE_MACHINE}:issue-1-run-1"],
    "lambda": [f"function:{TASK}"],
    "secretsmanager": [f"secret:{name}-a1B2c3" for name in SECRETS],
    "dynamodb": [f"table/{TABLE}", f"table/{TABLE}/index/by-group"],
    "sns": [TOPIC],
}
FOREIGN = {
    "sagemaker": ["pipeline/churn", "pipeline/*", "pipeline/churn/execution/a1b2c3d4e5f6", "endpoint/prod"],
    "states": ["stateMachine:Payments", "execution:Payments:1", "stateMachine:*"],
    "lambda": ["function:payments", "function:IssueDetectorAgent", "function:mlops-sweep", "function:*"],
    "secretsmanager": ["secret:payments-a1B2c3", "secret:github-a1B2c3", "secret:*"],
    "dynamodb": ["table/payments", "table/*"],
    "sns": ["payments", "*"],
}
SERVICES = ("sagemaker", "ec2", "lambda", "states", "codebuild", "ecs-tasks", "events", "glue", "cloudformation")


def strange(resource: str) -> Iterator[str]:
    """Names that look like it; what comes after the name stays."""
    kind, name, rest = re.fullmatch(r"([\w-]+[:/])?([^:/]+)(.*)", resource).groups("")
    for text in (f"{name}-evil", f"{name}2", f"my-{name}", name.swapcase(), name[:-1], f"x/{name}", f"{name}\u200b"):
        yield f"{kind}{text}{rest}"


def strangers(service: str) -> Iterator[str]:
    """Things that are not the deployment's: by name, by account, by region."""
    for resource in OURS[service]:
        yield from (arn(service, look_alike) for look_alike in strange(resource))
        yield arn(service, resource, account="999999999999")
        yield arn(service, resource, region="us-west-2")
    yield from (arn(service, resource) for resource in FOREIGN[service])


@pytest.mark.parametrize("service", OURS)
def test_every_action_on_strange_things_is_refused_to_every_role(policies, service):
    """Every action that the service has, not only those that somebody has."""
    actions = [f"{service}:{action}" for action in KNOWN[service]["Actions"]]
    assert len(actions) > 10
    found = {
        (name, action, resource)
        for (name, policy), action, resource in product(policies.items(), actions, strangers(service))
        if allowed(policy, Request(action, resource))
    }
    assert found == set()


@pytest.mark.parametrize("service", OURS)
def test_strange_things_are_told_from_ours(policies, service):
    """The same question about what is ours is answered otherwise."""
    actions = [f"{service}:{action}" for action in KNOWN[service]["Actions"]]
    for resource in OURS[service]:
        ask = [Request(action, arn(service, resource)) for action in actions]
        assert any(allowed(policy, request) for policy in policies.values() for request in ask), resource


def test_one_role_is_passed_to_one_service(policies, granted):
    """By the pipelines to their jobs, and by the build to the pipelines."""
    ours = role_arn(granted["sagemaker"].name)
    roles = [role_arn(role.name) for role in granted.values()]
    roles += [f"{ours}x", ours[:-1], ours.swapcase(), role_arn("Admin"), role_arn("*"), "*"]
    roles += [ours.replace(ACCOUNT, "999999999999"), ours.replace("role/", "role/path/"), ours.replace("role", "user")]
    contexts = [{"iam:PassedToService": f"{service}.amazonaws.com"} for service in SERVICES]
    contexts += [{}, {"iam:PassedToService": ""}, {"iam:PassedToService": "SageMaker.amazonaws.com"}]
    found = {
        (name, role, context.get("iam:PassedToService"))
        for (name, policy), role, context in product(policies.items(), roles, contexts)
        if allowed(policy, Request("iam:PassRole", role, context))
    }
    assert found == {(name, ours, "sagemaker.amazonaws.com") for name in ("sagemaker", "codebuild")}


def test_nobody_does_anything_else_with_roles_and_identities(policies, granted):
    actions = [f"{service}:{name}" for service in ("iam", "sts", "organizations") for name in KNOWN[service]["Actions"]]
    resources = ["*", *(role_arn(role.name) for role in granted.values()), role_arn("Admin")]
    found = {
        (name, action)
        for (name, policy), action, resource in product(policies.items(), actions, resources)
        if action != "iam:passrole" and allowed(policy, Request(action, resource))
    }
    assert found == set()


def test_groups_and_versions_of_others_are_not_changed(policies):
    """Lists aside, which name no version: only groups whose name begins with a learning type are the bridge's."""
    foreign = ("churn", "supervise", "Supervised-x", "xsupervised-x", "supervisedx", "mlops-supervised-x")
    kinds = [f"{kind}/{name}" for kind in ("model-package-group", "model-package") for name in foreign]
    kinds += [f"model-package/{name}/1" for name in foreign]
    actions = [f"sagemaker:{action}" for action in KNOWN["sagemaker"]["Actions"] if action != "listmodelpackages"]
    found = {
        (name, action, kind)
        for (name, policy), action, kind in product(policies.items(), actions, kinds)
        if allowed(policy, Request(action, arn("sagemaker", kind)))
    }
    assert found == set()


def test_jobs_of_others_are_not_touched(policies):
    kinds = [
        f"{kind}-job/{name}"
        for kind in ("processing", "training", "transform", "hyper-parameter-tuning")
        for name in ("churn", "Pipelines-x")
    ]
    actions = [f"sagemaker:{action}" for action in KNOWN["sagemaker"]["Actions"]]
    found = {
        (name, action, kind)
        for (name, policy), action, kind in product(policies.items(), actions, kinds)
        if allowed(policy, Request(action, arn("sagemaker", kind)))
    }
    listed = {("task", "sagemaker:listtrainingjobsforhyperparametertuningjob", kind) for kind in kinds[-2:]}
    assert found == listed  # it reads what a search tried, and those jobs' names are not known before


def test_regions_are_the_deployments(policies):
    """What a name is made of stands for one account and one region, where the service has them."""
    for name, policy in policies.items():
        for rule in policy:
            for resource in rule.resources:
                _, _, service, region, account = [*resource.split(":"), *[""] * 4][:5]
                assert (
                    resource == "*"
                    or service == "s3"
                    or (region, account) == (REGION, ACCOUNT)
                    or (service == "iam" and account == ACCOUNT)
                ), (name, resource)
