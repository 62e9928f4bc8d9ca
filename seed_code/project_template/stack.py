"""The whole deployment as one stack."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, CfnOutput, CfnParameter, Fn, PermissionsBoundary, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from seed_code.project_template import access
from seed_code.project_template.actions_role import ActionsRole
from seed_code.project_template.alarms import Alarms, rules
from seed_code.project_template.build import Build, settings
from seed_code.project_template.dashboard import Dashboard
from seed_code.project_template.encryption import make_key
from seed_code.project_template.events import Events, dead_letters
from seed_code.project_template.functions import Function, Pace, Surroundings, trusted
from seed_code.project_template.metrics import Counted
from seed_code.project_template.names import Names
from seed_code.project_template.network import network_of
from seed_code.project_template.options import PIPELINE_EVENT, PROJECT, SWEEP, TASK, WEBHOOK, Options
from seed_code.project_template.parameters import Parameters, fixed_environment
from seed_code.project_template.secrets import Secrets
from seed_code.project_template.sources import Sources
from seed_code.project_template.storage import Storage
from seed_code.project_template.webhook_api import WebhookApi
from seed_code.project_template.workflow import Workflow

PACES = {
    WEBHOOK: Pace(seconds=29),
    TASK: Pace(seconds=900, retries=2),
    PIPELINE_EVENT: Pace(seconds=120, retries=2),
    SWEEP: Pace(seconds=900, at_once=1, retries=0, patience=900),
}
"""API Gateway waits 30 s at most, Step Functions' tasks run as long as Lambda lets them."""
DESCRIPTION = "GitHub issues train, evaluate and register models on SageMaker Pipelines"


class MLOpsStack(Stack):
    """Everything but the pipelines and the image, which CodeBuild owns.

    Its names are fixed, so that there is one deployment in an account and region. `version` stands in the history.
    """

    def __init__(
        self, scope: Construct, name: str, options: Options, sources: Sources, version: str, **more: Any
    ) -> None:
        boundary = options.permissions_boundary
        bound = PermissionsBoundary.from_arn(boundary) if boundary else None
        super().__init__(scope, name, permissions_boundary=bound, description=DESCRIPTION, **more)
        Tags.of(self).add("project", PROJECT)
        self.names, self.parameters = Names(self), Parameters(self)
        self.key = make_key(self) if options.kms else None
        self.storage = Storage(self, self.key)
        self.secrets = Secrets(self, self.key)
        self.network = network_of(self, options)
        self.undelivered = dead_letters(self, self.key)
        self.kept = self._kept()
        self.pipeline_role, self.pipeline_policy = self._pipeline_role()
        self.functions = self._functions(options, sources, version)
        self.workflow = Workflow(self, self.names, self.key)
        heard, sweep = (self.functions[name].function for name in (PIPELINE_EVENT, SWEEP))
        self.events = Events(self, self.names, heard, sweep, self.undelivered)
        self.api = WebhookApi(self, self.functions[WEBHOOK].function, self.key)
        self.build = self._build(options, sources)
        self.actions = self._actions(options.actions_repository)
        self._observe(options)
        self._subscribe(self.storage.topic, self.parameters.email)
        self._tell()

    def _kept(self) -> access.Kept:
        storage, key = self.storage, self.key
        return access.Kept(
            bucket=storage.bucket.bucket_arn,
            table=storage.table.table_arn,
            topic=storage.topic.topic_arn,
            images=storage.images.repository_arn,
            secrets=self.secrets.arns,
            key=key.key_arn if key else None,
        )

    def _pipeline_role(self) -> tuple[iam.Role, iam.Policy]:
        """Its policy stands for itself, since it names the role."""
        role = iam.Role(self, "PipelineRole", assumed_by=trusted("sagemaker"))
        statements = access.pipeline_role(self.names, self.kept, role.role_arn)
        return role, iam.Policy(self, "PipelinePolicy", roles=[role], statements=statements)

    def _functions(self, options: Options, sources: Sources, version: str) -> dict[str, Function]:
        storage = self.storage
        bucket, table, topic = storage.bucket.bucket_name, storage.table.table_name, storage.topic.topic_arn
        fixed = {
            **fixed_environment(self.names, bucket, table, topic, version),
            "MLOPS_PIPELINE_SETTINGS": settings(options, self.key),
        }
        shared = Surroundings(
            code=sources.code(self),
            python=options.python,
            environment={**self.parameters.environment, **fixed},
            undelivered=self.undelivered,
            key=self.key,
            network=self.network,
        )
        kinds = {
            WEBHOOK: ("webhook", access.webhook),
            TASK: ("task", access.task),
            PIPELINE_EVENT: ("pipeline_event", access.pipeline_event),
            SWEEP: ("sweep", access.sweep),
        }
        paces = PACES if options.reserve_sweep else {**PACES, SWEEP: Pace(seconds=900, retries=0, patience=900)}
        return {
            name: Function(self, name, handler, shared, paces[name], statements(self.names, self.kept))
            for name, (handler, statements) in kinds.items()
        }

    def _build(self, options: Options, sources: Sources) -> Build:
        role = self.pipeline_role.role_arn
        environment = {
            "IMAGE_REPOSITORY": self.storage.images.repository_uri,
            "MLOPS_BUCKET": self.storage.bucket.bucket_name,
            "MLOPS_ROLE_ARN": role,
            "MLOPS_PIPELINE_SETTINGS": settings(options, self.key),
        }
        archive = None if options.source_connection else sources.archive(self)
        statements = access.build(self.names, self.kept, role)
        build = Build(self, self.names, options, statements, environment, archive, self.network, self.key)
        build.start_with(self.names, self.undelivered)
        return build

    def _actions(self, repository: str | None) -> ActionsRole | None:
        if repository is None:
            return None
        statements = access.build(self.names, self.kept, self.pipeline_role.role_arn)
        actions = ActionsRole(self, self.names, repository, statements)
        CfnOutput(self, "ActionsRoleArn", value=actions.role.role_arn, description="AWS_BUILD_ROLE_ARN of build.yml")
        return actions

    def _observe(self, options: Options) -> None:
        api, queue = self.api.api.api_id, self.undelivered.queue_name
        alarms = Alarms(self, rules(self.names, api, queue, options.settings), self.storage.topic)
        counted = Counted(self, self.workflow.log_group)
        Dashboard(self, self.names, api, self.workflow.log_group.log_group_name, counted, alarms)

    def _subscribe(self, topic: sns.ITopic, email: CfnParameter) -> None:
        """E-mail, where somebody was named."""
        given = CfnCondition(self, "HasEmail", expression=Fn.condition_not(Fn.condition_equals(email, "")))
        made = sns.CfnSubscription(
            self, "Email", topic_arn=topic.topic_arn, protocol="email", endpoint=email.value_as_string
        )
        made.cfn_options.condition = given

    def _tell(self) -> None:
        outputs = {
            "WebhookUrl": (self.api.url, "Goes into the repository's webhook"),
            "BucketName": (self.storage.bucket.bucket_name, "Datasets go below datasets/<id>/raw/"),
            "TableName": (self.storage.table.table_name, "The run records"),
            "ImageRepositoryUri": (self.storage.images.repository_uri, "CodeBuild pushes there"),
            "PipelineRoleArn": (self.pipeline_role.role_arn, "The role of pipelines and jobs"),
            "TopicArn": (self.storage.topic.topic_arn, "Notices and alarms"),
            "DeadLettersUrl": (self.undelivered.queue_url, "Events that could not be handled"),
        }
        for name, (value, meaning) in outputs.items():
            CfnOutput(self, name, value=value, description=meaning)
