"""Deliveries reach the handler in order, as the event that API Gateway makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from local.deliveries import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Deliveries, http_event


@dataclass
class Waiting:
    id: int
    guid: str = "guid"
    headers: dict = field(default_factory=lambda: {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "guid"})
    body: bytes = b'{"a": "\xc3\xa4"}'


class GitHub:
    def __init__(self, *ids):
        self.waiting = [Waiting(number) for number in ids]

    def pending(self):
        return list(self.waiting)

    def delivered(self, number):
        self.waiting = [delivery for delivery in self.waiting if delivery.id != number]


@pytest.fixture
def time():
    return [0.0]


def test_the_oldest_goes_first_and_is_gone_when_it_was_answered(time):
    github, events = GitHub(1, 2), []
    deliveries = Deliveries(github, lambda event: (events.append(event), {"statusCode": 202})[1], lambda: time[0])
    assert deliveries.run_due()
    assert [delivery.id for delivery in github.waiting] == [2]
    assert deliveries.seconds_until_due() == 0
    assert deliveries.run_due()
    assert not deliveries.run_due()
    assert deliveries.seconds_until_due() is None
    assert len(events) == 2


def test_a_refusal_is_final(time):
    github = GitHub(1)
    Deliveries(github, lambda event: {"statusCode": 401}, lambda: time[0]).run_due()
    assert github.waiting == []


def test_a_5xx_is_sent_again_after_a_growing_pause(time):
    github, pauses = GitHub(1), []
    deliveries = Deliveries(github, lambda event: {"statusCode": 503}, lambda: time[0])
    for _ in range(10):
        assert deliveries.run_due()
        assert not deliveries.run_due()
        pauses.append(deliveries.seconds_until_due())
        time[0] += pauses[-1]
    assert pauses[:3] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert max(pauses) == LONGEST_PAUSE_SECONDS
    assert len(github.waiting) == 1


def test_the_event_has_the_very_bytes_and_lower_case_headers():
    event = http_event({"X-Hub-Signature-256": "sha256=1"}, b'{"a": "\xc3\xa4"}')
    assert event["body"].encode() == b'{"a": "\xc3\xa4"}'
    assert event["headers"] == {"x-hub-signature-256": "sha256=1"}
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
