"""The launch role: what Service Catalog, or a project of SageMaker made from a template on S3, deploys with.

It may make what the template holds, by the names that this has. What the roles that it makes may do, a permissions
boundary alone limits: who deploys with it can do all that the boundary allows. Each action is one that CloudFormation's
own resource types name ("handlers" of their schemas) but for those in `BESIDES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aws_cdk import CfnOutput, CfnParameter, PermissionsBoundary, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from seed_code.project_template.access import allow
from seed_code.project_template.names import Names
from seed_code.project_template.options import (
    DASHBOARD,
    PIPELINE_EVENT,
    PROJECT,
    SECRETS,
    STATE_MACHINE,
    SWEEP,
    TASK,
    WEBHOOK,
    Options,
)

STACKS = "SC-*"
"""How Service Catalog names its stacks; the names that CloudFormation gives begin with them."""
PASSED_TO = ("codebuild", "events", "lambda", "states")
"""The services that the template hands roles to."""
TRUSTED = ("cloudformation", "servicecatalog")
TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
ACTIONS: Mapping[str, Sequence[str]] = {
    "apigateway": ("DELETE", "GET", "PATCH", "POST", "PUT", "TagResource", "UntagResource"),
    "cloudformation": (
        *("CreateStack", "DeleteStack", "DescribeStackEvents", "DescribeStacks"),
        *("SetStackPolicy", "UpdateStack"),
    ),
    "cloudwatch": (
        *("DeleteAlarms", "DeleteDashboards", "DescribeAlarms", "GetDashboard", "PutDashboard", "PutMetricAlarm"),
        *TAGS,
    ),
    "codebuild": (
        *("BatchGetProjects", "CreateProject", "CreateWebhook", "DeleteProject", "DeleteWebhook", "UpdateProject"),
        "UpdateWebhook",
    ),
    "dynamodb": (
        *("CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeContributorInsights"),
        *("DescribeKinesisStreamingDestination", "DescribeTable", "DescribeTimeToLive", "GetResourcePolicy"),
        *("ListTagsOfResource", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable"),
        "UpdateTimeToLive",
    ),
    "ecr": (
        *("CreateRepository", "DeleteRepository", "DescribeRepositories", "GetLifecyclePolicy", "GetRepositoryPolicy"),
        *("PutImageScanningConfiguration", "PutImageTagMutability", *TAGS),
    ),
    "events": (*("DeleteRule", "DescribeRule", "ListTargetsByRule", "PutRule", "PutTargets", "RemoveTargets", *TAGS),),
    "lambda": (
        *("AddPermission", "CreateFunction", "DeleteFunction", "DeleteFunctionConcurrency"),
        *("DeleteFunctionEventInvokeConfig", "GetCodeSigningConfig", "GetFunction", "GetFunctionCodeSigningConfig"),
        *("GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetFunctionRecursionConfig"),
        *("GetFunctionScalingConfig", "GetPolicy", "GetRuntimeManagementConfig", "PutFunctionConcurrency"),
        *("PutFunctionEventInvokeConfig", "RemovePermission", "TagResource", "UntagResource", "UpdateFunctionCode"),
        *("UpdateFunctionConfiguration", "UpdateFunctionEventInvokeConfig"),
    ),
    "logs": (
        *("AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "DeleteMetricFilter", "DeleteRetentionPolicy"),
        *("DescribeIndexPolicies", "DescribeMetricFilters", "DisassociateKmsKey", "GetDataProtectionPolicy"),
        *("PutMetricFilter", "PutRetentionPolicy", *TAGS),
    ),
    "s3": (
        *("CreateBucket", "DeleteBucket", "DeleteBucketPolicy", "GetAccelerateConfiguration"),
        *("GetAnalyticsConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLogging", "GetBucketNotification"),
        *("GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy"),
        *("GetBucketPublicAccessBlock", "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite"),
        *("GetEncryptionConfiguration", "GetIntelligentTieringConfiguration", "GetInventoryConfiguration"),
        *("GetLifecycleConfiguration", "GetMetricsConfiguration", "GetReplicationConfiguration", "ListBucket"),
        *("PutBucketLogging", "PutBucketOwnershipControls", "PutBucketPolicy", "PutBucketPublicAccessBlock"),
        *("PutBucketTagging", "PutBucketVersioning", "PutEncryptionConfiguration", "PutLifecycleConfiguration", *TAGS),
    ),
    "secretsmanager": (
        *("CreateSecret", "DeleteSecret", "DescribeSecret", "TagResource", "UntagResource", "UpdateSecret"),
    ),
    "sns": (
        *("CreateTopic", "DeleteTopic", "GetDataProtectionPolicy", "GetSubscriptionAttributes", "GetTopicAttributes"),
        *("ListSubscriptionsByTopic", "SetSubscriptionAttributes", "SetTopicAttributes", "Subscribe", "Unsubscribe"),
        *TAGS,
    ),
    "sqs": (
        *("CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListQueueTags", "SetQueueAttributes"),
        *("TagQueue", "UntagQueue"),
    ),
    "states": ("CreateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "UpdateStateMachine", *TAGS),
}
"""On resources of these names; see `_resources`."""
UNNAMED = (
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    *("logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:ListLogDeliveries"),
    *("logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
    *("secretsmanager:GetRandomPassword", "cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"),
)
"""They have no resource to name; GetTemplateSummary has none where it is asked about a template's address."""
COPIED = {"StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}}
"""Service Catalog reads the template from a copy of its own ("AWS Service Catalog launch constraints")."""
BESIDES = {
    "cloudformation": "Service Catalog makes the stack in the name of this role.",
    "codebuild": "CloudFormation's schema of projects names no actions.",
    "lambda:GetFunctionConfiguration": "CloudFormation waits with it until a function is ready.",
    "logs": "The access log of the API is a log delivery (API Gateway, Configure logging for HTTP APIs).",
    "s3:GetObjectVersion": "Lambda reads a package by its version where the bucket keeps versions.",
}
"""Services and actions that no schema names, and why the role needs them."""
READING_ROLES = ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
MAKING_ROLES = (*("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"),)
KEEPING_ROLES = (
    *("iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"),
    "iam:UpdateRoleDescription",
)
KEYS = (
    *("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:DisableKeyRotation", "kms:EnableKeyRotation"),
    *("kms:Encrypt", "kms:GenerateDataKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
    *("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource"),
    "kms:UpdateKeyDescription",
)
GROUPS = (
    *("ec2:AuthorizeSecurityGroupEgress", "ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:DeleteSecurityGroup"),
    *("ec2:DeleteTags", "ec2:RevokeSecurityGroupEgress"),
)
AREAS = (
    ("Storing", ("dynamodb", "ecr", "s3", "secretsmanager")),
    ("Running", ("apigateway", "codebuild", "events", "lambda", "states")),
    ("Watching", ("cloudformation", "cloudwatch", "logs", "sns", "sqs")),
)
"""A managed policy may have 6,144 characters, so that there are several."""


class LaunchRoleStack(Stack):
    """One role. The options are those of the template that it deploys."""

    def __init__(self, scope: Construct, name: str, options: Options, **more: Any) -> None:
        boundary = options.permissions_boundary
        bound = PermissionsBoundary.from_arn(boundary) if boundary else None
        description = "The role that deploys studio.template.json"
        super().__init__(scope, name, permissions_boundary=bound, description=description, **more)
        Tags.of(self).add("project", PROJECT)
        bucket = CfnParameter(
            self,
            "LambdaCodeBucket",
            description="The bucket of the template and of the two zip files",
            allowed_pattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        )
        names = Names(self)
        trusted = [iam.ServicePrincipal(f"{service}.amazonaws.com") for service in TRUSTED]
        self.role = iam.Role(self, "LaunchRole", assumed_by=iam.CompositePrincipal(*trusted))
        resources = _resources(names)
        self.policies = [
            iam.ManagedPolicy(
                self,
                area,
                roles=[self.role],
                statements=[allow(*_actions(service), on=resources[service]) for service in services],
            )
            for area, services in AREAS
        ]
        roles = [*_roles(names, options), *_optional(names, options)]
        objects = f"arn:{names.partition}:s3:::{bucket.value_as_string}/*"
        code = allow("s3:GetObject", "s3:GetObjectVersion", on=[objects])
        copied = allow("s3:GetObject", on=["*"], conditions=COPIED)
        statements = [code, copied, allow(*UNNAMED, on=["*"]), *roles]
        self.policies.append(iam.ManagedPolicy(self, "Granting", roles=[self.role], statements=statements))
        CfnOutput(self, "LaunchRoleArn", value=self.role.role_arn, description="Of the launch constraint")


def _actions(service: str) -> Iterator[str]:
    return (f"{service}:{action}" for action in ACTIONS[service])


def _resources(names: Names) -> dict[str, list[str]]:
    """Fixed names as they are; others begin with the stack's, in buckets' in small letters."""
    region = f"arn:{names.partition}:apigateway:{names.region}::"
    functions = [names.function(name) for name in (WEBHOOK, TASK, PIPELINE_EVENT, SWEEP)]
    own = [f"aws/lambda/{name}" for name in (WEBHOOK, TASK, PIPELINE_EVENT, SWEEP)]
    groups = (*own, f"aws/states/{STATE_MACHINE}", "aws/apigateway/mlops-*", f"aws/codebuild/{PROJECT}")
    return {
        "apigateway": [f"{region}/{kind}" for kind in ("apis", "apis/*", "tags/*")],
        "cloudformation": [names.arn("cloudformation", f"stack/{STACKS}")],
        "cloudwatch": [
            names.arn("cloudwatch", "alarm:mlops-*"),
            f"arn:{names.partition}:cloudwatch::{names.account}:dashboard/{DASHBOARD}",
        ],
        "codebuild": [names.build],
        "dynamodb": [names.arn("dynamodb", f"table/{STACKS}")],
        "ecr": [names.arn("ecr", f"repository/{PROJECT}")],
        "events": [names.arn("events", f"rule/{STACKS}")],
        "lambda": functions,
        "logs": [names.arn("logs", f"log-group:/{group}") for group in groups],
        "s3": [f"arn:{names.partition}:s3:::{STACKS.lower()}"],
        "secretsmanager": [names.arn("secretsmanager", f"secret:{name}-??????") for name in SECRETS],
        "sns": [names.arn("sns", STACKS)],
        "sqs": [names.arn("sqs", STACKS)],
        "states": [names.state_machine],
    }


def _roles(names: Names, options: Options) -> list[iam.PolicyStatement]:
    """Roles of the stack alone; where a boundary is wanted, none without it."""
    roles = [f"arn:{names.partition}:iam::{names.account}:role/{STACKS}"]
    passed = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in PASSED_TO]}}
    boundary = options.permissions_boundary
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}} if boundary else None
    return [
        allow(*READING_ROLES, *KEEPING_ROLES, on=roles),
        allow(*MAKING_ROLES, on=roles, conditions=bounded),
        allow("iam:PassRole", on=roles, conditions=passed),
    ]


def _optional(names: Names, options: Options) -> list[iam.PolicyStatement]:
    """Keys and security groups, where the template makes some."""
    ours = {"StringEquals": {"aws:ResourceTag/project": PROJECT}}
    found = []
    if options.kms:
        keys, aliases = names.arn("kms", "key/*"), names.arn("kms", "alias/*")
        found += [
            allow("kms:CreateKey", "kms:ListAliases", on=["*"]),
            allow(*KEYS, on=[keys], conditions=ours),
            allow("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias", on=[keys, aliases]),
        ]
    if options.vpc_id and not options.security_group_ids:
        places = [names.arn("ec2", f"{kind}/*") for kind in ("security-group", "security-group-rule")]
        found.append(allow(*GROUPS, on=[*places, names.arn("ec2", f"vpc/{options.vpc_id}")]))
    return found
