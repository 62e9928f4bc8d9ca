"""What the local GitHub keeps in the workspace's database: reading. Rows come with what their JSON needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from local.github.problems import not_found
from local.store import Store

Row = sqlite3.Row

ISSUES = (
    "SELECT i.*, u.login AS login, u.id AS user_id, u.type AS user_type,"
    " (SELECT count(*) FROM github_comments c WHERE c.issue = i.number) AS comments"
    " FROM github_issues i JOIN github_users u ON u.id = i.author"
)
COMMENTS = (
    "SELECT c.*, u.login AS login, u.id AS user_id, u.type AS user_type"
    " FROM github_comments c JOIN github_users u ON u.id = c.author"
)
EVENTS = (
    "SELECT e.*, u.login AS login, u.id AS user_id, u.type AS user_type"
    " FROM github_events e JOIN github_users u ON u.id = e.actor"
)
REACTIONS = (
    "SELECT r.*, u.login AS login, u.id AS user_id, u.type AS user_type"
    " FROM github_reactions r JOIN github_users u ON u.id = r.user"
)
LABELS = "SELECT * FROM github_labels ORDER BY name"


@dataclass(frozen=True)
class Page:
    """One page of a list: `number` counts from 1."""

    number: int = 1
    size: int = 30

    @property
    def clause(self) -> str:
        """For the end of a query. One more row than fits tells whether there is a next page."""
        return f" LIMIT {self.size + 1} OFFSET {(self.number - 1) * self.size}"


@dataclass(frozen=True)
class IssueFilter:
    """Which issues a list holds, and in which order. `since`: a stored moment."""

    state: Literal["open", "closed", "all"] = "open"
    labels: Sequence[str] = ()
    since: str | None = None
    sort: Literal["created", "updated", "comments"] = "created"
    descending: bool = True


class Records:
    """Reads. Methods that name one thing raise GitHubError 404 where it does not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def user(self, login: str) -> Row:
        """Columns: id, login, type, created."""
        return self._one("SELECT * FROM github_users WHERE login = ?", login)

    def issue(self, number: int) -> Row:
        """An issue with its author and how many comments it has."""
        return self._one(f"{ISSUES} WHERE i.number = ?", number)

    def issues(self, chosen: IssueFilter, page: Page) -> list[Row]:
        """One page, and one row more if there is a next one."""
        where, values = _conditions(chosen)
        column = {"created": "i.created", "updated": "i.updated", "comments": "comments"}[chosen.sort]
        order = "DESC" if chosen.descending else "ASC"
        text = f"{ISSUES} WHERE {where} ORDER BY {column} {order}, i.number {order}{page.clause}"
        return self._store.rows(text, *values)

    def open_issues(self) -> int:
        """How many issues are open."""
        return int(self._one("SELECT count(*) AS n FROM github_issues WHERE state = 'open'")["n"])

    def label(self, name: str) -> Row:
        """A label of the repository; letters in any case."""
        return self._one("SELECT * FROM github_labels WHERE name = ?", name)

    def labels(self, page: Page | None = None) -> list[Row]:
        """The labels of the repository, by name."""
        return self._store.rows(LABELS + (page.clause if page else ""))

    def labels_of(self, issue: int) -> list[Row]:
        """The labels of an issue, by name."""
        query = "SELECT l.* FROM github_labels l JOIN github_issue_labels x ON x.label = l.id WHERE x.issue = ?"
        return self._store.rows(f"{query} ORDER BY l.name", issue)

    def comment(self, number: int) -> Row:
        """A comment with its author."""
        return self._one(f"{COMMENTS} WHERE c.id = ?", number)

    def comments(self, issue: int | None, since: str | None, page: Page, order: str = "c.id") -> list[Row]:
        """Comments of an issue, or of all. `order`: one of ours, never a stranger's text."""
        where = f"(?1 IS NULL OR c.issue = ?1) AND (?2 IS NULL OR c.updated >= ?2) ORDER BY {order}{page.clause}"
        return self._store.rows(f"{COMMENTS} WHERE {where}", issue, since)

    def events(self, issue: int) -> list[Row]:
        """What happened to an issue, oldest first, without comments."""
        return self._store.rows(f"{EVENTS} WHERE e.issue = ? ORDER BY e.id", issue)

    def all_comments(self, issue: int) -> list[Row]:
        """The comments of an issue, oldest first."""
        return self._store.rows(f"{COMMENTS} WHERE c.issue = ? ORDER BY c.id", issue)

    def reactions(self, comment: int) -> list[Row]:
        """The reactions on a comment, oldest first."""
        return self._store.rows(f"{REACTIONS} WHERE r.comment = ? ORDER BY r.id", comment)

    def reaction(self, number: int) -> Row:
        """A reaction with its user."""
        return self._one(f"{REACTIONS} WHERE r.id = ?", number)

    def reaction_counts(self, comment: int) -> dict[str, int]:
        """Content -> how many."""
        query = "SELECT content, count(*) AS n FROM github_reactions WHERE comment = ? GROUP BY content"
        return {row["content"]: row["n"] for row in self._store.rows(query, comment)}

    def is_protected(self, branch: str) -> bool:
        """Whether the branch takes no commits through the API."""
        return self._store.row("SELECT 1 FROM github_protected_branches WHERE name = ?", branch) is not None

    def _one(self, query: str, *values: object) -> Row:
        row = self._store.row(query, *values)
        if row is None:
            raise not_found()
        return row


def _conditions(chosen: IssueFilter) -> tuple[str, list[Any]]:
    where, values = ["1"], list[Any]()
    if chosen.state != "all":
        where, values = [*where, "i.state = ?"], [*values, chosen.state]
    if chosen.since is not None:
        where, values = [*where, "i.updated >= ?"], [*values, chosen.since]
    for name in chosen.labels:
        where.append(
            "EXISTS (SELECT 1 FROM github_issue_labels x JOIN github_labels l ON l.id = x.label"
            " WHERE x.issue = i.number AND l.name = ?)"
        )
        values.append(name)
    return " AND ".join(where), values
