from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Fake

from lambda_bridge.gauges import gauges

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def ago(hours):
    return NOW - timedelta(hours=hours)


def world(runs=(), executions=()):
    return Fake(
        clock=lambda: NOW,
        runs=Fake(unfinished=lambda: list(runs)),
        pipelines=Fake(running=lambda: [Fake(started=ago(hours)) for hours in executions]),
    )


def test_nobody_waits():
    assert gauges(world()) == {"WaitingRuns": 0, "OldestWaitHours": 0, "OldestTrainingHours": 0}


def test_the_longest_counts():
    asked = [Fake(state="waiting", asked=ago(hours), started=ago(99)) for hours in (1, 50, 3)]
    trains = Fake(state="running", asked=ago(70), started=ago(99))
    found = gauges(world([*asked, trains], executions=[2.5, 1]))
    assert found == {"WaitingRuns": 3, "OldestWaitHours": 50, "OldestTrainingHours": 2.5}


def test_who_was_not_asked_yet_waits_since_the_start():
    assert gauges(world([Fake(state="waiting", asked=None, started=ago(4))]))["OldestWaitHours"] == 4
