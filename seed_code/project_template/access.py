"""Who may do what: every policy statement of the deployment, written out. No wildcard actions.

Names that are fixed are used in the place of references, so that no two resources need each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from pipelines.definitions import LEARNING_TYPES, pipeline_name
from seed_code.project_template.options import STATE_MACHINE

Conditions = Mapping[str, Mapping[str, object]]


def allow(*actions: str, on: Sequence[str], conditions: Conditions | None = None) -> iam.PolicyStatement:
    """One statement that allows."""
    return iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=conditions)


class Names:
    """ARNs of what has a fixed name."""

    def __init__(self, scope: Construct) -> None:
        self._stack = Stack.of(scope)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"

    @property
    def state_machine(self) -> str:
        """The workflow."""
        return self.arn("states", f"stateMachine:{STATE_MACHINE}")

    @property
    def workflow_executions(self) -> str:
        """All executions of the workflow."""
        return self.arn("states", f"execution:{STATE_MACHINE}:*")

    def function(self, name: str) -> str:
        """A Lambda function."""
        return self.arn("lambda", f"function:{name}")

    @property
    def pipelines(self) -> list[str]:
        """The three pipelines."""
        return [self.arn("sagemaker", f"pipeline/{pipeline_name(name)}") for name in LEARNING_TYPES]

    @property
    def executions(self) -> list[str]:
        """Executions of the three pipelines."""
        return [f"{arn}/execution/*" for arn in self.pipelines]

    @property
    def groups(self) -> list[str]:
        """Model package groups: made on demand, `<learning type>-<algorithm>-<dataset>`."""
        return [self.arn("sagemaker", f"model-package-group/{name}-*") for name in LEARNING_TYPES]

    @property
    def packages(self) -> list[str]:
        """Versions in those groups."""
        return [self.arn("sagemaker", f"model-package/{name}-*") for name in LEARNING_TYPES]

    def jobs(self, kind: str) -> str:
        """Jobs of the pipelines, which SageMaker names `pipelines-<execution>-<step>-<suffix>`."""
        return self.arn("sagemaker", f"{kind}/pipelines-*")


@dataclass(frozen=True)
class Kept:
    """ARNs of what is stored, and of the key that encrypts it."""

    bucket: str
    table: str
    topic: str
    images: str
    secrets: Mapping[str, str]
    key: str | None = None

    def secret(self, *names: str) -> iam.PolicyStatement:
        """Reading secrets."""
        return allow("secretsmanager:GetSecretValue", on=[self.secrets[name] for name in names])

    def records(self) -> list[iam.PolicyStatement]:
        """Reading run records, and writing them under a condition."""
        return [
            allow("dynamodb:GetItem", "dynamodb:PutItem", on=[self.table]),
            allow("dynamodb:Query", on=[f"{self.table}/index/by-group", f"{self.table}/index/by-state"]),
        ]

    def objects(self, *patterns: str) -> list[str]:
        """Objects of the bucket."""
        return [f"{self.bucket}/{pattern}" for pattern in patterns]

    def decryption(self) -> list[iam.PolicyStatement]:
        """Using the key, where there is one."""
        return [allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.key])] if self.key else []


def webhook(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Starts and answers this one workflow, reads its secrets, reads and writes run records. No S3, no SageMaker."""
    return [
        allow("states:StartExecution", on=[names.state_machine]),
        allow("states:SendTaskSuccess", "states:SendTaskFailure", on=[names.state_machine]),
        kept.secret("github-token", "github-webhook-secret"),
        *kept.records(),
        *kept.decryption(),
    ]


