"""What a deployment may choose, and the names that do not change."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mlops"
STATE_MACHINE = "MLOpsPipeline"
"""With this name its log group is `/aws/states/MLOpsPipeline`."""
WEBHOOK_FUNCTION = "IssueDetectorAgent"
"""Its log group is `/aws/lambda/IssueDetectorAgent`."""
DASHBOARD = "MLOps-Pipeline-Dashboard"
GITHUB_SECRET, SLACK_SECRET, WEBHOOK_SECRET = "github-token", "slack-webhook-url", "github-webhook-secret"  # noqa: S105
NAMESPACE = "MLOps"
"""Of the bridge's own metrics, as in `lambda_bridge.handler`."""
LOG_DAYS = 90
SWEEP_MINUTES = 5


@dataclass(frozen=True)
class Options:
    """What is decided when the template is made, since it changes which resources there are.

    Parameters
    ----------
    kms : one customer managed key for bucket, table, topic, queues, secrets and logs, in the place of AWS's own
    vpc_id, subnet_ids, security_group_ids : where functions and jobs run; empty: outside of a VPC
    permissions_boundary : ARN of a managed policy that bounds every role
    existing_secrets : names of secrets that are there already; the others are made, empty
    source_connection : ARN of a CodeConnections connection to the repository; None: the checkout as an S3 asset
    """

    kms: bool = False
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    permissions_boundary: str | None = None
    existing_secrets: tuple[str, ...] = ()
    source_connection: str | None = None

FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
}
"""Feature flags of the CDK, as new projects have them."""
