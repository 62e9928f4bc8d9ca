"""The four Lambda functions: one package, one role each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from seed_code.project_template.access import allow

MEMORY_MB = 512
FOUR_HOURS, QUARTER = 4 * 3600, 900
"""Seconds that an event waits while Lambda has no room; the second: three sweeps are enough."""
NETWORK = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What a function in a VPC needs; Lambda asks for all of them without a resource ("Required IAM permissions")."""

TELLING = ("codebuild", "events", "sagemaker", "states")
"""Services that say for which account they take a role."""


@dataclass(frozen=True)
class Network:
    """Where functions and builds run, in the place of Lambda's own network."""

    vpc: ec2.IVpc
    subnets: Sequence[ec2.ISubnet]
    groups: Sequence[ec2.ISecurityGroup]


@dataclass(frozen=True)
class Surroundings:
    """What all functions share. `undelivered` takes the events that a function could not handle."""

    code: lambda_.Code
    python: str
    environment: Mapping[str, str]
    undelivered: sqs.IQueue
    key: kms.IKey | None = None
    network: Network | None = None


@dataclass(frozen=True)
class Pace:
    """How long a call may take, how many may run at once, and what becomes of an event that could not be handled."""

    seconds: int
    at_once: int | None = None
    retries: int | None = None
    """Of an event; None: the function is never handed events."""
    patience: int = FOUR_HOURS


class Function(Construct):
    """A function of `lambda_bridge.handler` with its role and its log group."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        handler: str,
        shared: Surroundings,
        pace: Pace,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, name)
        self.log_group = log_group(self, f"/aws/lambda/{name}", shared.key)
        self.role = self._role(statements, shared, pace)
        network = shared.network
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=lambda_.Runtime(f"python{shared.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.X86_64,
            handler=f"lambda_bridge.handler.{handler}",
            code=shared.code,
            role=self.role.without_policy_updates(),
            environment=dict(shared.environment),
            environment_encryption=shared.key,
            timeout=Duration.seconds(pace.seconds),
            memory_size=MEMORY_MB,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=pace.at_once,
            vpc=network.vpc if network else None,
            vpc_subnets=ec2.SubnetSelection(subnets=list(network.subnets)) if network else None,
            security_groups=list(network.groups) if network else None,
        )
        without_needless_order(self.function)
        if pace.retries is not None:
            self._keep_undelivered(shared.undelivered, pace)

    def _role(self, statements: Sequence[iam.PolicyStatement], shared: Surroundings, pace: Pace) -> iam.Role:
        own = [
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=[f"{self.log_group.log_group_arn}"]),
            allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on=["*"]),
            *([allow(*NETWORK, on=["*"])] if shared.network else []),
            *([allow("sqs:SendMessage", on=[shared.undelivered.queue_arn])] if pace.retries is not None else []),
        ]
        return service_role(self, "lambda", [*own, *statements])

    def _keep_undelivered(self, queue: sqs.IQueue, pace: Pace) -> None:
        """An event that failed again and again goes to the queue, with the error."""
        lambda_.CfnEventInvokeConfig(
            self,
            "Events",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=pace.retries,
            maximum_event_age_in_seconds=pace.patience,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
            ),
        )


def service_role(scope: Construct, service: str, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
    """A role for one service, with its policy inside: what takes the role never runs before it may do its work."""
    return iam.Role(
        scope,
        "Role",
        assumed_by=trusted(service),
        inline_policies={"own": iam.PolicyDocument(statements=list(statements), minimize=True)},
    )


def trusted(service: str) -> iam.IPrincipal:
    """A service that may take a role, on behalf of this account alone where the service says for whom it acts.

    CodeBuild, EventBridge, SageMaker and Step Functions do ("Cross-service confused deputy prevention" in the guide of
    each); of Lambda it is not documented, and functions of another account cannot name a role of this one.
    """
    principal = iam.ServicePrincipal(f"{service}.amazonaws.com")
    if service not in TELLING:
        return principal
    return principal.with_conditions({"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}})


def without_needless_order(construct: Construct) -> None:
    """The CDK writes a DependsOn for a role that the resource refers to anyway."""
    resource = construct.node.default_child
    resource.add_deletion_override("DependsOn")  # type: ignore[union-attr]


def log_group(scope: Construct, name: str, key: kms.IKey | None) -> logs.LogGroup:
    """A log group that is kept 90 days. It goes with the stack, whose next deployment makes it anew by this name."""
    return logs.LogGroup(
        scope,
        "Logs",
        log_group_name=name,
        retention=logs.RetentionDays.THREE_MONTHS,
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )
