"""The state machine: `lambda_bridge/workflow.asl.json` as it is, with the task function filled in."""

from __future__ import annotations

from importlib.resources import files

from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from seed_code.project_template.access import allow
from seed_code.project_template.functions import log_group, service_role, without_needless_order
from seed_code.project_template.names import Names
from seed_code.project_template.options import STATE_MACHINE, TASK

DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
"""They have no resources to name (Step Functions, "Using CloudWatch Logs")."""
TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


class Workflow(Construct):
    """`machine`, and its log group `/aws/states/MLOpsPipeline`, which holds no inputs and outputs of states."""

    def __init__(self, scope: Construct, names: Names, key: kms.IKey | None) -> None:
        super().__init__(scope, "Workflow")
        self.log_group = log_group(self, f"/aws/states/{STATE_MACHINE}", key)
        function = names.function(TASK)
        self.role = service_role(
            self,
            "states",
            [
                allow("lambda:InvokeFunction", on=[function]),
                allow(*DELIVERY, on=["*"]),
                allow(*TRACING, on=["*"]),
            ],
        )
        document = files("lambda_bridge").joinpath("workflow.asl.json").read_text(encoding="utf-8")
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=STATE_MACHINE,
            definition_body=sfn.DefinitionBody.from_string(document),
            definition_substitutions={"TaskFunctionArn": function},
            role=self.role.without_policy_updates(),
            logs=sfn.LogOptions(destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        without_needless_order(self.machine)
