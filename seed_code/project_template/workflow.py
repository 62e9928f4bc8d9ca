"""The state machine: `lambda_bridge/workflow.asl.json` as it is, with the task function filled in."""

from __future__ import annotations

from importlib.resources import files

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from seed_code.project_template.access import allow
from seed_code.project_template.functions import log_group
from seed_code.project_template.options import STATE_MACHINE

DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
"""They have no resources to name (Step Functions, "Using CloudWatch Logs")."""


class Workflow(Construct):
    """`machine`, and its log group `/aws/states/MLOpsPipeline`."""

    def __init__(self, scope: Construct, task: lambda_.IFunction, key: kms.IKey | None) -> None:
        super().__init__(scope, "Workflow")
        self.log_group = log_group(self, f"/aws/states/{STATE_MACHINE}", key)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(allow("lambda:InvokeFunction", on=[task.function_arn]))
        role.add_to_policy(allow(*DELIVERY, on=["*"]))
        role.add_to_policy(
            allow(
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                on=["*"],
            )
        )
        document = files("lambda_bridge").joinpath("workflow.asl.json").read_text(encoding="utf-8")
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=STATE_MACHINE,
            definition_body=sfn.DefinitionBody.from_string(document),
            definition_substitutions={"TaskFunctionArn": task.function_arn},
            role=role.without_policy_updates(),
            logs=sfn.LogOptions(destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
