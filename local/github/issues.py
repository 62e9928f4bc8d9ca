"""The rules of issues and labels: who may change what, and what a change leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local.github import labels
from local.github.payloads import Payload
from local.github.problems import GitHubError, invalid, not_allowed
from local.github.records import Row
from local.github.users import User

if TYPE_CHECKING:
    from local.github.journal import Journal
    from local.github.service import LocalGitHub

LONGEST_BODY = 65_536
LONGEST_TITLE = 256


@dataclass(frozen=True)
class IssueEdit:
    """What to change; None: as it is. An empty body is a body."""

    title: str | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    state_reason: str | None = None
    labels: Sequence[str] | None = None


class Issues:
    """Writes. Every method raises GitHubError, and changes nothing then."""

    def __init__(self, github: LocalGitHub) -> None:
        self._github = github
        self._records = github.records

    def create(self, user: User, title: str, body: str | None, names: Sequence[str]) -> Payload:
        """Opens an issue. Labels of somebody who may not set them are dropped, as GitHub does."""
        check_title(title)
        check_body("Issue", body)
        with self._github.change(user) as journal:
            number = journal.db.execute(
                "INSERT INTO github_issues (title, body, state, author, created, updated)"
                " VALUES (?, ?, 'open', ?, ?, ?)",
                (title, body, journal.actor, journal.at, journal.at),
            ).lastrowid
            put = labels.put_on(journal.db, int(number or 0), names if user.has("triage") else ())
            journal.issues("opened", int(number or 0))
            journal.labels("labeled", int(number or 0), put)
            return self._github.shapes.issue(int(number or 0))

    def edit(self, user: User, number: int, edit: IssueEdit) -> Payload:
        """Changes an issue. Title and body: its author, or with write; state: its author, or with triage."""
        with self._github.change(user) as journal:
            before = self._records.issue(number)
            self._edit_text(user, before, edit, journal)
            self._edit_state(user, before, edit, journal)
            if edit.labels is not None and user.has("triage"):
                self._set_labels(number, edit.labels, journal)
            return self._github.shapes.issue(number)

    def add_labels(self, user: User, number: int, names: Sequence[str]) -> list[Payload]:
        """Puts labels on an issue; unknown ones are made."""
        with self._github.change(user) as journal:
            self._may_label(user, number)
            put = labels.put_on(journal.db, number, names)
            self._labelled(number, put, [], journal)
            return self.labels_of(number)

    def set_labels(self, user: User, number: int, names: Sequence[str]) -> list[Payload]:
        """Makes the labels of an issue exactly these."""
        with self._github.change(user) as journal:
            self._may_label(user, number)
            self._set_labels(number, names, journal)
            return self.labels_of(number)

    def remove_label(self, user: User, number: int, name: str) -> list[Payload]:
        """Takes a label off. Raises GitHubError 404 where it is not on the issue."""
        with self._github.change(user) as journal:
            self._may_label(user, number)
            taken = [label for label in self._records.labels_of(number) if label["name"].lower() == name.lower()]
            if not taken:
                raise GitHubError(404, "Label does not exist")
            self._labelled(number, [], labels.take_off(journal.db, number, taken), journal)
            return self.labels_of(number)

    def create_label(self, user: User, name: str, color: str, description: str | None) -> Payload:
        """Adds a label to the repository."""
        user.must_have("write")
        with self._github.change(user) as journal:
            return self._github.shapes.label(labels.create(journal.db, name, color, description))

    def edit_label(self, user: User, label: Row, name: str, color: str, description: str | None) -> Payload:
        """Changes a label of the repository."""
        user.must_have("write")
        with self._github.change(user) as journal:
            return self._github.shapes.label(labels.edit(journal.db, label["id"], name, color, description))

    def labels_of(self, number: int) -> list[Payload]:
        """The labels of an issue. Raises GitHubError 404."""
        self._records.issue(number)
        return [self._github.shapes.label(row) for row in self._records.labels_of(number)]

    def _may_label(self, user: User, number: int) -> None:
        self._records.issue(number)
        user.must_have("triage")

    def _set_labels(self, number: int, names: Sequence[str], journal: Journal) -> None:
        wanted = {name.strip().lower() for name in names}
        extra = [label for label in self._records.labels_of(number) if label["name"].lower() not in wanted]
        taken = labels.take_off(journal.db, number, extra)
        self._labelled(number, labels.put_on(journal.db, number, names), taken, journal)

    def _labelled(self, number: int, put: list[Row], taken: list[Row], journal: Journal) -> None:
        if put or taken:
            journal.touch(number)
        journal.labels("unlabeled", number, taken)
        journal.labels("labeled", number, put)

    def _edit_text(self, user: User, before: Row, edit: IssueEdit, journal: Journal) -> None:
        changes = {
            name: {"from": before[name] or ""}
            for name, text in (("title", edit.title), ("body", edit.body))
            if text is not None and text != (before[name] or "")
        }
        if edit.title is None and edit.body is None:
            return
        if not _is_author(user, before) and not user.has("write"):
            raise not_allowed()
        title = before["title"] if edit.title is None else check_title(edit.title)
        body = before["body"] if edit.body is None else check_body("Issue", edit.body)
        if not changes:
            return
        query = "UPDATE github_issues SET title = ?, body = ? WHERE number = ?"
        journal.db.execute(query, (title, body, before["number"]))
        journal.touch(before["number"])
        if "title" in changes:
            journal.happened(before["number"], "renamed", {"rename": {"from": before["title"], "to": title}})
        journal.issues("edited", before["number"], changes=changes)

    def _edit_state(self, user: User, before: Row, edit: IssueEdit, journal: Journal) -> None:
        if edit.state is None:
            return
        if not _is_author(user, before) and not user.has("triage"):
            raise not_allowed()
        if edit.state == before["state"]:
            return
        closed = edit.state == "closed"
        reason = (edit.state_reason or "completed") if closed else "reopened"
        journal.db.execute(
            "UPDATE github_issues SET state = ?, state_reason = ?, closed = ? WHERE number = ?",
            (edit.state, reason, journal.at if closed else None, before["number"]),
        )
        journal.touch(before["number"])
        action = "closed" if closed else "reopened"
        journal.happened(before["number"], action, {"state_reason": reason if closed else None})
        journal.issues(action, before["number"])


def check_title(title: str) -> str:
    """Raises GitHubError 422."""
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > LONGEST_TITLE:
        raise invalid("Issue", "title", "custom", f"title is too long (maximum is {LONGEST_TITLE} characters)")
    return title


def check_body(resource: str, body: str | None) -> str | None:
    """Raises GitHubError 422 for a text that GitHub does not take."""
    if body is not None and len(body) > LONGEST_BODY:
        raise invalid(resource, "body", "custom", f"body is too long (maximum is {LONGEST_BODY} characters)")
    return body


def _is_author(user: User, row: Row) -> bool:
    return user.name.lower() == str(row["login"]).lower()