def task(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Starts, watches and stops the three pipelines, reads what they wrote, tells people."""
    return [
        *answering(names),
        *watching(names),
        allow("sagemaker:StartPipelineExecution", on=names.pipelines),
        allow("sagemaker:StopPipelineExecution", on=names.executions),
        allow("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup", on=names.groups),
        *approved(names),
        *reading(kept),
        *telling(kept),
        *kept.records(),
        *kept.decryption(),
    ]


def pipeline_event(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Looks at an execution, shows it on the issue, completes the wait for it."""
    return [
        *answering(names),
        *watching(names),
        kept.secret("github-token"),
        *kept.records(),
        *kept.decryption(),
    ]


def sweep(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Does what webhook, events and tasks did not come to do; starts no pipeline."""
    return [
        allow("states:StartExecution", on=[names.state_machine]),
        allow("states:DescribeExecution", on=[names.workflow_executions]),
        *answering(names),
        *watching(names),
        allow("sagemaker:StopPipelineExecution", on=names.executions),
        *approved(names),
        *reading(kept),
        *telling(kept),
        *kept.records(),
        *kept.decryption(),
    ]


def answering(names: Names) -> list[iam.PolicyStatement]:
    """Completing and failing the waits of the workflow."""
    return [allow("states:SendTaskSuccess", "states:SendTaskFailure", on=[names.state_machine])]


def watching(names: Names) -> list[iam.PolicyStatement]:
    """Reading executions of the pipelines."""
    return [
        allow("sagemaker:ListPipelineExecutions", on=names.pipelines),
        allow("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps", on=names.executions),
    ]


def approved(names: Names) -> list[iam.PolicyStatement]:
    """Finding the approved version of a group."""
    return [
        allow("sagemaker:ListModelPackages", on=[*names.groups, *names.packages]),
        allow("sagemaker:DescribeModelPackage", on=names.packages),
    ]


def reading(kept: Kept) -> list[iam.PolicyStatement]:
    """Metadata of datasets, and what Evaluate wrote."""
    listed = {"StringLike": {"s3:prefix": ["datasets/*", "evaluations/*"]}}
    return [
        allow("s3:ListBucket", on=[kept.bucket], conditions=listed),
        allow("s3:GetObject", on=kept.objects("datasets/*/raw/metadata.json", "evaluations/*")),
    ]


def telling(kept: Kept) -> list[iam.PolicyStatement]:
    """The issue, Slack and e-mail."""
    return [kept.secret("github-token", "slack-webhook-url"), allow("sns:Publish", on=[kept.topic])]


def pipeline_role(names: Names, kept: Kept, role: str) -> list[iam.PolicyStatement]:
    """The role of the pipelines and their jobs: reads datasets and models, writes below its own prefixes only."""
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    prefixes = {"StringLike": {"s3:prefix": ["datasets/*", "models/*", "evaluations/*", "logs/*"]}}
    return [
        allow("s3:ListBucket", on=[kept.bucket], conditions=prefixes),
        allow("s3:GetBucketLocation", on=[kept.bucket]),
        allow("s3:GetObject", on=kept.objects("datasets/*", "models/*", "evaluations/*")),
        allow("s3:PutObject", on=kept.objects("datasets/*/processed/*", "models/*", "evaluations/*", "logs/*")),
        allow(
            "sagemaker:CreateProcessingJob",
            "sagemaker:DescribeProcessingJob",
            "sagemaker:StopProcessingJob",
            "sagemaker:AddTags",
            on=[names.jobs("processing-job")],
        ),
        allow(
            "sagemaker:CreateTrainingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:StopTrainingJob",
            "sagemaker:AddTags",
            on=[names.jobs("training-job")],
        ),
        allow(
            "sagemaker:CreateModelPackage",
            "sagemaker:DescribeModelPackage",
            "sagemaker:AddTags",
            on=[*names.packages, *names.groups],
        ),
        allow("sagemaker:DescribeModelPackageGroup", on=names.groups),
        allow("iam:PassRole", on=[role], conditions=to_sagemaker),
        allow("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability", on=[kept.images]),
        allow("ecr:GetAuthorizationToken", on=["*"]),
        allow(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            on=[names.arn("logs", "log-group:/aws/sagemaker/*")],
        ),
        allow(
            "cloudwatch:PutMetricData",
            on=["*"],
            conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "aws/sagemaker/*"]}},
        ),
        *kept.decryption(),
    ]


def build(names: Names, kept: Kept, role: str) -> list[iam.PolicyStatement]:
    """CodeBuild: pushes the image, upserts the three pipelines, puts the empty model."""
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return [
        allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
            on=[kept.images],
        ),
        allow("ecr:GetAuthorizationToken", on=["*"]),
        allow(
            "sagemaker:CreatePipeline",
            "sagemaker:UpdatePipeline",
            "sagemaker:DescribePipeline",
            "sagemaker:AddTags",
            "sagemaker:ListTags",
            on=names.pipelines,
        ),
        allow("iam:PassRole", on=[role], conditions=to_sagemaker),
        allow("s3:GetObject", "s3:PutObject", on=kept.objects("models/none/*")),
        allow("s3:ListBucket", on=[kept.bucket], conditions={"StringLike": {"s3:prefix": ["models/none/*"]}}),
        *kept.decryption(),
    ]
