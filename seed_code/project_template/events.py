"""What wakes the functions besides GitHub: events of the pipelines, and the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from seed_code.project_template.access import Names
from seed_code.project_template.options import SWEEP_MINUTES

KINDS = (
    "SageMaker Model Building Pipeline Execution Status Change",
    "SageMaker Model Building Pipeline Execution Step Status Change",
)


class Events(Construct):
    """Two rules and a schedule; `dead_letters` keeps what could not be handed over, for 14 days."""

    def __init__(
        self, scope: Construct, names: Names, heard: lambda_.IFunction, sweep: lambda_.IFunction, key: kms.IKey | None
    ) -> None:
        super().__init__(scope, "Events")
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            enforce_ssl=True,
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
        )
        pipelines = events.EventPattern(
            source=["aws.sagemaker"], detail_type=list(KINDS), detail={"pipelineArn": names.pipelines}
        )
        events.Rule(self, "Pipelines", event_pattern=pipelines, targets=[self._target(heard, tries=10)])
        every = events.Schedule.rate(Duration.minutes(SWEEP_MINUTES))
        events.Rule(self, "Sweep", schedule=every, targets=[self._target(sweep, tries=0)])

    def _target(self, function: lambda_.IFunction, tries: int) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            function, dead_letter_queue=self.dead_letters, retry_attempts=tries, max_event_age=Duration.hours(1)
        )
