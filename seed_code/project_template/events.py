"""What wakes the functions besides GitHub: events of the pipelines, and the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from seed_code.project_template.names import Names

SWEEP_MINUTES = 5
KEPT = Duration.days(14)
"""SQS's longest."""
KINDS = (
    "SageMaker Model Building Pipeline Execution Status Change",
    "SageMaker Model Building Pipeline Execution Step Status Change",
)


def dead_letters(scope: Construct, key: kms.IKey | None) -> sqs.Queue:
    """Events that could not be delivered or handled, for people to look at."""
    return sqs.Queue(
        scope,
        "DeadLetters",
        enforce_ssl=True,
        retention_period=KEPT,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
    )


class Events(Construct):
    """A rule for executions and steps of the pipelines, and the schedule of the sweep."""

    def __init__(
        self,
        scope: Construct,
        names: Names,
        pipeline_event: lambda_.IFunction,
        sweep: lambda_.IFunction,
        undelivered: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Events")
        ours = events.EventPattern(
            source=["aws.sagemaker"], detail_type=list(KINDS), detail={"pipelineArn": names.pipelines}
        )
        events.Rule(self, "Pipelines", event_pattern=ours, targets=[_target(pipeline_event, undelivered)])
        every = events.Schedule.rate(Duration.minutes(SWEEP_MINUTES))
        events.Rule(self, "Sweep", schedule=every, targets=[_target(sweep, undelivered)])


def _target(function: lambda_.IFunction, undelivered: sqs.IQueue) -> targets.LambdaFunction:
    return targets.LambdaFunction(
        function, dead_letter_queue=undelivered, retry_attempts=20, max_event_age=Duration.hours(1)
    )
