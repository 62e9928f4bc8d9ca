"""Who may call: accounts, their permission in the repository and their tokens."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from local.github.refusals import Refusal, not_found
from local.store import Store, to_text

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]
RANKS: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?")
BOT, OWNER = "mlops-bot", "owner"


@dataclass(frozen=True)
class User:
    """Somebody who is given access."""

    name: str
    permission: Permission
    token: str = field(repr=False)
    type: Literal["User", "Bot"] = "User"


@dataclass(frozen=True)
class Account:
    """A stored account. `created` is the stored text of the moment."""

    id: int
    login: str
    type: str
    permission: Permission
    created: str

    def may(self, least: Permission) -> bool:
        """Whether the permission is at least that one."""
        return RANKS.index(self.permission) >= RANKS.index(least)


class Accounts:
    """The table `github_users`, and the tokens of this process, which are never stored.

    The bot and the owner always exist. Accounts of earlier processes that are not given again keep what they wrote and
    lose their permission.
    """

    def __init__(self, store: Store, users: Sequence[User], clock: Callable[[], datetime]) -> None:
        self._store = store
        given = {user.name.lower(): user for user in (*_usual_users(), *users)}
        _check(list(given.values()), users)
        self._tokens = {user.token: user.name for user in given.values()}
        with store.transaction() as db:
            db.execute("UPDATE github_users SET permission = 'none'")
            for user in given.values():
                db.execute(
                    "INSERT INTO github_users (login, type, permission, created) VALUES (?, ?, ?, ?) ON CONFLICT (login)"
                    " DO UPDATE SET type = excluded.type, permission = excluded.permission",
                    (user.name, user.type, user.permission, to_text(clock())),
                )

    def token_of(self, login: str) -> str:
        """The token of an account that was given to this process. Raises KeyError."""
        for token, name in self._tokens.items():
            if name.lower() == login.lower():
                return token
        raise KeyError(login)

    def caller(self, authorization: str) -> Account:
        """The account behind an Authorization header. Raises Refusal (401)."""
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() not in ("token", "bearer"):
            raise Refusal(401, "Requires authentication" if not scheme else "Bad credentials")
        for known, name in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.strip().encode()):
                return self.find(name)
        raise Refusal(401, "Bad credentials")

    def find(self, login: str) -> Account:
        """The account of that name. Raises Refusal (404)."""
        row = self._store.row("SELECT * FROM github_users WHERE login = ?", login)
        if row is None:
            raise not_found()
        return Account(**dict(row))

    def get(self, number: int) -> Account:
        """The account of that number."""
        row = self._store.row("SELECT * FROM github_users WHERE id = ?", number)
        if row is None:
            raise KeyError(number)
        return Account(**dict(row))


def _usual_users() -> tuple[User, User]:
    return User(BOT, "write", secrets.token_urlsafe(32)), User(OWNER, "admin", secrets.token_urlsafe(32))


def _check(users: Sequence[User], given: Sequence[User]) -> None:
    problems = [problem for user in users for problem in _problems(user)]
    if len({user.token for user in users}) < len(users):
        problems.append("users: two have the same token. Give each their own.")
    if len({user.name.lower() for user in given}) < len(given):
        problems.append("users: a name is given twice. Give it once.")
    if problems:
        raise ValueError("\n".join(problems))


def _problems(user: User) -> list[str]:
    problems = []
    if not LOGIN.fullmatch(user.name):
        problems.append(f"user: must be letters, digits and hyphens, got {user.name!r}. Give another name.")
    if user.permission not in get_args(Permission):
        problems.append(f"{user.name}: permission must be one of {', '.join(RANKS)}, got {user.permission!r}.")
    if not user.token.strip() or not user.token.isascii() or " " in user.token:
        problems.append(f"{user.name}: the token is empty, or not ASCII, or holds a space. Give another one.")
    return problems
