"""The dashboard `MLOps-Pipeline-Dashboard`."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from seed_code.project_template.alarms import Alarms
from seed_code.project_template.metrics import DAY, FUNCTIONS, HOUR, Counted, api, bridge, function, workflow
from seed_code.project_template.names import Names
from seed_code.project_template.options import DASHBOARD

WIDE, HALF, THIRD = 24, 12, 8
WAITING = [
    "filter details.name = 'AskOperator' and type in ['TaskStateEntered', 'TaskStateExited']",
    "fields (2 * strcontains(type, 'Exited') - 1) * event_timestamp / 3600000 as signed",
    "stats sum(signed) as hours, count(*) as events by execution_arn",
    "filter events % 2 = 0",
    "sort hours desc",
    "limit 50",
]
"""Hours that each run waited for people: the ends of its waits less their beginnings. Waits that go on are left out."""
COST = """**Cost.** The account's SageMaker charges of this month, in US dollars. CloudWatch has them in us-east-1
alone, and only where billing alerts are on (Billing preferences). By run: the tags `project`, `issue` and `attempt`, as
cost allocation tags in Cost Explorer."""


class Dashboard(Construct):
    """Executions, success, duration, errors, waiting for people, retries, cost; and the alarms."""

    def __init__(
        self, scope: Construct, names: Names, api_id: str, workflow_log: str, counted: Counted, alarms: Alarms
    ) -> None:
        super().__init__(scope, "Dashboard")
        made = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=DASHBOARD)
        made.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms.made), width=WIDE, height=3))
        made.add_widgets(_executions(names), _success(names), _duration(names))
        made.add_widgets(_errors(), _webhook(api_id), _repairs())
        made.add_widgets(_people(counted), _waiting(workflow_log))
        made.add_widgets(*_cost())


def _executions(names: Names) -> cloudwatch.GraphWidget:
    kinds = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
    shown = [workflow(names, f"Executions{kind}", period=HOUR, label=kind) for kind in kinds]
    return _graph("Executions an hour", shown, THIRD)


def _success(names: Names) -> cloudwatch.GraphWidget:
    parts = {
        name.lower(): workflow(names, f"Executions{name}", period=DAY)
        for name in ("Succeeded", "Failed", "TimedOut", "Aborted")
    }
    every = " + ".join(f"FILL({name}, 0)" for name in parts)
    rate = cloudwatch.MathExpression(
        expression=f"100 * FILL(succeeded, 0) / ({every})", using_metrics=parts, label="success rate, %", period=DAY
    )
    percent = cloudwatch.YAxisProps(min=0, max=100)
    return cloudwatch.GraphWidget(title="Success rate a day", left=[rate], left_y_axis=percent, width=THIRD)


def _duration(names: Names) -> cloudwatch.GraphWidget:
    milliseconds = workflow(names, "ExecutionTime", "Average", DAY)
    hours = cloudwatch.MathExpression(
        expression="time / 3600000", using_metrics={"time": milliseconds}, label="mean, hours", period=DAY
    )
    return _graph("Mean duration of a run, waits included", [hours], THIRD)


def _errors() -> cloudwatch.GraphWidget:
    shown = [function("Errors", name) for name in FUNCTIONS]
    return _graph("Errors of the functions", shown, THIRD)


def _webhook(api_id: str) -> cloudwatch.GraphWidget:
    return _graph("Webhook", [api("Count", api_id), api("4xx", api_id), api("5xx", api_id)], THIRD)


def _repairs() -> cloudwatch.GraphWidget:
    return _graph("What the sweep mended an hour", [bridge("SweepRepairs", period=HOUR)], THIRD)


def _people(counted: Counted) -> cloudwatch.GraphWidget:
    shown = [counted.asked, counted.retries, bridge("WaitingRuns", "Maximum", HOUR)]
    return _graph("People asked, retries, and runs that wait", shown, HALF)


def _waiting(log_group: str) -> cloudwatch.LogQueryWidget:
    return cloudwatch.LogQueryWidget(
        title="Hours that runs waited for people", log_group_names=[log_group], query_lines=WAITING, width=HALF
    )


def _cost() -> tuple[cloudwatch.IWidget, ...]:
    charges = cloudwatch.Metric(
        namespace="AWS/Billing",
        metric_name="EstimatedCharges",
        dimensions_map={"ServiceName": "AmazonSageMaker", "Currency": "USD"},
        statistic="Maximum",
        period=DAY,
        region="us-east-1",
        label="SageMaker, USD",
    )
    return (
        _graph("Cost of this month", [charges], HALF),
        cloudwatch.TextWidget(markdown=COST, width=HALF, height=6),
    )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], width: int) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=width)
