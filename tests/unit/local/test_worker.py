"""The worker's thread: works while there is work, wakes, tells, ends."""

from __future__ import annotations

import threading

import pytest

from local.worker import Worker


@pytest.fixture
def work():
    """`items` to do; `done` what was done."""

    class Work:
        def __init__(self):
            self.items, self.done, self.due = [], [], None
            self.worker = Worker(self.run_due, lambda: self.due)

        def run_due(self):
            if not self.items:
                return False
            item = self.items.pop(0)
            if isinstance(item, BaseException):
                raise item
            self.done.append(item)
            return True

    made = Work()
    yield made
    made.worker.close()


def test_does_what_is_there_in_order(work):
    work.items += [1, 2, 3]
    work.worker.start()
    assert work.worker.wait(lambda: len(work.done) == 3 or None)
    assert work.done == [1, 2, 3]


def test_sleeps_until_it_is_woken(work):
    work.worker.start()
    timer = threading.Timer(0.01, lambda: (work.items.append("late"), work.worker.wake()))
    timer.start()
    assert work.worker.wait(lambda: work.done or None) == ["late"]


def test_wakes_by_itself_when_something_is_due(work):
    work.due = 0.01
    threading.Timer(0.03, lambda: work.items.append("due")).start()
    work.worker.start()
    assert work.worker.wait(lambda: work.done or None) == ["due"]


def test_what_is_due_now_does_not_wait(work):
    work.due = 0.0
    work.worker.start()
    work.items.append("due")
    assert work.worker.wait(lambda: work.done or None) == ["due"]


def test_a_defect_is_raised_where_somebody_waits(work):
    work.items.append(KeyError("defect"))
    work.worker.start()
    with pytest.raises(KeyError, match="defect"):
        work.worker.wait(lambda: None)


def test_close_ends_the_thread_after_the_piece_of_work(work):
    entered, go_on = threading.Event(), threading.Event()

    def slow():
        entered.set()
        go_on.wait()
        work.done.append("whole")
        return True

    worker = Worker(slow, lambda: None)
    worker.start()
    entered.wait()
    threading.Timer(0.01, go_on.set).start()
    worker.close()
    assert work.done[:1] == ["whole"]


def test_close_before_the_start_is_no_error(work):
    Worker(work.run_due, lambda: None).close()


def test_close_waits_no_longer_than_it_is_told():
    entered, go_on = threading.Event(), threading.Event()

    def slow():
        entered.set()
        return not go_on.wait()

    worker = Worker(slow, lambda: None)
    worker.start()
    assert entered.wait(30)
    assert not worker.close(0.01)
    go_on.set()
    assert worker.close()


def test_a_worker_that_a_defect_has_ended_says_so(work):
    work.items.append(SystemExit(1))
    work.worker.start()
    with pytest.raises(SystemExit):
        work.worker.wait(lambda: None)
    assert work.worker.broken
