"""The one customer managed key, where a deployment wants one."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from seed_code.project_template.names import Names


def make_key(scope: Construct) -> kms.Key:
    """A key that rotates, and that CloudWatch Logs, EventBridge and CloudWatch's alarms may use for our resources."""
    key = kms.Key(
        scope,
        "Key",
        alias="mlops-pipeline",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    names = Names(scope)
    groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:*")}}
    logs = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey")
    key.add_to_resource_policy(_for("logs", (*logs, "kms:DescribeKey"), groups))
    ours = {"StringEquals": {"aws:SourceAccount": names.account}}
    for service in ("events", "cloudwatch"):
        key.add_to_resource_policy(_for(service, ("kms:Decrypt", "kms:GenerateDataKey"), ours))
    return key


def _for(service: str, actions: tuple[str, ...], conditions: dict[str, dict[str, str]]) -> iam.PolicyStatement:
    principal = iam.ServicePrincipal(f"{service}.amazonaws.com")
    return iam.PolicyStatement(principals=[principal], actions=list(actions), resources=["*"], conditions=conditions)
