"""What happened to pipeline executions is told of each, one after the other, and again where that failed."""

from __future__ import annotations

import threading

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.pipeline_events import on_event
from lambda_bridge.ports import ConflictError
from local.news import News, pipeline_event


class Told:
    """Who is told; it raises what `refusals` holds for an ARN, one after the other."""

    def __init__(self):
        self.arns, self.refusals = [], {}
        self.news = News(self)

    def __call__(self, arn):
        self.arns.append(arn)
        if self.refusals.get(arn):
            raise self.refusals[arn].pop(0)

    def tell_all(self):
        while self.news.run_due():
            pass
        return self.arns


@pytest.fixture
def told():
    return Told()


def test_nothing_happened(told):
    assert not told.news.run_due()
    assert told.news.seconds_until_due() is None


def test_each_is_told_once_in_the_order_of_the_first_event(told):
    for arn in ("a", "b", "a", "c", "b", "a"):
        told.news.put(arn)
    assert told.news.seconds_until_due() == 0
    assert told.tell_all() == ["a", "b", "c"]
    assert told.news.seconds_until_due() is None
    told.news.put("a")
    assert told.tell_all() == ["a", "b", "c", "a"]


def test_what_happens_while_it_is_told_is_told_too(told):
    told.news.put("a")
    again = iter([True])
    news = News(lambda event: (told(event), next(again, False) and news.put("a")))
    news.put("a")
    while news.run_due():
        pass
    assert told.arns == ["a", "a"]


@pytest.mark.parametrize("error", [PlatformError("throttled"), ConflictError("record 7")])
def test_one_that_failed_comes_again_and_the_others_go_on(told, error):
    told.refusals["a"] = [error]
    told.news.put("a")
    told.news.put("b")
    assert told.tell_all() == ["a", "b"]
    seconds = told.news.seconds_until_due()
    assert seconds is not None
    assert seconds > 0
    told.news.put("a")
    assert told.news.seconds_until_due() == 0, "the events are looked through"
    assert told.tell_all() == ["a", "b"], "it rests all the same"
    threading.Event().wait(seconds)
    while told.news.run_due() or told.news.seconds_until_due():
        pass
    assert told.arns == ["a", "b", "a"]


def test_a_defect_is_raised_and_the_others_go_on(told):
    told.refusals["a"] = [KeyError("a defect")]
    told.news.put("a")
    told.news.put("b")
    with pytest.raises(KeyError):
        told.news.run_due()
    assert told.news.failing == 1
    assert told.tell_all() == ["a", "b"]
    threading.Event().wait(told.news.seconds_until_due())
    assert told.tell_all() == ["a", "b", "a"], "it comes again"
    assert told.news.failing == 0


def test_events_come_from_many_threads(told):
    threads = [threading.Thread(target=told.news.put, args=(str(number),)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told.tell_all(), key=int) == [str(number) for number in range(50)]


def test_the_event_is_one_that_the_bridge_reads():
    asked = []

    class Pipelines:
        def describe(self, arn):
            asked.append(arn)
            raise PlatformError("enough")

    class Ports:
        pipelines = Pipelines()

    with pytest.raises(PlatformError, match="enough"):
        on_event(Ports(), pipeline_event("arn:of:it"))
    assert asked == ["arn:of:it"]
