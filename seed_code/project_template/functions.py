"""The four Lambda functions: one package, one role each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from seed_code.project_template.access import allow

RUNTIME = lambda_.Runtime.PYTHON_3_11
"""The version that constraints.txt is locked for."""
MEMORY_MB = 512
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What a function in a VPC needs; they have no resources to name (Lambda, "Required IAM permissions")."""


@dataclass(frozen=True)
class Surroundings:
    """What all functions share."""

    code: lambda_.Code
    environment: Mapping[str, str]
    key: kms.IKey | None = None
    vpc: ec2.IVpc | None = None
    subnets: Sequence[ec2.ISubnet] = ()
    security_groups: Sequence[ec2.ISecurityGroup] = field(default_factory=tuple)


class Function(Construct):
    """A function of `lambda_bridge.handler` with its role and its log group."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        handler: str,
        shared: Surroundings,
        statements: Sequence[iam.PolicyStatement],
        *,
        seconds: int,
        alone: bool = False,
    ) -> None:
        super().__init__(scope, name)
        self.log_group = log_group(self, f"/aws/lambda/{name}", shared.key)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        role.add_to_policy(allow("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn]))
        if shared.vpc is not None:
            role.add_to_policy(allow(*NETWORK, on=["*"]))
        for statement in statements:
            role.add_to_policy(statement)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.X86_64,
            handler=f"lambda_bridge.handler.{handler}",
            code=shared.code,
            role=role.without_policy_updates(),
            environment=dict(shared.environment),
            environment_encryption=shared.key,
            timeout=Duration.seconds(seconds),
            memory_size=MEMORY_MB,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=1 if alone else None,
            vpc=shared.vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=list(shared.subnets)) if shared.vpc else None,
            security_groups=list(shared.security_groups) if shared.vpc else None,
        )
        role.add_to_policy(allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on=["*"]))


def log_group(scope: Construct, name: str, key: kms.IKey | None) -> logs.LogGroup:
    """A log group that is kept 90 days, and longer than the stack."""
    return logs.LogGroup(
        scope,
        "Logs",
        log_group_name=name,
        retention=logs.RetentionDays.THREE_MONTHS,
        encryption_key=key,
        removal_policy=RemovalPolicy.RETAIN,
    )
