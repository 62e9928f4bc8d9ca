"""The whole deployment as one stack."""

from __future__ import annotations

from aws_cdk import CfnCondition, CfnOutput, CfnParameter, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from seed_code.project_template import access
from seed_code.project_template.events import Events
from seed_code.project_template.functions import Function, Surroundings
from seed_code.project_template.options import WEBHOOK_FUNCTION, Options
from seed_code.project_template.secrets import Secrets
from seed_code.project_template.storage import Storage
from seed_code.project_template.webhook_api import WebhookApi
from seed_code.project_template.workflow import Workflow

TASK, PIPELINE_EVENT, SWEEP = "mlops-task", "mlops-pipeline-event", "mlops-sweep"


class MLOpsStack(Stack):
    """Everything but the pipelines and the image, which CodeBuild owns."""

    def __init__(self, scope: Construct, name: str, options: Options, code: lambda_.Code, **more: object) -> None:
        super().__init__(scope, name, **more)  # type: ignore[arg-type]
        Tags.of(self).add("project", "mlops-pipeline")
        repository = _text(self, "GitHubRepository", "The one repository, owner/name", r"[\w.-]+/[\w.-]+")
        api = _text(self, "GitHubApiUrl", "GitHub's REST interface", "https://.+", default="https://api.github.com")
        email = _text(self, "NotificationEmail", "Who gets e-mail; empty: nobody", "|.+@.+", default="")
        key = _key(self) if options.kms else None
        names, storage, secrets = access.Names(self), Storage(self, key), Secrets(self, options, key)
        kept = access.Kept(
            bucket=storage.bucket.bucket_arn,
            table=storage.table.table_arn,
            topic=storage.topic.topic_arn,
            images=storage.images.repository_arn,
            secrets=secrets.arns,
            key=key.key_arn if key else None,
        )
        role = self._pipeline_role(names, kept)
        shared = Surroundings(code, _environment(repository, api, storage, names), key)
        task = Function(self, TASK, "task", shared, access.task(names, kept), seconds=900)
        webhook = Function(self, WEBHOOK_FUNCTION, "webhook", shared, access.webhook(names, kept), seconds=29)
        heard = Function(
            self, PIPELINE_EVENT, "pipeline_event", shared, access.pipeline_event(names, kept), seconds=120
        )
        sweep = Function(self, SWEEP, "sweep", shared, access.sweep(names, kept), seconds=900, alone=True)
        workflow = Workflow(self, task.function, key)
        events = Events(self, names, heard.function, sweep.function, key)
        api_ = WebhookApi(self, webhook.function, key)
        self._subscribe(storage.topic, email)
        CfnOutput(self, "WebhookUrl", value=api_.url, description="Goes into the repository's webhook")
        CfnOutput(self, "BucketName", value=storage.bucket.bucket_name)
        CfnOutput(self, "PipelineRoleArn", value=role.role_arn)

    def _pipeline_role(self, names: access.Names, kept: access.Kept) -> iam.Role:
        role = iam.Role(self, "PipelineRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        policy = iam.ManagedPolicy(self, "PipelinePolicy", roles=[role])
        policy.add_statements(*access.pipeline_role(names, kept, role.role_arn))
        return role

    def _subscribe(self, topic: sns.ITopic, email: CfnParameter) -> None:
        """E-mail, where somebody was named."""
        given = CfnCondition(self, "HasEmail", expression=Fn.condition_not(Fn.condition_equals(email, "")))
        made = sns.CfnSubscription(
            self, "Email", topic_arn=topic.topic_arn, protocol="email", endpoint=email.value_as_string
        )
        made.cfn_options.condition = given


def _text(scope: Construct, name: str, meaning: str, pattern: str, default: str | None = None) -> CfnParameter:
    return CfnParameter(scope, name, type="String", description=meaning, allowed_pattern=pattern, default=default)


def _key(scope: Construct) -> kms.Key:
    key = kms.Key(scope, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.RETAIN)
    stack = Stack.of(scope)
    logs = iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")
    groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"}}
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[logs], actions=["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"], resources=["*"], conditions=groups
        )
    )
    return key


def _environment(repository: CfnParameter, api: CfnParameter, storage: Storage, names: access.Names) -> dict[str, str]:
    """See `lambda_bridge.settings`."""
    return {
        "GITHUB_REPOSITORY": repository.value_as_string,
        "GITHUB_API_URL": api.value_as_string,
        "MLOPS_BUCKET": storage.bucket.bucket_name,
        "MLOPS_TABLE": storage.table.table_name,
        "MLOPS_STATE_MACHINE_ARN": names.state_machine,
        "MLOPS_TOPIC_ARN": storage.topic.topic_arn,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
