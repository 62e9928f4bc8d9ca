"""A worker of the service goes on whatever its work raises, and tells how often it failed."""

from __future__ import annotations

import logging
import threading

import pytest

from algorithms.errors import PlatformError
from local.steady import Steady

SECONDS = 30
"""After so long a test fails that waits for something."""


class Work:
    """Takes what it does from `items`, exceptions too; `tried` is released once for each of them."""

    def __init__(self):
        self.items, self.done, self.due = [], [], None
        self.tried = threading.Semaphore(0)
        self.steady = Steady("work", self.run, self.seconds_until_due)

    def run(self):
        if not self.items:
            return False
        item = self.items.pop(0)
        self.tried.release()
        if isinstance(item, BaseException):
            raise item
        self.done.append(item)
        return True

    def seconds_until_due(self):
        if isinstance(self.due, Exception):
            due, self.due = self.due, None
            self.tried.release()
            raise due
        return self.due

    def begin(self, *items):
        self.items += items
        self.steady.start()

    def wait(self, times=1):
        for _ in range(times):
            assert self.tried.acquire(timeout=SECONDS)


@pytest.fixture
def work():
    made = Work()
    yield made
    made.steady.close()


@pytest.fixture
def log(caplog):
    """What the module logs, also where the service's log took it away from the root."""
    logger = logging.getLogger("local.steady")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_does_what_is_there_and_what_comes_later(work):
    work.begin(1, 2)
    work.wait(2)
    work.items.append(3)
    work.steady.wake()
    work.wait()
    work.steady.close()
    assert work.done == [1, 2, 3]
    assert work.steady.failing == 0


def test_work_that_raises_is_done_again_after_a_pause(work, log):
    work.begin(ValueError("a defect"), "the next one")
    work.wait(2)
    work.steady.close()
    assert work.done == ["the next one"]
    assert work.steady.failing == 0
    assert "work: failed" in log.text
    assert "ValueError: a defect" in log.text


def test_what_cannot_be_reached_is_told_in_one_line(work, caplog):
    work.begin(PlatformError("GitHub could not be reached"), "the next one")
    work.wait(2)
    work.steady.close()
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
    assert "GitHub could not be reached" in caplog.text


def test_a_thread_that_has_ended_counts_as_failing(work):
    work.begin(SystemExit(1))
    work.wait()
    work.steady.close()
    assert work.steady.failing == 1


def test_waking_it_does_not_cut_the_pause_short(work):
    work.begin(ValueError("a defect"), "the next one")
    work.wait()
    for _ in range(100):
        work.steady.wake()
    assert work.done == []
    assert work.steady.failing == 1
    work.wait()


def test_it_tells_how_often_in_a_row_it_failed(work):
    work.begin(ValueError("one"), ValueError("two"))
    work.wait(2)
    work.steady.close()
    assert work.steady.failing == 2


def test_a_question_that_raises_does_not_end_it(work):
    """A full disk, or a database that is locked: what is due cannot be read."""
    work.due = OSError("disk full")
    work.begin()
    work.wait()
    work.items.append("the next one")
    work.steady.wake()
    work.wait()
    work.steady.close()
    assert work.done == ["the next one"]


def test_close_waits_for_the_piece_of_work(work):
    entered, go_on = threading.Event(), threading.Event()

    def slow():
        entered.set()
        assert go_on.wait(SECONDS)
        work.done.append("whole")
        return False

    steady = Steady("slow", slow, lambda: None)
    steady.start()
    assert entered.wait(SECONDS)
    threading.Timer(0.01, go_on.set).start()
    steady.close()
    assert work.done == ["whole"]


def test_close_before_the_start_is_no_error(work):
    Steady("idle", work.run, lambda: None).close()


def test_its_thread_has_its_name(work):
    names = []
    work.steady = Steady("inbox", lambda: names.append(threading.current_thread().name) or work.run(), lambda: None)
    work.begin("one")
    work.wait()
    work.steady.close()
    assert set(names) == {"inbox"}
