"""The rules of comments and of the reactions on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.github.issues import check_body
from local.github.payloads import REACTIONS, Payload
from local.github.problems import invalid, not_allowed
from local.github.records import Row
from local.github.users import User

if TYPE_CHECKING:
    from local.github.service import LocalGitHub


class Comments:
    """Writes. Every method raises GitHubError, and changes nothing then."""

    def __init__(self, github: LocalGitHub) -> None:
        self._github = github
        self._records = github.records

    def create(self, user: User, issue: int, body: str) -> Payload:
        """Comments on an issue; whoever sees the repository may."""
        _check(body)
        with self._github.change(user) as journal:
            self._records.issue(issue)
            number = journal.db.execute(
                "INSERT INTO github_comments (issue, body, author, created, updated) VALUES (?, ?, ?, ?, ?)",
                (issue, body, journal.actor, journal.at, journal.at),
            ).lastrowid
            journal.touch(issue)
            journal.comment("created", int(number or 0))
            return self._github.shapes.comment(self._records.comment(int(number or 0)))

    def edit(self, user: User, number: int, body: str) -> Payload:
        """Changes a comment: its author, or with write."""
        _check(body)
        with self._github.change(user) as journal:
            before = self._changeable(user, number)
            if body != before["body"]:
                query = "UPDATE github_comments SET body = ?, updated = ? WHERE id = ?"
                journal.db.execute(query, (body, journal.at, number))
                journal.touch(before["issue"])
                journal.comment("edited", number, changes={"body": {"from": before["body"]}})
            return self._github.shapes.comment(self._records.comment(number))

    def delete(self, user: User, number: int) -> None:
        """Deletes a comment with the reactions on it: its author, or with write."""
        with self._github.change(user) as journal:
            before = self._changeable(user, number)
            journal.touch(before["issue"])
            journal.comment("deleted", number)
            journal.db.execute("DELETE FROM github_reactions WHERE comment = ?", (number,))
            journal.db.execute("DELETE FROM github_comments WHERE id = ?", (number,))

    def react(self, user: User, number: int, content: str) -> tuple[Payload, bool]:
        """Adds a reaction. Also answers whether it is new: an account reacts once in each way."""
        if content not in REACTIONS:
            raise invalid("Reaction", "content", "invalid")
        with self._github.change(user) as journal:
            self._records.comment(number)
            key = (number, journal.actor, content)
            new = journal.db.execute(
                "INSERT INTO github_reactions (comment, user, content, created) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (*key, journal.at),
            ).rowcount
            row = journal.db.execute(
                "SELECT id FROM github_reactions WHERE comment = ? AND user = ? AND content = ?", key
            ).fetchone()
            return self._github.shapes.reaction(self._records.reaction(row["id"])), bool(new)

    def _changeable(self, user: User, number: int) -> Row:
        """A comment that the account may change or delete."""
        found = self._records.comment(number)
        if user.name.lower() != str(found["login"]).lower() and not user.has("write"):
            raise not_allowed()
        return found


def _check(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    check_body("IssueComment", body)
