"""The issues of a repository, through PyGithub: on github.com, GitHub Enterprise, or the local mode's own server."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, get_args
from urllib.parse import quote

from lambda_bridge.github_client import refusals
from lambda_bridge.github_lists import GHOST, Labelled, Starts, moment, view
from lambda_bridge.labels import LABELS
from lambda_bridge.ports import CommentView, IssueView, Permission, StartEvent, StateLabel

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.Repository import Repository

LONGEST_COMMENT = 65_536
LOCKS = 64
"""So many issues may be commented on at once; others may have to wait for one of them."""
STATE_LABELS = frozenset(get_args(StateLabel))
COLOURS = {label.name: label.colour for label in LABELS if label.name in STATE_LABELS}
MARKER = re.compile(r"<!-- mlops:([a-z0-9-]{1,100}) -->\Z")


class GitHubIssues:
    """The issues, as one account sees and changes them. `login` tells its name; it is asked once, when needed."""

    def __init__(self, repository: Repository, login: Callable[[], str]) -> None:
        self._repository = repository
        self._ask_login = login
        self._labelled = Labelled(repository)
        self._starts = Starts(repository)
        self._writing = [threading.Lock() for _ in range(LOCKS)]

    @cached_property
    def _login(self) -> str:
        return self._ask_login()

    def me(self) -> str:
        """See `lambda_bridge.ports.Issues`."""
        return self._login

    def permission(self, user: str) -> Permission:
        """See `lambda_bridge.ports.Issues`. `role_name` tells maintain and triage from write and read."""
        url = f"{self._repository.url}/collaborators/{quote(user, safe='')}/permission"
        with refusals():
            _, data = self._repository.requester.requestJsonAndCheck("GET", url)
        for name in (data.get("role_name"), data.get("permission")):
            if name in get_args(Permission):
                return name  # type: ignore[no-any-return]
        return "none"

    def read(self, issue: int) -> IssueView:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            return view(self._issue(issue).raw_data)

    def newest_start(self, issue: int) -> StartEvent | None:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            return self._starts.newest(issue)

    def labelled(self, since: datetime) -> Sequence[IssueView]:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            return self._labelled.since(since)

    def comments(self, issue: int) -> Sequence[CommentView]:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            return [self._comment_view(comment) for comment in self._issue(issue).get_comments()]

    def _comment_view(self, comment: IssueComment) -> CommentView:
        author = _author(comment)
        body = comment.body or ""
        found = MARKER.search(body.rstrip()) if self._is_me(author) else None
        bot = self._is_me(author) or author.endswith("[bot]") or bool(comment.user and comment.user.type == "Bot")
        edited = comment.updated_at != comment.created_at
        marker = found.group(1) if found else None
        return CommentView(comment.id, author, bot, body, edited, marker, moment(comment.created_at))

    def write(self, issue: int, marker: str, text: str, known: int | None = None) -> int:
        """See `lambda_bridge.ports.Issues`."""
        ending = f"\n<!-- mlops:{marker} -->\n"
        body = text.rstrip("\n")[: LONGEST_COMMENT - len(ending) - 1] + f"\n{ending}"
        with refusals(), self._writing[issue % LOCKS]:
            found = self._known(issue, ending.strip(), known) or self._only(issue, ending.strip())
            if found is None:
                made = self._issue(issue).create_comment(body)
                found = self._only(issue, ending.strip()) or made  # somebody else may have made one meanwhile
            if found.body.strip() != body.strip():
                found.edit(body)
            return found.id

    def _known(self, issue: int, ending: str, known: int | None) -> IssueComment | None:
        """The comment that the caller remembers, if it is there."""
        from github import UnknownObjectException

        if known is not None:
            with suppress(UnknownObjectException):
                found = self._issue(issue).get_comment(known)
                return found if self._is_mine(found, ending) else None
        return None

    def _only(self, issue: int, ending: str) -> IssueComment | None:
        """The oldest of the account's own comments that end in the marker; later ones are deleted."""
        mine = [comment for comment in self._issue(issue).get_comments() if self._is_mine(comment, ending)]
        found = sorted(mine, key=lambda comment: comment.id)
        for comment in found[1:]:
            _delete(comment)
        return found[0] if found else None

    def _is_mine(self, comment: IssueComment, ending: str) -> bool:
        return self._is_me(_author(comment)) and (comment.body or "").rstrip().endswith(ending)

    def _is_me(self, author: str) -> bool:
        return author.lower() == self._login.lower()

    def react(self, issue: int, comment: int) -> None:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            self._issue(issue).get_comment(comment).create_reaction("eyes")

    def set_label(self, issue: int, label: StateLabel) -> None:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            found = self._issue(issue)
            before = {item.name for item in found.labels}
            if label not in before:
                self._ensure_label(label)
                found.add_to_labels(label)
            for other in sorted(before & STATE_LABELS - {label}):
                _remove(found, other)

    def _ensure_label(self, label: StateLabel) -> None:
        if label in self._labels:
            return
        from github import GithubException

        try:
            self._repository.create_label(label, COLOURS[label])
        except GithubException as error:
            if error.status != 422:
                raise
        self._labels.add(label)

    @cached_property
    def _labels(self) -> set[str]:
        return {label.name for label in self._repository.get_labels()}

    def _issue(self, number: int) -> Issue:
        """An issue that is read when something of it is asked for."""
        return self._repository.get_issue(number)


def _author(comment: IssueComment) -> str:
    return comment.user.login if comment.user else GHOST


def _delete(comment: IssueComment) -> None:
    from github import UnknownObjectException

    with suppress(UnknownObjectException):
        comment.delete()


def _remove(issue: Issue, label: str) -> None:
    from github import UnknownObjectException

    try:
        issue.remove_from_labels(label)
    except UnknownObjectException:
        return
