"""The service is killed before or after any outward call, started again, and gets every delivery again.

Whatever the moment: one execution and one commit for each attempt, one final comment, no comment twice. The moment
comes from the seed; `make soak` runs many seeds, the suite a few.
"""

from __future__ import annotations

import os
from random import Random

import pytest
import requests

pytest.register_assert_rewrite("tests.integration.soak.story", "tests.integration.soak.service")

from tests.integration.soak.moments import FIRST, LATER  # noqa: E402 (after the line above)
from tests.integration.soak.service import Moment, Service, until  # noqa: E402
from tests.integration.soak.story import STORIES, Person, check  # noqa: E402

SEEDS = range(int(os.environ.get("MLOPS_SOAK_RUNS", "4")))
SWEEPS_SECONDS = (0.5, 15.0)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_killed(seed, tmp_path):
    random = Random(seed)
    name = random.choice(sorted(STORIES))
    moments = [first_moment(name, random), *later_moments(random)]
    print(f"{name}: {moments}")
    service = Service(tmp_path, moments, random.choice(SWEEPS_SECONDS))
    try:
        person = Person(service, STORIES[name])
        until(lambda: goes_on(service, person, random), service.errors)
        assert service.killed, f"the moment did not come: {service.calls()}"
        calm_down(service, random)
        check(person, service, STORIES[name])
        service.stop()
    finally:
        service.kill()


def first_moment(name, random):
    """Each single call is as likely."""
    calls = sorted(FIRST[name])
    call = random.choices(calls, [FIRST[name][call] for call in calls])[0]
    return Moment(call, random.randint(1, FIRST[name][call]), random.choice(["before", "after"]))


def later_moments(random):
    """One in three is killed again when it goes on, if that call comes."""
    if random.randrange(3):
        return []
    return [Moment(random.choice(LATER), random.randint(1, 2), random.choice(["before", "after"]))]


def goes_on(service, person, random):
    """Whether the story is over. After a kill the service is started, and everything is delivered again."""
    try:
        if not service.alive:
            service.revive()
            service.redeliver(random, fresh=random.random() < 0.5)
        return person.act()
    except requests.HTTPError:
        raise
    except requests.RequestException:  # no answer, or half of one
        return False


def calm_down(service, random):
    """No more kills; everything is delivered again, twice, and swept: nothing comes of it."""
    service.start_calm()
    until(lambda: is_quiet(service), service.errors)
    service.redeliver(random, fresh=False)
    service.redeliver(random, fresh=True)
    swept = service.health()["swept"]
    until(lambda: is_quiet(service) and service.health()["swept"] != swept, service.errors)


def is_quiet(service):
    """Whether nothing is left to do."""
    waiting = service.rows("SELECT 1 FROM github_deliveries WHERE delivered IS NULL")
    health = service.health()
    return not waiting and health["inbox"] == 0 and health["runs"] == {"ended": 1} and health["swept"]
