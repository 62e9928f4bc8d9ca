"""Records as JSON: what the REST calls answer and what webhooks carry."""

from __future__ import annotations

import sqlite3
from typing import Any

from local.github import payloads
from local.github.git import BRANCH
from local.github.payloads import Addresses, Payload
from local.github.records import Records, Row
from local.github.repository_payload import repository
from local.github.users import OWNER, User, Users


class Shapes:
    """`at` changes when the server has its port."""

    def __init__(self, records: Records, users: Users, at: Addresses, private: bool) -> None:
        self.records = records
        self.at = at
        self._users = users
        self._private = private

    def repository(self, seen_by: User | None = None) -> Payload:
        """The repository; to an account also with what it may do there."""
        owner = self.records.user(OWNER)
        shown = repository(self.at, owner, self._private, BRANCH, self.records.open_issues())
        if seen_by is None:
            return shown
        may = {"pull": "none", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
        return shown | {"permissions": {name: seen_by.has(role) for name, role in may.items()}}  # type: ignore[arg-type]

    def user(self, row: Row) -> Payload:
        """A row of `github_users`."""
        return payloads.user(self.at, row["login"], row["id"], row["type"])

    def permission(self, user: User) -> Payload:
        """What an account may do ("Get repository permissions for a user")."""
        shown = self.user(self.records.user(user.name)) | {"role_name": user.permission}
        return {"permission": user.old_permission, "role_name": user.permission, "user": shown}

    def label(self, row: Row | sqlite3.Row) -> Payload:
        """A label of the repository."""
        return payloads.label(self.at, row)

    def issue(self, number: int) -> Payload:
        """An issue as it is now. Raises GitHubError 404."""
        return self.issue_row(self.records.issue(number))

    def issue_row(self, row: Row) -> Payload:
        """An issue that was read."""
        return payloads.issue(self.at, row, self.records.labels_of(row["number"]), self._association(row))

    def comment(self, row: Row) -> Payload:
        """A comment that was read."""
        return payloads.comment(self.at, row, self.records.reaction_counts(row["id"]), self._association(row))

    def reaction(self, row: Row) -> Payload:
        """A reaction that was read."""
        return payloads.reaction(self.at, row)

    def events(self, issue: int) -> list[Payload]:
        """What happened to an issue, oldest first, without comments."""
        return [payloads.event(self.at, row) for row in self.records.events(issue)]

    def timeline(self, issue: int) -> list[Payload]:
        """Events and comments, oldest first."""
        moments: list[tuple[str, Payload]] = [
            (row["created"], payloads.event(self.at, row)) for row in self.records.events(issue)
        ]
        for row in self.records.all_comments(issue):
            counts = self.records.reaction_counts(row["id"])
            moments.append((row["created"], payloads.commented(self.at, row, counts, self._association(row))))
        return [shown for _, shown in sorted(moments, key=_time)]

    def _association(self, row: Row) -> str:
        user = self._users.named(row["login"])
        if row["login"] == OWNER:
            return "OWNER"
        return "COLLABORATOR" if user is not None and user.permission != "none" else "NONE"


def _time(item: tuple[str, Any]) -> str:
    return item[0]
