"""What cdk-nag reports and what is right all the same, each with its reason.

A finding is acknowledged on the very resource and in the very words of cdk-nag, so that a new one is not hidden. A test
makes the same app without these and compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Acknowledgment, CfnElement, Validations
from constructs import IConstruct

from pipelines.definitions import ALL_PIPELINES, pipeline_name
from seed_code.project_template.launch_role import LaunchRoleStack
from seed_code.project_template.options import PIPELINE_EVENT, SWEEP, TASK, WEBHOOK
from seed_code.project_template.stack import MLOpsStack

SIGNED = "GitHub signs each delivery, and the function checks the signature before it reads anything else."
NO_ARTIFACTS = "The build keeps no artifacts; its log group is encrypted, and so is the image repository."
TESTED = "The tests run the very package on this version of Python; the option `python` takes a newer one."
THIS_IS_ONE = "This queue is the dead-letter queue."
BY_PEOPLE = (
    "GitHub and Slack give out what is in it, so that Secrets Manager cannot rotate it; the bridge reads it anew every "
    "five minutes, so that people can."
)
UNNAMED = {
    "functions": "X-Ray's actions have no resources to name, nor have those of network interfaces (option vpc_id).",
    "workflow": "Log delivery and X-Ray have no resources to name.",
    "pipelines": "ecr:GetAuthorizationToken and cloudwatch:PutMetricData have no resources to name; the second is "
    "bound to SageMaker's namespaces.",
    "build": "ecr:GetAuthorizationToken has no resource to name, nor have those of network interfaces (option vpc_id).",
    "launch": "These actions have no resources to name, and only Service Catalog tags its copies of templates.",
}
"""Why `*` stands as a resource."""
ARN = "arn:<AWS::Partition>:{}:<AWS::Region>:<AWS::AccountId>:{}"
LEARNING = ("supervised", "unsupervised", "reinforcement")
EXECUTIONS = {
    ARN.format("sagemaker", f"pipeline/{pipeline_name(key)}/execution/*"): "SageMaker names executions when they start."
    for key in ALL_PIPELINES
}
GROUPS = {
    ARN.format("sagemaker", f"model-package-group/{name}-*"): "Groups are made on demand, one for each dataset."
    for name in LEARNING
}
PACKAGES = {
    ARN.format("sagemaker", f"model-package/{name}-*"): "Versions are numbered when they are registered."
    for name in LEARNING
}
LISTS = {
    ARN.format("sagemaker", kind): "A list names no version; it says which versions there are, not what is in them."
    for kind in ("model-package/*", "model-package-group/*")
}
JOBS = {
    ARN.format("sagemaker", f"{kind}/pipelines-*"): "SageMaker names the jobs of pipelines when they start."
    for kind in ("processing-job", "training-job")
}
SEARCHES = {
    ARN.format("sagemaker", "hyper-parameter-tuning-job/*"): "SageMaker names tuning jobs when they start. Pipelines "
    "make and stop those that have the tag of the project, no others."
}
STARTED = {
    ARN.format("states", "execution:MLOpsPipeline:*"): "Executions are named after issues; all are of this one machine."
}
LOGS = {ARN.format("logs", "log-group:/aws/sagemaker/*"): "SageMaker makes the log groups and streams of jobs."}
INTERFACES = {
    ARN.format("ec2", "network-interface/*"): "EC2 numbers interfaces when they are made; the subnets are named."
}
PREFIX = "Objects are named when they are written; the prefix says whose they are."
READ = ("datasets/*/raw/metadata.json", "evaluations/*")
JOB_OBJECTS = ("datasets/*", "models/*", "evaluations/*", "datasets/*/processed/*", "logs/*")

STACK_NAMES = "CloudFormation names it, and begins with the stack's name, which Service Catalog begins with SC-."
API_IDS = "API Gateway numbers its APIs when they are made."
KEY_IDS = "KMS numbers keys when they are made; only those with the project's tag are meant."
GROUP_IDS = "EC2 numbers security groups when they are made."
OWN_NAMES = "The template names them; what comes after is the name of one of its resources."
LAUNCHED = {
    "Storing": {ARN.format("dynamodb", "table/SC-*"): STACK_NAMES, "arn:<AWS::Partition>:s3:::sc-*": STACK_NAMES},
    "Running": {
        **{f"arn:<AWS::Partition>:apigateway:<AWS::Region>::/{kind}/*": API_IDS for kind in ("apis", "tags")},
        ARN.format("events", "rule/SC-*"): STACK_NAMES,
    },
    "Watching": {
        ARN.format("cloudformation", "stack/SC-*"): STACK_NAMES,
        ARN.format("cloudwatch", "alarm:mlops-*"): OWN_NAMES,
        ARN.format("logs", "log-group:/aws/apigateway/mlops-*"): OWN_NAMES,
        ARN.format("sns", "SC-*"): STACK_NAMES,
        ARN.format("sqs", "SC-*"): STACK_NAMES,
    },
    "Granting": {
        "*": UNNAMED["launch"],
        "arn:<AWS::Partition>:s3:::<LambdaCodeBucket>/*": "The zip files are named after their digests.",
        "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/SC-*": STACK_NAMES,
        **{ARN.format("kms", f"{kind}/*"): KEY_IDS for kind in ("key", "alias")},
        **{ARN.format("ec2", f"{kind}/*"): GROUP_IDS for kind in ("security-group", "security-group-rule")},
    },
}
"""Of the launch role: managed policy -> resource -> reason."""


def acknowledge(stack: MLOpsStack) -> None:
    """Acknowledges what is found in a deployment's stack."""
    for construct, rule, reason in _findings(stack):
        rule_id = f"AwsSolutions::AwsSolutions-{rule}"
        Validations.of(construct).acknowledge(Acknowledgment(id=rule_id, reason=reason))


