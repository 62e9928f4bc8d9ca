"""Lists that GitHub is asked for: the labelled issues, and the events of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from algorithms.errors import PlatformError
from lambda_bridge.ports import TRAIN_LABEL, IssueView, StartEvent

if TYPE_CHECKING:
    from github.Repository import Repository

GHOST = "ghost"
"""The account that GitHub shows in the place of a deleted one."""
PAGE = 100
MOST_PAGES = 50
MOST_KNOWN = 1000
"""Lists of events of which the last answer is remembered."""
LAST = re.compile(r'[?&]page=([0-9]{1,9})[^>]*>; rel="last"')
"""In the header Link ("Using pagination in the REST API")."""


def view(issue: Mapping[str, Any]) -> IssueView:
    """An issue of the REST API ("Get an issue")."""
    return IssueView(
        number=issue["number"],
        title=issue["title"],
        body=issue.get("body") or "",
        author=_login(issue.get("user")),
        labels=tuple(label["name"] if isinstance(label, dict) else label for label in issue["labels"]),
        open=issue["state"] == "open",
        url=issue["html_url"],
        updated=issue.get("updated_at") or "",
    )


def _login(user: Mapping[str, Any] | None) -> str:
    return str(user["login"]) if user else GHOST


class Labelled:
    """The labelled issues of a repository.

    While they fit on one page, it is asked for with the ETag of the last answer, which costs nothing as long as nothing
    changed ("Use conditional requests if appropriate" of GitHub's REST documentation).
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._known: tuple[str, str, list[IssueView]] | None = None
        """Address, ETag and what was there."""

    def since(self, moment: datetime) -> list[IssueView]:
        """Those that changed since the day of `moment`: by the day, so that the address stays the same for a while."""
        day = moment.astimezone(UTC).strftime("%Y-%m-%dT00:00:00Z")
        url = f"{self._repository.url}/issues?labels={quote(TRAIN_LABEL)}&state=all&sort=updated&direction=desc"
        url += f"&since={quote(day)}&per_page={PAGE}"
        address, etag, found = self._known or ("", "", [])
        asked = {"If-None-Match": etag} if etag and address == url else {}
        headers, page = self._repository.requester.requestJsonAndCheck("GET", url, headers=dict(asked))
        if page is None and asked:
            return found
        issues = [issue for issue in _rest(self._repository, url, page or []) if "pull_request" not in issue]
        found = list({issue["number"]: view(issue) for issue in issues}.values())
        self._known = (url, headers.get("etag") or "", found) if len(page or []) < PAGE else None
        return found


class Starts:
    """The events of issues that can start a run. Where a server has no list of events, the timeline is read."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._list = "events"
        self._known: dict[str, tuple[str, StartEvent | None]] = {}
        """Address -> ETag and what was found, of lists of one page."""

    def newest(self, issue: int) -> StartEvent | None:
        """None: there is none. Raises PlatformError where it is not among the last MOST_PAGES pages."""
        from github import UnknownObjectException

        try:
            return self._newest(issue, self._list)
        except UnknownObjectException:
            found = self._newest(issue, "timeline")
            self._list = "timeline"
            return found

    def _newest(self, issue: int, name: str) -> StartEvent | None:
        url = f"{self._repository.url}/issues/{issue}/{name}?per_page={PAGE}"
        etag, known = self._known.get(url, ("", None))
        asked = {"If-None-Match": etag} if etag else {}
        headers, first = self._repository.requester.requestJsonAndCheck("GET", url, headers=dict(asked))
        if first is None and asked:
            return known
        found = self._search(issue, url, headers, first or [])
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if headers.get("etag") and len(first or []) < PAGE:
            self._known[url] = (headers["etag"], found)
        return found

    def _search(
        self, issue: int, url: str, headers: Mapping[str, str], first: list[dict[str, Any]]
    ) -> StartEvent | None:
        for number, page in enumerate(_newest_first(self._repository, url, headers, first)):
            if number == MOST_PAGES:
                raise PlatformError(
                    f"issue {issue}: no start among its last {MOST_PAGES * PAGE} events. Open a new issue."
                )
            found = [_start(event) for event in page if _is_start(event)]
            if found:
                return max(found, key=lambda start: start.id)
        return None


def _newest_first(
    repository: Repository, url: str, headers: Mapping[str, str], first: list[dict[str, Any]]
) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list with its oldest entry first, of which the first was read.

    Of a server that does not tell its last page: all as one.
    """
    last = LAST.search(headers.get("link") or "")
    if last is None:
        yield list(_rest(repository, url, first))
        return
    for number in range(int(last.group(1)), 1, -1):
        yield repository.requester.requestJsonAndCheck("GET", f"{url}&page={number}")[1] or []
    yield first


def _start(event: Mapping[str, Any]) -> StartEvent:
    return StartEvent(int(event["id"]), _login(event.get("actor")), event.get("created_at") or "")


def moment(at: datetime) -> str:
    """A moment as GitHub writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_start(event: Mapping[str, Any]) -> bool:
    if event.get("event") != "labeled":
        return event.get("event") == "reopened"
    return (event.get("label") or {}).get("name") == TRAIN_LABEL


def _rest(repository: Repository, url: str, page: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is on the first page, which was read, and on those after it. One that is not full is the last.

    Raises PlatformError where there are more than MOST_PAGES.
    """
    number = 1
    while True:
        yield from page
        if len(page) < PAGE:
            return
        if number == MOST_PAGES:
            raise PlatformError(f"{urlsplit(url).path}: has more than {MOST_PAGES * PAGE} entries, which is too many.")
        number += 1
        page = repository.requester.requestJsonAndCheck("GET", f"{url}&page={number}")[1] or []
