"""The alarms. Each goes to the topic; docs/how-to/operate.md says what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_bridge.settings import COUNTS
from pipelines.settings import Settings
from seed_code.project_template.metrics import (
    FUNCTIONS,
    HOUR,
    added,
    api,
    bridge,
    function,
    letters,
    workflow,
)
from seed_code.project_template.names import Names
from seed_code.project_template.options import SWEEP

LONGEST_WAIT_HOURS = (COUNTS["MLOPS_WAIT_DAYS"][2] + 1) * 24
"""A wait ends by itself before, whatever `WaitDays` is: so nobody ended it."""
MANY_REPAIRS = 10
"""An hour; some are no alarm, since events may get lost."""
QUIET_PERIODS = 6


@dataclass(frozen=True)
class Rule:
    """One alarm: above `most`, in as many periods as `periods` one after another."""

    name: str
    meaning: str
    metric: cloudwatch.IMetric
    most: float = 0
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    below: bool = False


class Alarms(Construct):
    """`made`: the alarms, in the order of the runbook."""

    def __init__(self, scope: Construct, watched: Sequence[Rule], topic: sns.ITopic) -> None:
        super().__init__(scope, "Alarms")
        self.made = [self._make(rule, topic) for rule in watched]

    def _make(self, rule: Rule, topic: sns.ITopic) -> cloudwatch.Alarm:
        comparison = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            rule.name,
            alarm_name=f"mlops-{rule.name}",
            alarm_description=f"{rule.meaning} See docs/how-to/operate.md.",
            metric=rule.metric,
            threshold=rule.most,
            comparison_operator=comparison.LESS_THAN_THRESHOLD if rule.below else comparison.GREATER_THAN_THRESHOLD,
            evaluation_periods=rule.periods,
            datapoints_to_alarm=rule.periods,
            treat_missing_data=rule.missing,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))
        return alarm


def longest_hours(settings: Settings) -> int:
    """All that the jobs of an execution may take, and as long again in queues."""
    spot = settings.max_spot_wait_seconds if settings.spot_training else 0
    return 2 * math.ceil((settings.max_training_seconds + spot + 2 * settings.max_processing_seconds) / 3600)


def rules(names: Names, api_id: str, queue: str, settings: Settings) -> list[Rule]:
    """What is watched."""
    ended = {name: workflow(names, f"Executions{name}") for name in ("Failed", "TimedOut", "Aborted")}
    errors = {f"e{number}": function("Errors", name) for number, name in enumerate(FUNCTIONS)}
    return [
        Rule("failures", "A run failed for a reason that is not the requester's.", added("failures", _lower(ended))),
        Rule("errors", "A function raised an error three times in a row.", added("errors", {**errors}), periods=3),
        Rule("stuck-waits", "A wait for a person was not ended.", _oldest("OldestWaitHours"), LONGEST_WAIT_HOURS),
        Rule(
            "stuck-training",
            "A pipeline execution runs for longer than its jobs may.",
            _oldest("OldestTrainingHours"),
            longest_hours(settings),
        ),
        Rule("dead-letters", "Events could not be handled.", letters(queue)),
        Rule("throttles", "Lambda or Step Functions had no room.", added("throttles", _throttles(names)), periods=3),
        Rule("webhook-5xx", "Deliveries of GitHub were answered with a server error.", api("5xx", api_id)),
        Rule(
            "sweep-repairs",
            "The sweep has to mend a lot: webhooks or events do not arrive.",
            bridge("SweepRepairs", period=HOUR),
            MANY_REPAIRS,
        ),
        Rule(
            "sweep-silent",
            "The sweep has not run for half an hour.",
            function("Invocations", SWEEP),
            most=1,
            periods=QUIET_PERIODS,
            missing=cloudwatch.TreatMissingData.BREACHING,
            below=True,
        ),
    ]


def _oldest(name: str) -> cloudwatch.Metric:
    return bridge(name, "Maximum")


def _throttles(names: Names) -> dict[str, cloudwatch.IMetric]:
    """Those of the sweep are left out: one at a time is what is wanted."""
    found = {f"t{number}": function("Throttles", name) for number, name in enumerate(FUNCTIONS) if name != SWEEP}
    return {**found, "states": workflow(names, "ExecutionThrottled")}


def _lower(metrics: dict[str, cloudwatch.Metric]) -> dict[str, cloudwatch.IMetric]:
    """An expression's names begin with a small letter."""
    return {name.lower(): metric for name, metric in metrics.items()}