def acknowledge_launch_role(stack: LaunchRoleStack) -> None:
    """Acknowledges the wildcards of the launch role: what it makes has the names that CloudFormation thinks of."""
    for policy in stack.policies:
        for resource, reason in LAUNCHED[policy.node.id].items():
            finding = f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]"
            Validations.of(policy).acknowledge(Acknowledgment(id=finding, reason=reason))


def _findings(stack: MLOpsStack) -> Iterator[tuple[IConstruct, str, str]]:
    yield stack.api.route, "APIG4", SIGNED
    yield stack.undelivered, "SQS3", THIS_IS_ONE
    for secret in stack.secrets.made.values():
        yield secret, "SMG4", BY_PEOPLE
    for function in stack.functions.values():
        yield function.function, "L1", TESTED
    if stack.key is None:
        yield stack.build.project, "CB4", NO_ARTIFACTS
    for construct, resources in _wildcards(stack):
        for resource, reason in resources.items():
            yield construct, f"IAM5[Resource::{resource}]", reason


def _wildcards(stack: MLOpsStack) -> Iterator[tuple[IConstruct, dict[str, str]]]:
    roles = {name: function.role for name, function in stack.functions.items()}
    unnamed = {"*": UNNAMED["functions"]}
    yield roles[WEBHOOK], unnamed
    yield roles[TASK], {**unnamed, **EXECUTIONS, **GROUPS, **PACKAGES, **LISTS, **SEARCHES, **_objects(stack, READ)}
    yield roles[PIPELINE_EVENT], {**unnamed, **EXECUTIONS}
    yield roles[SWEEP], {**unnamed, **STARTED, **EXECUTIONS, **PACKAGES, **LISTS, **_objects(stack, READ)}
    yield stack.workflow.role, {"*": UNNAMED["workflow"]}
    jobs = {**JOBS, **SEARCHES, **LOGS, **GROUPS, **PACKAGES, **_objects(stack, JOB_OBJECTS)}
    yield stack.pipeline_policy, {"*": UNNAMED["pipelines"], **jobs}
    yield stack.build.role, {"*": UNNAMED["build"], **(INTERFACES if stack.network else {})}
    if stack.actions:
        yield stack.actions.role, {"*": UNNAMED["build"]}


def _objects(stack: MLOpsStack, patterns: tuple[str, ...]) -> dict[str, str]:
    bucket = stack.storage.bucket.node.default_child
    assert isinstance(bucket, CfnElement)  # noqa: S101 (a bucket of this stack)
    return {f"<{stack.get_logical_id(bucket)}.Arn>/{pattern}": PREFIX for pattern in patterns}
