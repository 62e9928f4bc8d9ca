"""Webhook deliveries: an outbox that is written in the transaction of the change, and the headers that GitHub sends."""

from __future__ import annotations

import hmac
import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from local.github.payloads import REPOSITORY_ID
from local.github.records import Page
from local.store import Store, now, to_text

HOOK_ID = "1"
KEPT = timedelta(days=3)
"""So long GitHub keeps what was sent, and sends it again if it is asked to ("Redelivering webhooks")."""
SWEPT = 20
"""So many at most are deleted when one is added, which is quick and still keeps up."""


@dataclass(frozen=True)
class Delivery:
    """One webhook delivery, ready to send. The same delivery always has the same guid and body."""

    id: int
    guid: str
    headers: dict[str, str]
    body: bytes


class Outbox:
    """The table `github_deliveries`. `secret` signs the bodies; it is not stored."""

    def __init__(self, store: Store, secret: str, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    def add(self, db: sqlite3.Connection, event: str, payload: Mapping[str, Any], created: str) -> None:
        """Stores a delivery in a transaction that is open. Old ones are deleted there."""
        self._tidy(db)
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        db.execute(
            "INSERT INTO github_deliveries (guid, event, body, created) VALUES (?, ?, ?, ?)",
            (str(uuid.uuid4()), event, body, created),
        )

    def pending(self) -> Sequence[Delivery]:
        """What was not delivered yet, oldest first."""
        rows = self._store.rows("SELECT * FROM github_deliveries WHERE delivered IS NULL ORDER BY id")
        return [self._delivery(row) for row in rows]

    def waiting(self) -> Sequence[int]:
        """The numbers of what was not delivered yet, oldest first."""
        rows = self._store.rows("SELECT id FROM github_deliveries WHERE delivered IS NULL ORDER BY id")
        return [row["id"] for row in rows]

    def delivery(self, number: int) -> Delivery:
        """One delivery. Raises KeyError."""
        row = self._store.row("SELECT * FROM github_deliveries WHERE id = ?", number)
        if row is None:
            raise KeyError(number)
        return self._delivery(row)

    def sent(self, page: Page) -> list[sqlite3.Row]:
        """One page of what was delivered, newest first, and one row more if there is a next page."""
        query = "SELECT * FROM github_deliveries WHERE delivered IS NOT NULL ORDER BY id DESC LIMIT ? OFFSET ?"
        return self._store.rows(query, page.size + 1, (page.number - 1) * page.size)

    def again(self, number: int) -> bool:
        """Lets a delivery wait again. False: it is not there, or was not delivered yet."""
        with self._store.transaction() as db:
            query = "UPDATE github_deliveries SET delivered = NULL WHERE id = ? AND delivered IS NOT NULL"
            return db.execute(query, (number,)).rowcount == 1

    def _tidy(self, db: sqlite3.Connection) -> None:
        query = (
            "DELETE FROM github_deliveries WHERE delivered < ? AND id IN"
            " (SELECT id FROM github_deliveries WHERE delivered IS NOT NULL ORDER BY id LIMIT ?)"
        )
        db.execute(query, (to_text(self._clock() - KEPT), SWEPT))

    def _delivery(self, row: sqlite3.Row) -> Delivery:
        return Delivery(row["id"], row["guid"], self._headers(row), row["body"])

    def delivered(self, number: int) -> None:
        """Marks a delivery as received."""
        with self._store.transaction() as db:
            query = "UPDATE github_deliveries SET delivered = ? WHERE id = ? AND delivered IS NULL"
            db.execute(query, (to_text(self._clock()), number))

    def _headers(self, row: sqlite3.Row) -> dict[str, str]:
        """See "Delivery headers" in "Webhook events and payloads"."""
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{row['guid'][:7]}",
            "X-GitHub-Delivery": row["guid"],
            "X-GitHub-Event": row["event"],
            "X-GitHub-Hook-ID": HOOK_ID,
            "X-GitHub-Hook-Installation-Target-ID": str(REPOSITORY_ID),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            "X-Hub-Signature-256": signature(self._secret, row["body"]),
        }


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 over the bytes as they are sent."""
    return f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
