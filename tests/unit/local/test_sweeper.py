"""When the sweep is called: at once, then at its times, later where GitHub wants a pause."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from algorithms.errors import PlatformError
from lambda_bridge import handler
from lambda_bridge.ports import RateLimitError
from local.sweeper import HINTED_SECONDS, OURS_SECONDS, POLLING_SECONDS, Sweeper


class Issues:
    """Counts the sweeps; each asks for the list once. `error` is raised there."""

    def __init__(self):
        self.asked, self.error = 0, None

    def labelled(self, since):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return []


@pytest.fixture
def issues():
    before = dict(handler._current)
    found = Issues()
    nothing = SimpleNamespace(unfinished=lambda: [], running=lambda: [])
    ports = SimpleNamespace(issues=found, runs=nothing, pipelines=nothing, clock=lambda: datetime.now(UTC))
    handler.use(ports, "local/models")
    yield found
    handler._current.clear()
    handler._current.update(before)


@pytest.fixture
def time():
    return [50.0]


@pytest.fixture
def sweeper(issues, time):
    return Sweeper(10.0, lambda: time[0])


def test_it_sweeps_at_once_and_then_at_its_times(sweeper, issues, time):
    assert (sweeper.seconds_until_due(), sweeper.last) == (0, None)
    assert sweeper.run_due()
    assert (issues.asked, sweeper.seconds_until_due()) == (1, 10.0)
    assert sweeper.last is not None
    assert not sweeper.run_due()
    time[0] += 9.9
    assert not sweeper.run_due()
    time[0] += 0.1
    assert sweeper.seconds_until_due() == 0
    assert sweeper.run_due()
    assert issues.asked == 2


def test_a_limit_of_github_is_waited_for(sweeper, issues, time):
    issues.error = RateLimitError("GitHub answered 403", 600.0)
    assert sweeper.run_due()
    assert sweeper.seconds_until_due() == 600.0
    time[0] += 599
    assert not sweeper.run_due()
    issues.error = None
    time[0] += 1
    assert sweeper.run_due()
    assert sweeper.seconds_until_due() == 10.0


def test_a_shorter_limit_changes_nothing(sweeper, issues):
    issues.error = RateLimitError("GitHub answered 429", 1.0)
    sweeper.run_due()
    assert sweeper.seconds_until_due() == 10.0


def test_other_times_hold_from_the_next_sweep_on(sweeper, time):
    sweeper.run_due()
    sweeper.seconds = 300.0
    assert sweeper.seconds_until_due() == 10.0
    time[0] += 10
    sweeper.run_due()
    assert sweeper.seconds_until_due() == 300.0


def test_one_that_failed_is_still_due(sweeper, issues):
    """Who calls it makes the pauses, and so knows that it goes on failing."""
    issues.error = PlatformError("GitHub could not be reached")
    for _ in range(2):
        with pytest.raises(PlatformError):
            sweeper.run_due()
    assert issues.asked == 2
    assert (sweeper.seconds_until_due(), sweeper.last) == (0, None)


def test_a_real_repository_is_asked_often_only_until_it_tells_by_itself():
    """GitHub takes 5,000 requests an hour of an account ("Rate limits for the REST API")."""
    assert OURS_SECONDS <= 60
    assert 3600 / POLLING_SECONDS <= 5000 / 10
    assert HINTED_SECONDS == 300
