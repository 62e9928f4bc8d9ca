"""What the other GitHub stores, and how GitHub's REST API and webhooks show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
OLD = {"maintain": "write", "triage": "read"}
Json = dict[str, Any]


class RefusedError(Exception):
    """What GitHub refuses: a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Account:
    """Somebody with a token."""

    login: str
    role: str
    token: str
    bot: bool = False

    def has(self, role: str) -> bool:
        """Whether the account may do what the role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass
class Comment:
    """A comment."""

    id: int
    issue: int
    author: Account
    body: str
    created: str
    updated: str
    reactions: list[Json] = field(default_factory=list)


@dataclass
class Issue:
    """An issue with its events."""

    number: int
    id: int
    title: str
    body: str | None
    author: Account
    created: str
    updated: str
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)


class Shapes:
    """The JSON of what is stored. `api` and `html`: the repository's addresses for programs and for people."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = {account.login.lower(): account for account in accounts}
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.labels = {"bug": "d73a4a"}
        self.descriptions: dict[str, str] = {}
        self.api = self.html = ""

    def comments_of(self, number: int) -> list[Comment]:
        """Oldest first."""
        return [comment for comment in self.comments.values() if comment.issue == number]

    def show_user(self, who: Account) -> Json:
        """The JSON of an account."""
        number = 583_231 + sorted(self.accounts).index(who.login.lower())
        address = f"{self.api.partition('/repos/')[0]}/users/{who.login}"
        kind = "Bot" if who.bot else "User"
        return {
            "login": who.login,
            "id": number,
            "node_id": f"U_{number}",
            "url": address,
            "type": kind,
            "html_url": f"{self.html}/{who.login}",
            "site_admin": False,
        }

    def show_permission(self, login: str) -> Json:
        """A public repository: everybody may read."""
        who = self.accounts.get(login.lower())
        if who is None:
            raise RefusedError(404, f"{login} is not a user")
        return {"permission": OLD.get(who.role, who.role), "role_name": who.role, "user": self.show_user(who)}

    def show_repository(self) -> Json:
        """The JSON of the repository; the name's case is the repository's own."""
        owner = {"login": "Acme", "id": 9, "node_id": "O_9", "type": "Organization"}
        return {
            "id": 79_929_171,
            "node_id": "R_1",
            "name": "Models",
            "full_name": "Acme/Models",
            "private": False,
            "owner": owner,
            "url": self.api,
            "html_url": self.html,
            "default_branch": "main",
        }

    def show_label(self, name: str) -> Json:
        """The JSON of a label."""
        return {
            "id": 208_045_946 + len(name),
            "node_id": "L_1",
            "url": f"{self.api}/labels/{quote(name, safe='')}",
            "name": name,
            "color": self.labels.get(name, "ededed"),
            "default": False,
            "description": self.descriptions.get(name),
        }

    def show_issue(self, found: Issue) -> Json:
        """The JSON of an issue."""
        url = f"{self.api}/issues/{found.number}"
        return {
            "id": found.id,
            "node_id": f"I_{found.id}",
            "number": found.number,
            "url": url,
            "html_url": f"{self.html}/issues/{found.number}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "labels_url": f"{url}/labels{{/name}}",
            "title": found.title,
            "body": found.body,
            "user": self.show_user(found.author),
            "labels": [self.show_label(name) for name in found.labels],
            "state": found.state,
            "state_reason": None,
            "locked": False,
            "comments": len(self.comments_of(found.number)),
            "created_at": found.created,
            "updated_at": found.updated,
            "closed_at": None if found.state == "open" else found.updated,
            "author_association": "NONE",
        }

    def show_comment(self, found: Comment) -> Json:
        """The JSON of a comment."""
        return {
            "id": found.id,
            "node_id": f"IC_{found.id}",
            "url": f"{self.api}/issues/comments/{found.id}",
            "html_url": f"{self.html}/issues/{found.issue}#issuecomment-{found.id}",
            "issue_url": f"{self.api}/issues/{found.issue}",
            "user": self.show_user(found.author),
            "body": found.body,
            "created_at": found.created,
            "updated_at": found.updated,
            "author_association": "NONE",
        }
