"""Who looks at the board: a cookie, the account that signed in with its token, and a secret for each form.

Nothing is kept of somebody who has not signed in: the secret of a form is a keyed digest of the cookie.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local.github.users import User, Users

COOKIE = "mlops_board"
MOST_SESSIONS = 1000
"""Accounts that are signed in at a time; the oldest one has to sign in again."""


@dataclass(frozen=True)
class Session:
    """One visitor. `user` is None for somebody who may only read what is public."""

    id: str
    user: User | None
    form_secret: str
    automatic: bool = False
    """Nobody has to sign in on this machine."""

    def may(self, role: str) -> bool:
        """Whether the visitor may do what the role may."""
        return self.user is not None and self.user.has(role)  # type: ignore[arg-type]


class Sessions:
    """The sessions of a process. `automatic` : who everybody is, where no token is asked for."""

    def __init__(self, users: Users | None, automatic: User | None) -> None:
        self._users = users
        self._automatic = automatic
        self._key = secrets.token_bytes(32)
        self._signed_in: OrderedDict[str, User] = OrderedDict()

    def of(self, request: Request) -> Session:
        """The visitor of a request; a new one where it has no cookie of ours."""
        given = request.cookies.get(COOKIE, "")
        identifier = given if len(given) == 43 and given.isascii() else secrets.token_urlsafe(32)
        user = self._automatic or self._signed_in.get(identifier)
        return Session(identifier, user, self._form_secret(identifier), self._automatic is not None)

    def sign_in(self, token: str) -> Session | None:
        """A new session for the account of a token; None where there is none."""
        user = self._users.with_token(token) if self._users is not None and token else None
        if user is None or user.type == "Bot":
            return None
        identifier = secrets.token_urlsafe(32)
        self._signed_in[identifier] = user
        while len(self._signed_in) > MOST_SESSIONS:
            self._signed_in.popitem(last=False)
        return Session(identifier, user, self._form_secret(identifier))

    def sign_out(self, session: Session) -> None:
        """Forgets the account."""
        self._signed_in.pop(session.id, None)

    def is_genuine(self, session: Session, given: str) -> bool:
        """Whether a form was made for this visitor."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), session.form_secret.encode())

    def _form_secret(self, identifier: str) -> str:
        return hmac.new(self._key, identifier.encode(), "sha256").hexdigest()


def keep(response: Response, session: Session) -> Response:
    """Gives the visitor the cookie."""
    response.set_cookie(COOKIE, session.id, httponly=True, samesite="strict", path="/")
    return response
