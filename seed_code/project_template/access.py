"""Who may do what: every policy statement of the deployment, written out. No wildcard actions.

Two kinds of `*` are left as resources: of actions that have none to name, and the ends of names that are made later
(executions, jobs, versions, objects below a prefix).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from lambda_bridge.aws_records import BY_GROUP, BY_STATE
from seed_code.project_template.names import Names
from seed_code.project_template.options import GITHUB_SECRET, PROJECT, SLACK_SECRET, TASK, WEBHOOK_SECRET

Conditions = Mapping[str, Mapping[str, object]]
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
READ = ("datasets/*", "models/*", "evaluations/*")
"""What jobs read."""
WRITTEN = ("datasets/*/processed/*", "models/*", "evaluations/*", "logs/*")
"""What jobs write; `*` reaches over slashes, so that `datasets/*/raw/*` is denied besides."""
CROOKED = ("../*", "*/../*", "*/..", "./*", "*/./*")
"""Keys that S3 takes as they are, and that some clients shorten to others ("Naming Amazon S3 objects")."""


def allow(*actions: str, on: Sequence[str], conditions: Conditions | None = None) -> iam.PolicyStatement:
    """One statement that allows."""
    return iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=conditions)


def deny(*actions: str, on: Sequence[str]) -> iam.PolicyStatement:
    """One statement that denies, whatever others allow."""
    return iam.PolicyStatement(effect=iam.Effect.DENY, actions=list(actions), resources=list(on))


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

    def records(self, *indexes: str) -> list[iam.PolicyStatement]:
        """Reading run records and writing them, which the bridge does under a condition."""
        return [
            allow("dynamodb:GetItem", "dynamodb:PutItem", on=[self.table]),
            allow("dynamodb:Query", on=[f"{self.table}/index/{name}" for name in indexes]),
        ]

    def objects(self, *patterns: str) -> list[str]:
        """Objects of the bucket."""
        return [f"{self.bucket}/{pattern}" for pattern in patterns]

    def decryption(self) -> list[iam.PolicyStatement]:
        """Using the key, where there is one."""
        return [allow("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", on=[self.key])] if self.key else []


def webhook(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Starts and answers this one workflow, hands commands to the task function, reads its secrets, keeps records.

    No S3, no SageMaker, no role to pass.
    """
    return [
        allow("states:StartExecution", on=[names.state_machine]),
        *answering(names),
        handing_over(names),
        kept.secret(GITHUB_SECRET, WEBHOOK_SECRET),
        *kept.records(BY_GROUP),
        *kept.decryption(),
    ]


