"""A hundred issues at once: every webhook is answered soon, every issue gets its run, and memory stays bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.service.process import Switches
from tests.integration.service.world import GOOD, until

ISSUES = 100
MOST_SECONDS = 2
"""Of the 99th percentile of the webhook's answers."""
MOST_GROWTH = 200 * 2**20
"""Bytes that the service may grow by: two megabytes an issue, far more than a record is."""


@pytest.mark.slow
def test_a_hundred_issues_at_once(make_world, record_property):
    world = make_world("other", Switches())
    world.open(GOOD).has("mlops:registered", run=1)
    world.settle()
    before, idle = world.service.memory(), percentile(answers(world))
    first = len(world.other.hook.log)
    with ThreadPoolExecutor(16) as pool:
        stories = list(pool.map(lambda _: world.open(GOOD), range(ISSUES)))
    world.other.hook.wait()
    opening = answers(world, first)
    issues = world.other.records.issues
    until(lambda: all("mlops:registered" in issues[story.number].labels for story in stories), "the runs", seconds=400)
    world.other.hook.wait()
    everything = answers(world, first)
    numbers = {story.number for story in stories}
    ran = [name for name in world.executions() if int(name.split("-")[1]) in numbers]
    assert sorted(ran) == sorted(f"issue-{number}-attempt-1" for number in numbers)
    commits = world.commits()
    assert all(commits.count(f"Issue {number}, attempt 1: registered") == 1 for number in numbers)
    for story in stories[::10]:
        assert list(story.told()) == ["progress-1", "result-1", "final-1"]
    growth = world.service.memory() - before
    figures = {"idle": idle, "opening": percentile(opening), "all": percentile(everything), "MiB": growth / 2**20}
    record_property("a hundred issues", str({name: round(value, 4) for name, value in figures.items()}))
    assert percentile(everything) < MOST_SECONDS
    assert growth < MOST_GROWTH


def answers(world, first=0):
    """Seconds of each delivery; all were taken."""
    found = [answer for delivery in world.other.hook.log[first:] for answer in delivery.answers]
    assert {status for status, _ in found} == {202}
    return [seconds for _, seconds in found]


def percentile(seconds):
    """The 99th."""
    return sorted(seconds)[int(0.99 * len(seconds))]
