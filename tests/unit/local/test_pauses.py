"""Pauses grow with each failure in a row, and each thing has its own."""

from __future__ import annotations

import pytest

from local.pauses import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Pauses


@pytest.fixture
def time():
    return [100.0]


@pytest.fixture
def pauses(time):
    return Pauses(lambda: time[0])


def test_what_never_failed_is_due(pauses):
    assert pauses.is_due("a")
    assert pauses.times("a") == 0
    assert pauses.seconds_until_due(["a"]) == 0


def test_what_failed_rests_until_its_pause_is_over(pauses, time):
    seconds = pauses.failed("a")
    assert seconds == FIRST_PAUSE_SECONDS
    assert not pauses.is_due("a")
    time[0] += seconds / 2
    assert not pauses.is_due("a")
    time[0] += seconds / 2
    assert pauses.is_due("a")


def test_each_failure_doubles_the_pause_up_to_the_longest(pauses):
    found = [pauses.failed("a") for _ in range(2000)]
    assert found[:4] == [FIRST_PAUSE_SECONDS * 2**times for times in range(4)]
    assert found[-1] == LONGEST_PAUSE_SECONDS
    assert found == sorted(found)
    assert pauses.times("a") == 2000


def test_what_succeeded_begins_anew(pauses):
    for _ in range(3):
        pauses.failed("a")
    pauses.forget("a")
    pauses.forget("never failed")
    assert pauses.is_due("a")
    assert len(pauses) == 0
    assert pauses.failed("a") == FIRST_PAUSE_SECONDS


def test_one_does_not_keep_the_others_waiting(pauses):
    pauses.failed("a")
    assert pauses.is_due("b")
    assert pauses.times("b") == 0
    assert len(pauses) == 1


def test_the_time_until_the_first_of_several_is_due(pauses, time):
    assert pauses.seconds_until_due([]) is None
    pauses.failed("a")
    pauses.failed("b")
    second = pauses.failed("b")
    assert pauses.seconds_until_due(["a", "b"]) == FIRST_PAUSE_SECONDS
    assert pauses.seconds_until_due(["b"]) == second
    assert pauses.seconds_until_due(["b", "c"]) == 0
    time[0] += 1000
    assert pauses.seconds_until_due(["b"]) == 0
