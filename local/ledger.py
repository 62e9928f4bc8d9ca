"""What is remembered for a while, in the workspace's database: what DynamoDB holds on AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from lambda_bridge.ports import KEPT_DAYS, Start
from local.store import Store, now, to_moment, to_text

KEPT_STARTS = timedelta(days=1)


class LocalLedger:
    """The tables `handled_deliveries` and `starts`. What is old goes when something new comes."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def handled(self, delivery: str) -> bool:
        """See `lambda_bridge.ports.Ledger`."""
        query = "SELECT 1 FROM handled_deliveries WHERE key = ? AND handled > ?"
        return self._store.row(query, delivery, self._ago(timedelta(days=KEPT_DAYS))) is not None

    def remember(self, delivery: str) -> None:
        """See `lambda_bridge.ports.Ledger`."""
        with self._store.transaction() as db:
            query = "INSERT INTO handled_deliveries (key, handled) VALUES (?, ?) ON CONFLICT DO NOTHING"
            db.execute(query, (delivery, to_text(self._clock())))
            db.execute("DELETE FROM handled_deliveries WHERE handled <= ?", (self._ago(timedelta(days=KEPT_DAYS)),))

    def starts(self, since: datetime) -> Sequence[Start]:
        """See `lambda_bridge.ports.Ledger`."""
        rows = self._store.rows("SELECT person, moment FROM starts WHERE moment >= ? ORDER BY moment", to_text(since))
        return [Start(row["person"], to_moment(row["moment"])) for row in rows]

    def add_start(self, key: str, person: str, moment: datetime) -> None:
        """See `lambda_bridge.ports.Ledger`."""
        with self._store.transaction() as db:
            query = "INSERT INTO starts (key, person, moment) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            db.execute(query, (key, person, to_text(moment)))
            db.execute("DELETE FROM starts WHERE moment < ?", (to_text(moment - KEPT_STARTS),))

    def _ago(self, age: timedelta) -> str:
        return to_text(self._clock() - age)
