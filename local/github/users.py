"""The accounts of the local GitHub: names and permissions, known to one process. Tokens are never stored."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from lambda_bridge.redaction import redact
from local.github.problems import not_allowed

Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[str, ...] = get_args(Role)
PERMISSIONS = {"maintain": "write", "triage": "read"}
"""What `permission` says of a role that it has no name for ("Get repository permissions for a user")."""
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\[bot\])?")
BOT, OWNER = "mlops-bot", "owner"


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class User:
    """An account. Without `token` it gets one that lasts as long as the process."""

    name: str
    permission: Role = "write"
    token: str = field(default_factory=new_token, repr=False)
    type: Literal["User", "Bot"] = "User"

    @property
    def old_permission(self) -> str:
        """The permission without the roles maintain and triage."""
        return PERMISSIONS.get(self.permission, self.permission)

    def has(self, role: Role) -> bool:
        """Whether the account may do what the role may."""
        return ROLES.index(self.permission) >= ROLES.index(role)

    def must_have(self, role: Role) -> None:
        """Raises GitHubError 403 when the role is too low."""
        if not self.has(role):
            raise not_allowed()


class Users:
    """All accounts. `owner` (admin) and `mlops-bot` (write) always exist; one that is given comes in their place.

    Raises ValueError with everything that is wrong; it never repeats a token.
    """

    def __init__(self, users: Sequence[User]) -> None:
        standard = (User(OWNER, "admin"), User(BOT, "write", type="Bot"))
        self._by_name = {user.name.lower(): user for user in (*standard, *users)}
        problems = _problems(list(self._by_name.values()), users)
        if problems:
            raise ValueError("\n".join(problems))
        for user in self:
            redact(user.token)

    def __iter__(self) -> Iterator[User]:
        return iter(self._by_name.values())

    def named(self, name: str) -> User | None:
        """The account of a name, in any case of letters."""
        return self._by_name.get(name.lower())

    def with_token(self, token: str) -> User | None:
        """The account of a token. Every token is compared, in constant time."""
        given = token.encode("utf-8", "surrogatepass")
        found = [user for user in self._by_name.values() if hmac.compare_digest(user.token.encode(), given)]
        return found[0] if found else None


def _problems(users: Sequence[User], given: Sequence[User]) -> list[str]:
    problems = [problem for user in users for problem in problems_of(user)]
    if len({user.token for user in users}) < len(users):
        problems.append("users: two have the same token. Give each their own.")
    if len({user.name.lower() for user in given}) < len(given):
        problems.append("users: a name is given twice. Give it once.")
    return problems


def problems_of(user: User) -> list[str]:
    """What is wrong with an account; never its token."""
    problems = []
    if not LOGIN.fullmatch(user.name):
        problems.append(f"user: must be letters, digits and hyphens, got {user.name!r}. Give another name.")
    if user.permission not in ROLES:
        problems.append(f"{user.name}: permission must be one of {', '.join(ROLES)}, got {user.permission!r}.")
    if not user.token.strip() or not user.token.isascii() or not user.token.isprintable() or " " in user.token:
        problems.append(f"{user.name}: the token is empty, or not plain ASCII, or holds a space. Give another one.")
    return problems