def task(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Starts, watches and stops the pipelines, reads what they wrote, tells people."""
    return [
        *answering(names),
        *watching(names),
        allow("sagemaker:StartPipelineExecution", on=names.pipelines),
        allow("sagemaker:StopPipelineExecution", on=names.executions),
        *trials(names),
        allow(
            "sagemaker:AddTags",
            "sagemaker:CreateModelPackageGroup",
            "sagemaker:DescribeModelPackageGroup",
            on=names.groups,
        ),
        *approved(names),
        allow("sagemaker:UpdateModelPackage", on=names.packages),
        *reading(kept),
        *telling(kept),
        *kept.records(BY_GROUP, BY_STATE),
        *kept.decryption(),
    ]


def pipeline_event(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Looks at an execution, shows it on the issue, completes the wait for it."""
    return [
        allow("states:SendTaskSuccess", on=[names.state_machine]),
        handing_over(names),
        looking(names),
        kept.secret(GITHUB_SECRET),
        *kept.records(BY_STATE),
        *kept.decryption(),
    ]


def sweep(names: Names, kept: Kept) -> list[iam.PolicyStatement]:
    """Does what webhook, events and tasks did not come to do; starts no pipeline."""
    return [
        allow("states:StartExecution", on=[names.state_machine]),
        allow("states:DescribeExecution", on=[names.workflow_executions]),
        handing_over(names),
        *answering(names),
        *watching(names),
        allow("sagemaker:StopPipelineExecution", on=names.executions),
        *approved(names),
        *reading(kept),
        *telling(kept),
        *kept.records(BY_GROUP, BY_STATE),
        *kept.decryption(),
    ]


def answering(names: Names) -> list[iam.PolicyStatement]:
    """Completing and failing the waits of the workflow."""
    return [allow("states:SendTaskSuccess", "states:SendTaskFailure", on=[names.state_machine])]


def handing_over(names: Names) -> iam.PolicyStatement:
    """Calling the task function, which alone approves and rejects versions."""
    return allow("lambda:InvokeFunction", on=[names.function(TASK)])


def watching(names: Names) -> list[iam.PolicyStatement]:
    """Finding executions of the pipelines, and reading them."""
    return [allow("sagemaker:ListPipelineExecutions", on=names.pipelines), looking(names)]


def looking(names: Names) -> iam.PolicyStatement:
    """Reading an execution that is known."""
    return allow("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps", on=names.executions)


def trials(names: Names) -> list[iam.PolicyStatement]:
    """What a search tried."""
    jobs = names.arn("sagemaker", "hyper-parameter-tuning-job/*")
    return [allow("sagemaker:ListTrainingJobsForHyperParameterTuningJob", on=[jobs])]


def approved(names: Names) -> list[iam.PolicyStatement]:
    """Finding the approved version of a group. Lists name no single version, so that all of the account are meant."""
    listed = [names.arn("sagemaker", kind) for kind in ("model-package/*", "model-package-group/*")]
    return [
        allow("sagemaker:ListModelPackages", on=listed),
        allow("sagemaker:DescribeModelPackage", on=names.packages),
    ]


def reading(kept: Kept) -> list[iam.PolicyStatement]:
    """Names in the bucket, metadata of datasets, and what Evaluate wrote.

    The right to list is what makes S3 answer 404, not 403, for an object that is not there; such a request has no
    prefix, hence `IfExists` (GetObject, "Permissions").
    """
    listed = {"StringLikeIfExists": {"s3:prefix": ["datasets/*", "evaluations/*"]}}
    return [
        allow("s3:ListBucket", on=[kept.bucket], conditions=listed),
        allow("s3:GetObject", on=kept.objects("datasets/*/raw/metadata.json", "evaluations/*")),
        deny("s3:GetObject", on=kept.objects(*CROOKED)),
    ]


def telling(kept: Kept) -> list[iam.PolicyStatement]:
    """The issue, Slack and e-mail."""
    return [kept.secret(GITHUB_SECRET, SLACK_SECRET), allow("sns:Publish", on=[kept.topic])]


def pipeline_role(names: Names, kept: Kept, role: str) -> list[iam.PolicyStatement]:
    """The role of the pipelines and their jobs: reads datasets and models, writes below its own prefixes only."""
    prefixes = {"StringLike": {"s3:prefix": [*READ, "logs/*"]}}
    return [
        allow("s3:ListBucket", on=[kept.bucket], conditions=prefixes),
        allow("s3:GetBucketLocation", on=[kept.bucket]),
        allow("s3:GetObject", on=kept.objects(*READ)),
        allow("s3:PutObject", on=kept.objects(*WRITTEN)),
        deny("s3:PutObject", on=kept.objects("datasets/*/raw/*")),
        deny("s3:GetObject", "s3:PutObject", on=kept.objects(*CROOKED)),
        *_jobs(names, "Processing"),
        *_jobs(names, "Training"),
        *_searches(names),
        allow(
            "sagemaker:AddTags",
            "sagemaker:CreateModelPackage",
            "sagemaker:DescribeModelPackage",
            on=[*names.packages, *names.groups],
        ),
        allow("sagemaker:DescribeModelPackageGroup", on=names.groups),
        allow("iam:PassRole", on=[role], conditions=TO_SAGEMAKER),
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
        *_volumes(kept),
    ]


def _jobs(names: Names, kind: str) -> list[iam.PolicyStatement]:
    actions = [f"sagemaker:{verb}{kind}Job" for verb in ("Create", "Describe", "Stop")]
    return [allow(*actions, "sagemaker:AddTags", on=[names.jobs(f"{kind.lower()}-job")])]


def _searches(names: Names) -> list[iam.PolicyStatement]:
    """Tuning jobs: their names are not documented, so that the tag of the project says which are ours."""
    jobs = [names.arn("sagemaker", "hyper-parameter-tuning-job/*")]
    asked, there = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    return [
        allow("sagemaker:CreateHyperParameterTuningJob", "sagemaker:AddTags", on=jobs, conditions=asked),
        allow(
            "sagemaker:DescribeHyperParameterTuningJob",
            "sagemaker:StopHyperParameterTuningJob",
            on=jobs,
            conditions=there,
        ),
    ]


def _volumes(kept: Kept) -> list[iam.PolicyStatement]:
    """The jobs' volumes are encrypted through a grant that SageMaker asks for in the role's name."""
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [allow("kms:CreateGrant", on=[kept.key], conditions=for_aws)] if kept.key else []


def build(names: Names, kept: Kept, role: str) -> list[iam.PolicyStatement]:
    """CodeBuild: pushes the image, upserts the pipelines, puts the empty model."""
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
            "sagemaker:AddTags",
            "sagemaker:CreatePipeline",
            "sagemaker:DescribePipeline",
            "sagemaker:ListTags",
            "sagemaker:UpdatePipeline",
            on=names.pipelines,
        ),
        allow("iam:PassRole", on=[role], conditions=TO_SAGEMAKER),
        allow("s3:PutObject", on=kept.objects("models/none/empty")),
        *kept.decryption(),
    ]
