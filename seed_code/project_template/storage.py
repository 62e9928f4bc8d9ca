"""What is kept: the bucket, the run table, the image repository, and the topic that tells people.

All of it stays when the stack is deleted.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_bridge.aws_records import BY_GROUP, BY_STATE

KEPT_DAYS = {"logs/": 90, "evaluations/": 365}
"""Of objects below a prefix. What lies below `models/` and `datasets/` goes by nobody's clock."""
OLD_VERSIONS_DAYS = 90


class Storage(Construct):
    """`bucket`, `table`, `images`, `topic`. `key` encrypts all of it; None: AWS's own keys do."""

    def __init__(self, scope: Construct, key: kms.IKey | None) -> None:
        super().__init__(scope, "Storage")
        logs = _bucket(self, "AccessLogs", None, lifecycle_rules=[_expiring("", 90)])
        self.bucket = _bucket(
            self,
            "Bucket",
            key,
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="bucket/",
            lifecycle_rules=[_expiring(prefix, days) for prefix, days in KEPT_DAYS.items()],
        )
        self.table = _table(self, key)
        self.images = _images(self, key)
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True, display_name="MLOps pipeline")


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
        removal_policy=RemovalPolicy.RETAIN,
        **more,
    )


def _expiring(prefix: str, days: int) -> s3.LifecycleRule:
    """Objects below a prefix go after some days, and their older versions too."""
    return s3.LifecycleRule(
        id=f"expire-{prefix.strip('/') or 'all'}",
        prefix=prefix or None,
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS),
        abort_incomplete_multipart_upload_after=Duration.days(7),
    )


def _table(scope: Construct, key: kms.IKey | None) -> dynamodb.TableV2:
    """See `lambda_bridge.aws_records` and `aws_ledger`."""
    text = dynamodb.AttributeType.STRING
    indexes = [(BY_GROUP, "group"), (BY_STATE, "state")]
    return dynamodb.TableV2(
        scope,
        "Runs",
        partition_key=dynamodb.Attribute(name="id", type=text),
        time_to_live_attribute="expires",
        global_secondary_indexes=[
            dynamodb.GlobalSecondaryIndexPropsV2(
                index_name=name,
                partition_key=dynamodb.Attribute(name=attribute, type=text),
                sort_key=dynamodb.Attribute(name="updated", type=text),
            )
            for name, attribute in indexes
        ],
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(key) if key else None,
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )


def _images(scope: Construct, key: kms.IKey | None) -> ecr.Repository:
    return ecr.Repository(
        scope,
        "Images",
        repository_name="mlops-pipeline",
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        encryption=ecr.RepositoryEncryption.KMS if key else ecr.RepositoryEncryption.AES_256,
        encryption_key=key,
        lifecycle_rules=[ecr.LifecycleRule(max_image_count=50, description="the newest 50 images")],
        removal_policy=RemovalPolicy.RETAIN,
    )
