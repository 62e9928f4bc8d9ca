"""The CodeBuild project, which owns the image and the pipelines, and what starts its builds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from seed_code.project_template.access import Conditions, allow
from seed_code.project_template.functions import Network, log_group, service_role
from seed_code.project_template.names import Names
from seed_code.project_template.options import PROJECT, Options
from seed_code.project_template.sources import Archive, object_arn

IMAGE = "aws/codebuild/standard:7.0"
"""Has Python 3.11 and Docker ("Docker images provided by CodeBuild")."""
MINUTES, WAITING_MINUTES = 120, 480
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
"""What a build in a VPC needs ("Allow CodeBuild access to AWS services required to create a VPC network interface")."""
Source = codebuild.CfnProject.SourceProperty


class Build(Construct):
    """The project `mlops-pipeline` on buildspec.yml. `environment` is what the buildspec finds set."""

    def __init__(
        self,
        scope: Construct,
        names: Names,
        options: Options,
        statements: Sequence[iam.PolicyStatement],
        environment: dict[str, str],
        archive: Archive | None,
        network: Network | None,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Build")
        self.log_group = log_group(self, f"/aws/codebuild/{PROJECT}", key)
        own = [
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn]),
            *_reading_source(self, options, archive),
            *_joining(names, network),
        ]
        self.role = service_role(self, "codebuild", [*own, *statements])
        self.project = codebuild.CfnProject(
            self,
            "Project",
            name=PROJECT,
            description="Checks and tests, the image, the pipelines",
            service_role=self.role.role_arn,
            source=_source(options, archive),
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            environment=_machine(environment),
            encryption_key=key.key_arn if key else None,
            concurrent_build_limit=1,
            timeout_in_minutes=MINUTES,
            queued_timeout_in_minutes=WAITING_MINUTES,
            logs_config=_logs(self.log_group.log_group_name),
            triggers=_pushes() if options.source_connection else None,
            vpc_config=_place(network),
        )

    def start_with(self, names: Names, undelivered: sqs.IQueue) -> None:
        """The build starts when the deployment is complete, and again when an update is.

        The rule names the project by its fixed name, so that it is made early and listens well before the end.
        """
        states = {"status": ["CREATE_COMPLETE", "UPDATE_COMPLETE"]}
        done = {"stack-id": [Stack.of(self).stack_id], "status-details": states}
        starter = Construct(self, "Starter")
        role = service_role(starter, "events", [allow("codebuild:StartBuild", on=[names.build])])
        project = codebuild.Project.from_project_name(starter, "Project", PROJECT)
        events.Rule(
            starter,
            "Deployed",
            event_pattern=events.EventPattern(
                source=["aws.cloudformation"], detail_type=["CloudFormation Stack Status Change"], detail=done
            ),
            targets=[
                targets.CodeBuildProject(
                    project,
                    event_role=role.without_policy_updates(),
                    dead_letter_queue=undelivered,
                    max_event_age=Duration.hours(3),
                )
            ],
        )


def settings(options: Options, key: kms.IKey | None) -> str:
    """More settings of the pipelines (`pipelines.settings.Settings`), as `mlops upsert --kwargs` takes them."""
    return json.dumps({**json.loads(options.pipeline_settings), **({"kms_key_id": key.key_arn} if key else {})})


def _machine(environment: dict[str, str]) -> codebuild.CfnProject.EnvironmentProperty:
    variables = [
        codebuild.CfnProject.EnvironmentVariableProperty(name=name, value=value) for name, value in environment.items()
    ]
    return codebuild.CfnProject.EnvironmentProperty(
        type="LINUX_CONTAINER",
        compute_type="BUILD_GENERAL1_LARGE",
        image=IMAGE,
        privileged_mode=True,
        environment_variables=variables,
    )


def _logs(group: str) -> codebuild.CfnProject.LogsConfigProperty:
    cloudwatch = codebuild.CfnProject.CloudWatchLogsConfigProperty(status="ENABLED", group_name=group)
    return codebuild.CfnProject.LogsConfigProperty(cloud_watch_logs=cloudwatch)


def _source(options: Options, archive: Archive | None) -> Source:
    if archive is not None:
        return Source(type="S3", location=f"{archive.bucket}/{archive.key}", build_spec="buildspec.yml")
    signed_in = codebuild.CfnProject.SourceAuthProperty(type="CODECONNECTIONS", resource=options.source_connection)
    return Source(
        type="GITHUB", location=f"{options.source_repository}.git", auth=signed_in, build_spec="buildspec.yml"
    )


def _pushes() -> codebuild.CfnProject.ProjectTriggersProperty:
    """Each push to the main branch is built."""
    filters = {"EVENT": "PUSH", "HEAD_REF": "^refs/heads/main$"}
    group = [codebuild.CfnProject.WebhookFilterProperty(type=kind, pattern=text) for kind, text in filters.items()]
    return codebuild.CfnProject.ProjectTriggersProperty(webhook=True, filter_groups=[group])


def _reading_source(scope: Construct, options: Options, archive: Archive | None) -> list[iam.PolicyStatement]:
    if archive is not None:
        return [allow("s3:GetObject", "s3:GetObjectVersion", on=[object_arn(scope, archive)])]
    connection = str(options.source_connection)
    service = connection.split(":")[2]
    verbs = ("GetConnection", "GetConnectionToken", "UseConnection")
    return [allow(*(f"{service}:{verb}" for verb in verbs), on=[connection])]


def _joining(names: Names, network: Network | None) -> list[iam.PolicyStatement]:
    if network is None:
        return []
    subnets = [names.arn("ec2", f"subnet/{subnet.subnet_id}") for subnet in network.subnets]
    ours: Conditions = {
        "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
        "ArnEquals": {"ec2:Subnet": subnets},
    }
    interfaces = names.arn("ec2", "network-interface/*")
    return [
        allow(*NETWORK, on=["*"]),
        allow("ec2:CreateNetworkInterfacePermission", on=[interfaces], conditions=ours),
    ]


def _place(network: Network | None) -> codebuild.CfnProject.VpcConfigProperty | None:
    if network is None:
        return None
    return codebuild.CfnProject.VpcConfigProperty(
        vpc_id=network.vpc.vpc_id,
        subnets=[subnet.subnet_id for subnet in network.subnets],
        security_group_ids=[group.security_group_id for group in network.groups],
    )
