"""The metrics that dashboard and alarms show, each with its unit and where it comes from."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_bridge.handler import NAMESPACE, SERVICE
from seed_code.project_template.names import Names
from seed_code.project_template.options import PIPELINE_EVENT, SWEEP, TASK, WEBHOOK

FIVE_MINUTES, HOUR, DAY = Duration.minutes(5), Duration.hours(1), Duration.days(1)
FUNCTIONS = (WEBHOOK, TASK, PIPELINE_EVENT, SWEEP)


def bridge(name: str, statistic: str = "Sum", period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """A metric that `lambda_bridge.handler` writes."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE},
        statistic=statistic,
        period=period,
    )


def workflow(
    names: Names, name: str, statistic: str = "Sum", period: Duration = FIVE_MINUTES, label: str | None = None
) -> cloudwatch.Metric:
    """A metric of the state machine (Step Functions, "Execution metrics"); durations are in milliseconds."""
    return cloudwatch.Metric(
        namespace="AWS/States",
        metric_name=name,
        dimensions_map={"StateMachineArn": names.state_machine},
        statistic=statistic,
        period=period,
        label=label,
    )


def function(
    name: str, function_name: str, statistic: str = "Sum", period: Duration = FIVE_MINUTES
) -> cloudwatch.Metric:
    """A metric of a function (Lambda, "Types of metrics for Lambda functions")."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function_name},
        statistic=statistic,
        period=period,
        label=function_name,
    )


def api(name: str, api_id: str, statistic: str = "Sum", period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """A metric of the HTTP API ("Working with metrics for HTTP APIs")."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiId": api_id},
        statistic=statistic,
        period=period,
    )


def letters(queue_name: str) -> cloudwatch.Metric:
    """How many events lie in the queue."""
    return cloudwatch.Metric(
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions_map={"QueueName": queue_name},
        statistic="Maximum",
        period=FIVE_MINUTES,
    )


def added(label: str, metrics: dict[str, cloudwatch.IMetric]) -> cloudwatch.MathExpression:
    """The sum of metrics, by the names that the expression calls them."""
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in metrics),
        using_metrics=metrics,
        label=label,
        period=FIVE_MINUTES,
    )


class Counted(Construct):
    """Counts in the workflow's log: how often people were asked, and how often they had a model trained again."""

    def __init__(self, scope: Construct, group: logs.ILogGroup) -> None:
        super().__init__(scope, "Counted")
        self.asked = self._entries(group, "Asked", "AskOperator")
        self.retries = self._entries(group, "Retries", "ApplyAdjustment")

    def _entries(self, group: logs.ILogGroup, name: str, state: str) -> cloudwatch.Metric:
        entered = logs.FilterPattern.all(
            logs.FilterPattern.string_value("$.type", "=", "TaskStateEntered"),
            logs.FilterPattern.string_value("$.details.name", "=", state),
        )
        found = logs.MetricFilter(
            self, name, log_group=group, filter_pattern=entered, metric_namespace=NAMESPACE, metric_name=name
        )
        return found.metric(statistic="Sum", period=HOUR, label=name)
