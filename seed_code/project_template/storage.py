"""What is kept: the bucket, the run table, the image repository, and the topic that tells people.

All of it stays when the stack is deleted.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_bridge.aws_records import BY_GROUP, BY_STATE
from seed_code.project_template.names import Names
from seed_code.project_template.options import PROJECT
from seed_code.project_template.parameters import unless_existing

LOGS_DAYS = 90
OLD_VERSIONS_DAYS = 90
"""After which older versions of an evaluation go; the newest stays, since the registry refers to it."""


class Storage(Construct):
    """`bucket`, `table`, `images`, `topic`. `key` encrypts all of it; None: AWS's own keys do."""

    def __init__(self, scope: Construct, key: kms.IKey | None) -> None:
        super().__init__(scope, "Storage")
        self.logs = logs = _bucket(self, "AccessLogs", None, lifecycle_rules=[_expiring(None)])
        self.bucket = _bucket(
            self,
            "Bucket",
            key,
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="bucket/",
            lifecycle_rules=[_expiring("logs/"), _tidied("evaluations/")],
        )
        self.table = _table(self, key)
        self.images = _images(self, key)
        self.topic = _topic(self, key)


def _bucket(scope: Construct, name: str, key: kms.IKey | None, **more: Any) -> s3.Bucket:
    return s3.Bucket(
        scope,
        name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=True if key else None,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        **more,
    )


def _expiring(prefix: str | None) -> s3.LifecycleRule:
    """Objects go after some days. What lies below `models/` and `datasets/` goes by nobody's clock."""
    return s3.LifecycleRule(
        id="expire",
        prefix=prefix,
        expiration=Duration.days(LOGS_DAYS),
        noncurrent_version_expiration=Duration.days(1) if prefix else None,
        abort_incomplete_multipart_upload_after=Duration.days(7),
    )


def _tidied(prefix: str) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="tidy",
        prefix=prefix,
        noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS),
        abort_incomplete_multipart_upload_after=Duration.days(7),
    )


def _table(scope: Construct, key: kms.IKey | None) -> dynamodb.Table:
    """See `lambda_bridge.aws_records` and `aws_ledger`."""
    table = dynamodb.Table(
        scope,
        "Runs",
        partition_key=_text("id"),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        time_to_live_attribute="expires",
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else dynamodb.TableEncryption.AWS_MANAGED,
        encryption_key=key,
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,  # a creation that fails could not delete it, and would not roll back
    )
    for index, attribute in ((BY_GROUP, "group"), (BY_STATE, "state")):
        table.add_global_secondary_index(index_name=index, partition_key=_text(attribute), sort_key=_text("updated"))
    return table


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _images(scope: Construct, key: kms.IKey | None) -> ecr.IRepository:
    """The repository by its name, and the resource where it has to be made.

    A tag says what went into its image (.ci/image), so that none is ever moved.

    No image goes by itself: registered models are served by the one that they were trained with.
    """
    made = ecr.Repository(
        scope,
        "MadeImages",
        repository_name=PROJECT,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        encryption=ecr.RepositoryEncryption.KMS if key else ecr.RepositoryEncryption.AES_256,
        encryption_key=key,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    resource = made.node.default_child
    assert isinstance(resource, ecr.CfnRepository)  # noqa: S101 (what a repository is made of)
    resource.cfn_options.condition = unless_existing(scope, "ImageRepository", f"The ECR repository `{PROJECT}`")
    return ecr.Repository.from_repository_name(scope, "Images", PROJECT)


def _topic(scope: Construct, key: kms.IKey | None) -> sns.Topic:
    """The bridge's notices and the alarms go there."""
    topic = sns.Topic(scope, "Topic", master_key=key, enforce_ssl=True, display_name="MLOps pipeline")
    names = Names(scope)
    ours = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", "alarm:mlops-*")},
    }
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions=ours,
        )
    )
    return topic
