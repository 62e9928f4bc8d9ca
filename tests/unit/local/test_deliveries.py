"""Deliveries go in order, those that fail rest without keeping the others, and reach the handler as API Gateway's."""

from __future__ import annotations

import json

import pytest

from local.deliveries import Deliveries, http_event
from local.github import Delivery
from local.pauses import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS


class Source:
    """What waits, by number."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def waiting(self):
        return list(self.numbers)

    def delivery(self, number):
        return Delivery(number, f"guid-{number}", {"X-GitHub-Event": "issues"}, b"{}")

    def delivered(self, number):
        self.numbers.remove(number)


@pytest.fixture
def time():
    return [0.0]


@pytest.fixture
def post(time):
    """`post(source, statuses)`: deliveries whose answers are the statuses, by number, else 202; `sent` tells them."""

    def make(source, statuses=None, **more):
        sent = []

        def send(delivery):
            sent.append(delivery.id)
            return (statuses or {}).get(delivery.id, 202)

        made = Deliveries(source, send, clock=lambda: time[0], **more)
        made.sent = sent
        return made

    return make


def test_the_oldest_goes_first_and_is_gone_when_it_was_answered(post):
    source = Source(1, 2)
    deliveries = post(source)
    assert deliveries.run_due()
    assert source.numbers == [2]
    assert deliveries.seconds_until_due() == 0
    assert deliveries.run_due()
    assert not deliveries.run_due()
    assert deliveries.seconds_until_due() is None
    assert deliveries.sent == [1, 2]


@pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 413, 415, 499])
def test_anything_but_a_5xx_is_final(post, status):
    source = Source(1)
    post(source, {1: status}).run_due()
    assert source.numbers == []


def test_a_5xx_is_sent_again_after_a_growing_pause(post, time):
    source, pauses = Source(1), []
    deliveries = post(source, {1: 503})
    for _ in range(10):
        assert deliveries.run_due()
        assert not deliveries.run_due()
        pauses.append(deliveries.seconds_until_due())
        time[0] += pauses[-1]
    assert pauses[:3] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert max(pauses) == LONGEST_PAUSE_SECONDS
    assert source.numbers == [1]


def test_one_that_rests_lets_the_others_pass(post, time):
    source, statuses = Source(1, 2, 3), {1: 500}
    deliveries = post(source, statuses)
    while deliveries.run_due():
        pass
    assert (deliveries.sent, source.numbers) == ([1, 2, 3], [1])
    source.numbers.append(4)
    assert deliveries.seconds_until_due() == 0
    assert deliveries.run_due()
    assert deliveries.sent == [1, 2, 3, 4]
    statuses.clear()
    time[0] += FIRST_PAUSE_SECONDS
    assert deliveries.run_due()
    assert (deliveries.sent, source.numbers) == ([1, 2, 3, 4, 1], [])


def test_after_the_most_tries_it_is_given_up(post, time):
    source = Source(1)
    deliveries = post(source, {1: 503}, most_tries=3)
    for tried in range(1, 4):
        assert source.numbers == [1]
        assert deliveries.run_due()
        assert deliveries.sent == [1] * tried
        time[0] += LONGEST_PAUSE_SECONDS
    assert source.numbers == []
    assert not deliveries.run_due()


def test_without_a_limit_it_is_never_given_up(post, time):
    source = Source(1)
    deliveries = post(source, {1: 599})
    for _ in range(50):
        assert deliveries.run_due()
        time[0] += LONGEST_PAUSE_SECONDS
    assert source.numbers == [1]


def test_one_that_comes_again_after_it_succeeded_begins_anew(post, time):
    source, statuses = Source(1), {1: 503}
    deliveries = post(source, statuses)
    deliveries.run_due()
    statuses.clear()
    time[0] += LONGEST_PAUSE_SECONDS
    deliveries.run_due()
    source.numbers.append(1)
    statuses[1] = 503
    assert deliveries.run_due(), "it does not rest any more"
    assert deliveries.seconds_until_due() == FIRST_PAUSE_SECONDS


def test_the_event_has_the_very_bytes_and_lower_case_headers():
    event = http_event({"X-Hub-Signature-256": "sha256=1", "X-GitHub-Delivery": "guid"}, b'{"a": "\xc3\xa4"}')
    assert event["body"].encode() == b'{"a": "\xc3\xa4"}'
    assert event["headers"] == {"x-hub-signature-256": "sha256=1", "x-github-delivery": "guid"}
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    assert event["requestContext"]["requestId"] == "guid"
    assert json.loads(json.dumps(event)) == event
