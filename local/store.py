"""The database of a workspace: one SQLite file with a versioned schema.

A transaction is committed before the next step starts, and survives the death of the process at any moment
(write-ahead log, `synchronous=FULL`: https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local.migrations import MIGRATIONS

BUSY_TIMEOUT_SECONDS = 10.0


class StoreVersionError(Exception):
    """A newer version of this program wrote the database."""


class Store:
    """One connection, shared by the threads of the process. `migrations` is given by tests only."""

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self._guard = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._migrate(path, migrations)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One short transaction: committed at the end of the block, rolled back if the block raises."""
        with self._guard:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """The rows that a SELECT answers."""
        with self._guard:
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that a SELECT answers."""
        return next(iter(self.rows(query, *values)), None)

    def close(self) -> None:
        """Closes the connection; the write-ahead log is folded into the file."""
        with self._guard:
            self._connection.close()

    def _migrate(self, path: Path, migrations: Sequence[str]) -> None:
        version = self._version()
        if version > len(migrations):
            raise StoreVersionError(
                f"{path}: a newer version of mlops wrote it (schema {version}, known here: {len(migrations)}). "
                "Install that version, or give another --workspace."
            )
        for number, script in enumerate(migrations[version:], start=version + 1):
            self._connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])


def to_text(moment: datetime) -> str:
    """A moment as it is stored: UTC, with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_moment(text: str) -> datetime:
    """A stored moment, in UTC."""
    return datetime.fromisoformat(text)


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)
