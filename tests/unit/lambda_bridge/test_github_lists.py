"""Lists of GitHub, page by page, over a repository in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from github import UnknownObjectException

from algorithms.errors import PlatformError
from lambda_bridge import github_lists
from lambda_bridge.github_lists import GHOST, MOST_PAGES, PAGE, Labelled, Starts, view
from lambda_bridge.ports import TRAIN_LABEL, StartEvent

ROOT = "https://api.example.org/repos/local/models"
MOMENT = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)


def issue(number, **changes):
    found = {
        "number": number,
        "title": "Iris",
        "body": "the body",
        "user": {"login": "owner"},
        "labels": [{"name": TRAIN_LABEL}],
        "state": "open",
        "html_url": f"https://example.org/{number}",
        "updated_at": "2026-01-31T00:00:00Z",
    }
    return found | changes


def event(number, kind="labeled", label=TRAIN_LABEL, actor="owner"):
    return {
        "id": number,
        "event": kind,
        "label": {"name": label},
        "actor": None if actor is None else {"login": actor},
    }


class Repository:
    """Answers lists by the last word of their path; a list that is not there is a 404. `asked`: path and page."""

    def __init__(self, links=True, **lists):
        self.url, self.requester, self.lists, self.links = ROOT, self, lists, links
        self.asked, self.conditions, self.etag = [], [], 'W/"1"'

    def requestJsonAndCheck(self, method, url, headers=None):  # noqa: N802 (PyGithub's name)
        assert method == "GET"
        parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
        name, number = parts.path.rpartition("/")[2], int(query.get("page", ["1"])[0])
        self.asked.append((name, number))
        self.conditions.append((headers or {}).get("If-None-Match"))
        if name not in self.lists:
            raise UnknownObjectException(404, {"message": "Not Found"}, {})
        if self.etag is not None and self.conditions[-1] == self.etag:
            return {}, None
        items = self.lists[name]
        last = max(1, -(-len(items) // PAGE))
        link = f'<{ROOT}/x?page=2>; rel="next", <{ROOT}/x?per_page=100&page={last}>; rel="last"'
        headers = {"etag": self.etag} if self.etag else {}
        if self.links and last > 1 and number < last:
            headers["link"] = link
        return headers, items[(number - 1) * PAGE : number * PAGE]


class TestView:
    def test_what_may_be_missing(self):
        found = view(issue(7, body=None, user=None, labels=["plain", {"name": "x"}], state="closed"))
        assert (found.body, found.author, found.labels, found.open) == ("", GHOST, ("plain", "x"), False)
        assert found.updated == "2026-01-31T00:00:00Z"


class TestLabelled:
    def test_pull_requests_are_left_out(self):
        repository = Repository(issues=[issue(3, pull_request={"url": "x"}), issue(2)])
        assert [found.number for found in Labelled(repository).since(MOMENT)] == [2]

    def test_what_is_asked_for_stays_the_same_for_a_day(self):
        urls = []

        class Noting(Repository):
            def requestJsonAndCheck(self, method, url, headers=None):  # noqa: N802
                urls.append(url)
                return super().requestJsonAndCheck(method, url, headers)

        labelled = Labelled(Noting(issues=[]))
        labelled.since(MOMENT.replace(hour=0, minute=0))
        labelled.since(MOMENT)
        assert urls[0] == urls[1]
        query = parse_qs(urlsplit(urls[0]).query)
        assert (query["labels"], query["state"], query["since"]) == ([TRAIN_LABEL], ["all"], ["2026-01-31T00:00:00Z"])
        assert (query["sort"], query["direction"], query["per_page"]) == (["updated"], ["desc"], [str(PAGE)])

    def test_the_etag_of_the_last_answer_is_sent(self):
        repository = Repository(issues=[issue(1)])
        labelled = Labelled(repository)
        first = labelled.since(MOMENT)
        assert labelled.since(MOMENT) == first
        repository.etag, repository.lists["issues"] = 'W/"2"', [issue(2)]
        assert [found.number for found in labelled.since(MOMENT)] == [2]
        assert [found.number for found in labelled.since(MOMENT)] == [2]
        assert repository.conditions == [None, 'W/"1"', 'W/"1"', 'W/"2"']

    def test_a_server_without_etags_is_asked_anew(self):
        repository = Repository(issues=[issue(1)])
        repository.etag = None
        labelled = Labelled(repository)
        assert labelled.since(MOMENT) == labelled.since(MOMENT)
        assert repository.conditions == [None, None]

    @pytest.mark.parametrize(("issues", "pages"), [(PAGE - 1, 1), (PAGE, 2), (PAGE + 1, 2)])
    def test_a_full_page_has_one_after_it(self, issues, pages):
        repository = Repository(issues=[issue(number) for number in range(issues)])
        labelled = Labelled(repository)
        assert len(labelled.since(MOMENT)) == issues
        assert repository.asked == [("issues", number) for number in range(1, pages + 1)]
        labelled.since(MOMENT)
        assert (repository.conditions[pages] is not None) == (pages == 1), "the ETag is that of one page"

    def test_one_that_moves_between_two_pages_is_there_once(self):
        issues = [issue(number) for number in range(PAGE)]
        found = Labelled(Repository(issues=[*issues, issues[-1]])).since(MOMENT)
        assert [one.number for one in found] == list(range(PAGE))

    def test_there_may_be_too_many(self):
        most = MOST_PAGES * PAGE
        assert len(Labelled(Repository(issues=[issue(number) for number in range(most - 1)])).since(MOMENT)) == most - 1
        with pytest.raises(PlatformError, match=f"has more than {most} entries"):
            Labelled(Repository(issues=[issue(number) for number in range(most + 1)])).since(MOMENT)


class TestStarts:
    def test_the_newest_of_one_page(self):
        events = [event(1), event(2, "closed"), event(3, "reopened", actor="ann"), event(4, label="other")]
        repository = Repository(events=events)
        assert Starts(repository).newest(7) == StartEvent(3, "ann")
        assert repository.asked == [("events", 1)]

    def test_there_is_none(self):
        for events in ([], [event(1, "closed"), event(2, label="other"), event(3, "unlabeled")]):
            assert Starts(Repository(events=events)).newest(7) is None

    def test_a_deleted_account(self):
        assert Starts(Repository(events=[event(1, actor=None)])).newest(7) == StartEvent(1, GHOST)

    def test_a_label_that_github_does_not_tell_any_more(self):
        assert Starts(Repository(events=[{"id": 1, "event": "labeled", "label": None}])).newest(7) is None

    def test_the_last_page_is_looked_at_first(self):
        events = [event(number, "closed") for number in range(5 * PAGE)]
        events[1], events[4 * PAGE] = event(1), event(4 * PAGE)
        repository = Repository(events=events)
        assert Starts(repository).newest(7) == StartEvent(4 * PAGE, "owner")
        assert repository.asked == [("events", 1), ("events", 5)]

    def test_then_those_before_it_and_the_first_is_not_read_again(self):
        events = [event(1), *(event(number, "closed") for number in range(2, 3 * PAGE))]
        repository = Repository(events=events)
        assert Starts(repository).newest(7) == StartEvent(1, "owner")
        assert repository.asked == [("events", 1), ("events", 3), ("events", 2)]

    def test_a_server_that_does_not_tell_its_last_page(self):
        events = [event(1), *(event(number, "closed") for number in range(2, 2 * PAGE)), event(999, "reopened")]
        repository = Repository(links=False, events=[*events, event(1000, "closed")])
        assert Starts(repository).newest(7) == StartEvent(999, "owner")
        assert repository.asked == [("events", 1), ("events", 2), ("events", 3)]

    def test_a_start_too_far_back_is_told(self):
        events = [event(1), *(event(number, "closed") for number in range(2, (MOST_PAGES + 2) * PAGE))]
        with pytest.raises(PlatformError, match="issue 7: no start among its last 5000 events"):
            Starts(Repository(events=events)).newest(7)

    def test_where_there_is_no_list_of_events_the_timeline_is_read(self):
        timeline = [{"event": "committed", "sha": "x"}, {"event": "commented", "id": 99}, event(5)]
        repository = Repository(timeline=timeline)
        starts = Starts(repository)
        assert starts.newest(7) == StartEvent(5, "owner")
        assert starts.newest(8) == StartEvent(5, "owner")
        assert repository.asked == [("events", 1), ("timeline", 1), ("timeline", 1)], "it is remembered"

    def test_an_issue_that_is_not_there_changes_nothing(self):
        repository = Repository()
        starts = Starts(repository)
        with pytest.raises(UnknownObjectException):
            starts.newest(7)
        repository.lists["events"] = [event(1)]
        assert starts.newest(8) == StartEvent(1, "owner")


def test_pages_are_as_large_as_github_makes_them():
    """At most 100 ("Using pagination in the REST API")."""
    assert github_lists.PAGE == 100
