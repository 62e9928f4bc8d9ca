"""What the adapter makes of answers that our own server never gives: limits, errors, lists of many pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from github import Auth

from algorithms.errors import PlatformError
from lambda_bridge.github import GitHubIssues
from lambda_bridge.github_client import RETRIES, connect
from lambda_bridge.ports import CommentView, IssueView, RateLimitError, StartEvent

API = "/api/v3/repos/o/r"
READS: dict[str, Callable[[GitHubIssues], object]] = {
    "permission": lambda issues: issues.permission("p"),
    "read": lambda issues: issues.read(1),
    "newest_start": lambda issues: issues.newest_start(1),
    "labelled": lambda issues: issues.labelled(datetime(2026, 1, 2, tzinfo=UTC)),
    "comments": lambda issues: issues.comments(1),
}


class Scripted:
    """A server that answers what `answer` says: status, headers and JSON for a method and an address."""

    def __init__(self) -> None:
        self.answer: Callable[[str, str], tuple[int, dict[str, str], Any]] = lambda method, path: (404, {}, {})
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.asked.append(f"{self.command} {self.path}")
                status, headers, content = outer.answer(self.command, self.path)
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.site = f"http://127.0.0.1:{self._server.server_port}"

    def issues(self) -> GitHubIssues:
        return GitHubIssues(connect(Auth.Token("t"), f"{self.site}/api/v3", "o/r"), lambda: "bot")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def github() -> Iterator[Scripted]:
    found = Scripted()
    yield found
    found.close()


@pytest.mark.parametrize("read", READS)
class TestEveryRead:
    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [
            (403, {"Retry-After": "37"}, 37),
            (429, {"Retry-After": "37"}, 37),
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 1),
            (403, {}, 60),
        ],
    )
    def test_a_limit_is_told_at_once(
        self, github: Scripted, read: str, status: int, headers: dict[str, str], seconds: float
    ) -> None:
        message = "You have exceeded a secondary rate limit"
        github.answer = lambda method, path: (status, headers, {"message": message})
        with pytest.raises(RateLimitError, match=message) as caught:
            READS[read](github.issues())
        assert caught.value.seconds == seconds
        assert len(github.asked) == 1, "who is told to wait does not ask again"

    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_a_refusal_is_no_limit(self, github: Scripted, read: str, status: int) -> None:
        github.answer = lambda method, path: (status, {}, {"message": "No"})
        with pytest.raises(PlatformError, match=f"GitHub answered {status}") as caught:
            READS[read](github.issues())
        assert not isinstance(caught.value, RateLimitError)

    def test_an_error_of_the_server_is_asked_again_a_few_times(self, github: Scripted, read: str) -> None:
        github.answer = lambda method, path: (502, {}, {"message": "Server Error"})
        with pytest.raises(PlatformError, match="GitHub answered 502"):
            READS[read](github.issues())
        assert len(github.asked) == 1 + RETRIES


def issue(number: int, **more: Any) -> dict[str, Any]:
    fields = {"title": "T", "body": None, "user": None, "labels": [{"name": "a"}, "b"], "state": "open"}
    return {"number": number, **fields, "html_url": "https://x/1", "updated_at": "2026-01-02T03:04:05Z", **more}


class TestLists:
    def test_pull_requests_are_left_out_and_who_is_gone_is_the_ghost(self, github: Scripted) -> None:
        found = [issue(1), issue(2, pull_request={})]
        github.answer = lambda method, path: (200, {}, found)
        assert READS["labelled"](github.issues()) == [
            IssueView(1, "T", "", "ghost", ("a", "b"), True, "https://x/1", "2026-01-02T03:04:05Z")
        ]
        assert github.asked == [
            f"GET {API}/issues?direction=desc&labels=mlops%3Atrain&per_page=100&since=2026-01-02T00%3A00%3A00Z"
            "&sort=updated&state=all"
        ]

    def test_a_server_without_etags_is_asked_for_all_each_time(self, github: Scripted) -> None:
        issues = github.issues()
        for state in ("open", "closed"):
            found = [issue(1, state=state)]
            github.answer = lambda method, path, found=found: (200, {}, found)  # type: ignore[misc]
            (view,) = issues.labelled(datetime(2026, 1, 2, tzinfo=UTC))
            assert view.open == (state == "open")

    def test_a_comment_of_somebody_who_is_gone(self, github: Scripted) -> None:
        moment = "2026-01-02T03:04:05Z"
        found = [{"id": 7, "body": None, "user": None, "created_at": moment, "updated_at": moment}]
        github.answer = lambda method, path: (200, {}, found)
        assert github.issues().comments(1) == [CommentView(7, "ghost", False, "", False)]


def event(number: int, kind: str = "renamed", actor: str | None = "p") -> dict[str, Any]:
    more = {"label": {"name": "mlops:train"}} if kind == "labeled" else {}
    return {"id": number, "event": kind, "actor": actor and {"login": actor}, **more}


class Pages:
    """A list of events, `size` on a page, with or without the address of the last one."""

    def __init__(self, github: Scripted, path: str, pages: list[list[dict[str, Any]]], last: bool) -> None:
        self._github, self._path, self._pages, self._last = github, path, pages, last

    def __call__(self, method: str, path: str) -> tuple[int, dict[str, str], Any]:
        address = urlsplit(path)
        if address.path != API + self._path:
            return 404, {}, {"message": "Not Found"}
        number = int(parse_qs(address.query).get("page", ["1"])[0])
        shown = {"next": number + 1} if number < len(self._pages) else {}
        if self._last and shown:
            shown["last"] = len(self._pages)
        base = f"{self._github.site}{address.path}?per_page=100&page="
        link = ", ".join(f'<{base}{page}>; rel="{name}"' for name, page in shown.items())
        return 200, {"Link": link} if link else {}, self._pages[number - 1]


def renamed(page: int, size: int = 100) -> list[dict[str, Any]]:
    return [event(1000 * page + number) for number in range(size)]


class TestNewestStart:
    """Events are listed oldest first, and the author of an issue may rename it as often as they like."""

    @pytest.mark.parametrize(("last", "requests"), [(True, 3), (False, 9)])
    def test_the_last_pages_are_read_first(self, github: Scripted, last: bool, requests: int) -> None:
        pages = [[event(1, "labeled"), *renamed(1, 99)], *(renamed(page) for page in range(2, 9)), renamed(9, 5)]
        pages[7][50] = event(8050, "labeled", "maintainer")
        github.answer = Pages(github, "/issues/1/events", pages, last)
        assert github.issues().newest_start(1) == StartEvent(8050, "maintainer")
        assert len(github.asked) == requests

    def test_it_is_found_on_the_first_of_many_pages(self, github: Scripted) -> None:
        pages = [[event(1, "labeled"), *renamed(1, 99)], renamed(2), renamed(3, 1)]
        github.answer = Pages(github, "/issues/1/events", pages, True)
        assert github.issues().newest_start(1) == StartEvent(1, "p")
        assert len(github.asked) == 3

    def test_a_list_that_is_too_long_starts_nothing(self, github: Scripted) -> None:
        pages = [[event(1, "labeled"), *renamed(1, 99)], *(renamed(page) for page in range(2, 60))]
        github.answer = Pages(github, "/issues/1/events", pages, True)
        with pytest.raises(PlatformError, match="issue 1: no start among its last 5000 events"):
            github.issues().newest_start(1)

    def test_where_there_are_no_events_the_timeline_is_read_and_that_is_remembered(self, github: Scripted) -> None:
        found = [event(7, "labeled", None), event(9, "commented"), {"event": "committed", "sha": "x"}]
        github.answer = Pages(github, "/issues/1/timeline", [found], True)
        issues = github.issues()
        assert issues.newest_start(1) == issues.newest_start(1) == StartEvent(7, "ghost")
        assert [path.rpartition("/")[2].partition("?")[0] for path in github.asked] == ["events", *["timeline"] * 2]

    def test_an_issue_that_is_not_there_changes_nothing(self, github: Scripted) -> None:
        issues = github.issues()
        with pytest.raises(PlatformError, match="404"):
            issues.newest_start(1)
        github.answer = Pages(github, "/issues/1/events", [[event(3, "reopened")]], True)
        assert issues.newest_start(1) == StartEvent(3, "p")
