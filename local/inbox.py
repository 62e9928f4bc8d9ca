"""The inbox: deliveries whose signature was right, stored before they are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from lambda_bridge.events import delivery_key
from local.github import Delivery
from local.github.webhooks import signature
from local.store import Store, now, to_text

KEPT = timedelta(days=3)
"""So long GitHub offers to send a delivery again."""
HEADERS = ("content-type", "x-github-event", "x-github-delivery")
"""What is stored of the headers. The signature is made anew: the secret may be one of this process."""


class Inbox:
    """The table `webhook_inbox`. `secret` is what the bridge checks signatures with now."""

    def __init__(self, store: Store, secret: str, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._secret = secret
        self._clock = clock

    def add(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Stores a delivery. `headers`: names in lower case. False: it is there already."""
        kept = {name: headers[name] for name in HEADERS if name in headers}
        moment = self._clock()
        with self._store.transaction() as db:
            db.execute("DELETE FROM webhook_inbox WHERE handled < ?", (to_text(moment - KEPT),))
            query = (
                "INSERT INTO webhook_inbox (key, headers, body, received) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            values = (delivery_key(headers, body), json.dumps(kept), body, to_text(moment))
            return db.execute(query, values).rowcount == 1

    def waiting(self) -> Sequence[int]:
        """See `local.deliveries.Waiting`."""
        return [row["id"] for row in self._store.rows("SELECT id FROM webhook_inbox WHERE handled IS NULL ORDER BY id")]

    def delivery(self, number: int) -> Delivery:
        """See `local.deliveries.Waiting`. Raises KeyError."""
        row = self._store.row("SELECT * FROM webhook_inbox WHERE id = ?", number)
        if row is None:
            raise KeyError(number)
        headers = json.loads(row["headers"]) | {"x-hub-signature-256": signature(self._secret, row["body"])}
        return Delivery(number, headers.get("x-github-delivery", ""), headers, row["body"])

    def delivered(self, number: int) -> None:
        """See `local.deliveries.Waiting`."""
        with self._store.transaction() as db:
            db.execute("UPDATE webhook_inbox SET handled = ? WHERE id = ?", (to_text(self._clock()), number))
