"""What the bridge does while the other GitHub is slow, limited, out of order or refuses."""

from __future__ import annotations

import time

import pytest

from tests.integration.service.other_github import SILENT
from tests.integration.service.process import Switches
from tests.integration.service.world import GOOD, POOR, TRAIN, until

HELPS = "/retrain n_estimators=95"
TRIES = 3
"""How often the bridge asks before it gives up."""
BOTH = ["attempt 1: below_threshold", "attempt 2: registered"]


@pytest.fixture(scope="module")
def troubled(make_world):
    """Whatever was missed is looked for often."""
    return make_world("other", Switches(sweep_seconds=0.3))


@pytest.fixture
def world(troubled):
    """Without obstacles from the test before."""
    yield troubled
    troubled.other.obstacles.clear()
    troubled.other.git.protected.clear()
    troubled.other.lagging = 0


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_permission_that_cannot_be_read_allows_nothing(world, status):
    world.other.hinder(world.bot, "/collaborators/maria/permission", status)
    waiting = world.open(POOR, "wren").has("mlops:waiting")
    refused, comment = world.open(GOOD, "maria"), waiting.say(HELPS, "maria")
    world.sweep()
    assert (refused.executions(), refused.told()) == ([], {})
    assert waiting.executions() == ["attempt-1"]
    assert f"answer-{comment.id}" not in waiting.told()
    world.other.obstacles.clear()
    refused.has("mlops:registered", run=1)
    waiting.has("mlops:registered", run=1)
    assert (refused.executions(), waiting.executions()) == (["attempt-1"], ["attempt-1", "attempt-2"])


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"retry_after": "1"}),
        (403, {"x_ratelimit_remaining": "0"}),
        (429, {"retry_after": "1"}),
        (502, {}),
    ],
    ids=["secondary limit", "primary limit", "too many requests", "bad gateway"],
)
def test_limits_and_failures_of_github_are_waited_for(world, status, headers):
    story = world.open(POOR).has("mlops:waiting")
    headers |= {"x_ratelimit_reset": str(int(time.time()) + 2)} if "x_ratelimit_remaining" in headers else {}
    world.other.hinder(world.bot, "/issues/|/git/", status, times=5, **headers)
    story.say(HELPS)
    story.has("mlops:registered", run=1)
    assert (story.executions(), story.history()) == (["attempt-1", "attempt-2"], BOTH)


def test_a_list_of_events_that_lags(world):
    world.other.lagging = 2
    story = world.open(GOOD).has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]


def test_a_late_delivery_of_an_opening_lends_its_right_to_nobody(world):
    world.other.hook.mode = "lost"
    story = world.open(GOOD, labels=())
    opened = world.other.hook.log[-1]
    story.issue("tria").add_to_labels(TRAIN)
    world.other.hook.mode = "sent"
    world.other.hook.send(opened)
    world.sweep()
    world.other.hook.send(opened)
    world.sweep()
    assert story.executions() == []
    (answer,) = story.told().values()
    assert "maintainer" in answer


def test_a_branch_that_takes_no_commits(world):
    world.other.git.protected.add("main")
    story = world.open(GOOD).has("mlops:registered", run=1)
    assert "`mlops-history`" in story.told()["result-1"]
    assert story.history() == []
    assert f"Issue {story.number}, attempt 1: registered" in world.commits("mlops-history")


def test_nothing_is_asked_that_github_does_not_have(world):
    world.open(POOR).has("mlops:waiting").say(HELPS)
    world.sweep()
    refused = {(path, status) for _, path, who, status in world.other.requests if who == world.bot and status >= 400}
    strange = [path for path, status in refused if status == 404 and not path.endswith("/heads/mlops-history")]
    assert [path for path in strange if "/permission" not in path] == []
    assert "/user" in {path for _, path, who, _ in world.other.requests if who == world.bot}


@pytest.mark.slow
def test_a_permission_that_never_comes_allows_nothing(world):
    world.other.hinder(world.bot, "/collaborators/maria/permission", SILENT)
    story = world.open(GOOD, "maria")
    until(lambda: world.other.given_up >= TRIES, "the bridge gives up")
    assert (story.executions(), story.told()) == ([], {})
    world.other.obstacles.clear()
    story.has("mlops:registered", run=1)
    assert story.executions() == ["attempt-1"]
