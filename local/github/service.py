"""A small GitHub on one machine: one repository with its issues, comments, webhooks and Git data.

Everything is in the workspace and survives a kill at any moment: a change, its timeline events and its webhook
deliveries are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from local.github.comments import Comments
from local.github.git import Git
from local.github.issues import Issues
from local.github.journal import Journal
from local.github.payloads import Addresses
from local.github.records import Page, Records, Row
from local.github.shapes import Shapes
from local.github.users import User, Users
from local.github.webhooks import Delivery, Outbox
from local.store import Store, now, to_text

SITE = "http://127.0.0.1"


class LocalGitHub:
    """Opens the local GitHub of a workspace.

    Parameters
    ----------
    store : the workspace's database
    folder : the Git repository with its working tree; made where it is missing
    secret : signs the webhooks
    repository : owner/name
    users : accounts besides `owner` (admin) and `mlops-bot` (write), or in their place
    private : accounts with permission `none` see nothing; else they may open issues and comment
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        secret: str,
        *,
        repository: str = "local/models",
        users: Sequence[User] = (),
        private: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._store = store
        self._clock = clock
        self._callbacks: list[Callable[[], None]] = []
        self._outbox = Outbox(store, secret, clock)
        self.private = private
        self.users = Users(users)
        self.records = Records(store)
        self.shapes = Shapes(self.records, self.users, Addresses(SITE, repository), private)
        self.git = Git(folder, repository)
        self.issues = Issues(self)
        self.comments = Comments(self)
        self._remember_users()

    @property
    def repository(self) -> str:
        """owner/name."""
        return self.shapes.at.repository

    def serve_at(self, site: str, pages: str | None = None) -> None:
        """Where addresses in answers and webhooks point to: scheme, host and port, without a slash at the end.

        `pages`: the site for browsers; None: where `mlops up` stands by default.
        """
        self.shapes.at = Addresses(site, self.repository, *([] if pages is None else [pages]))

    def token_of(self, user: str) -> str:
        """The token of an account. Raises KeyError."""
        found = self.users.named(user)
        if found is None:
            raise KeyError(user)
        return found.token

    def pending(self) -> Sequence[Delivery]:
        """Webhook deliveries that were not received yet, oldest first."""
        return self._outbox.pending()

    def waiting(self) -> Sequence[int]:
        """The numbers of the deliveries that were not received yet, oldest first."""
        return self._outbox.waiting()

    def delivery(self, number: int) -> Delivery:
        """One delivery. Raises KeyError."""
        return self._outbox.delivery(number)

    def delivered(self, delivery_id: int) -> None:
        """Marks a delivery as received; again is no harm."""
        self._outbox.delivered(delivery_id)

    def sent(self, page: Page) -> list[Row]:
        """Deliveries that were received within the last days, newest first; one row more than the page holds."""
        return self._outbox.sent(page)

    def redeliver(self, delivery_id: int) -> bool:
        """Lets a delivery be sent again, with the same guid. False: it is not there any more, or not sent yet."""
        found = self._outbox.again(delivery_id)
        self._tell()
        return found

    def on_change(self, callback: Callable[[], None]) -> None:
        """`callback` is called, from any thread, after something was stored."""
        self._callbacks.append(callback)

    def protect(self, branch: str) -> None:
        """From now on the branch takes no commits through the API, whoever asks."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO github_protected_branches (name) VALUES (?) ON CONFLICT DO NOTHING", (branch,))

    def close(self) -> None:
        """Closes the repository's files. The database is the workspace's."""
        self.git.close()

    @contextmanager
    def change(self, sender: User) -> Iterator[Journal]:
        """One transaction. Those who listen are told after it."""
        with self._store.transaction() as db:
            yield Journal(db, self.shapes, self._outbox, sender, to_text(self._clock()))
        self._tell()

    def _tell(self) -> None:
        for callback in self._callbacks:
            callback()

    def _remember_users(self) -> None:
        """Permissions and tokens are those of this process; what somebody wrote earlier keeps its author."""
        with self._store.transaction() as db:
            for user in self.users:
                db.execute(
                    "INSERT INTO github_users (login, type, created) VALUES (?, ?, ?)"
                    " ON CONFLICT (login) DO UPDATE SET type = excluded.type",
                    (user.name, user.type, to_text(self._clock())),
                )
