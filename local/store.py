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

BUSY_TIMEOUT_SECONDS = 10.0

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE pipelines (
        name TEXT PRIMARY KEY,
        display_name TEXT,
        description TEXT,
        role_arn TEXT NOT NULL,
        definition TEXT NOT NULL,
        created TEXT NOT NULL,
        modified TEXT NOT NULL
    ) STRICT;

    CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        pipeline TEXT NOT NULL REFERENCES pipelines (name),
        token TEXT NOT NULL,
        display_name TEXT,
        description TEXT,
        definition TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status TEXT NOT NULL,
        failure_reason TEXT,
        created TEXT NOT NULL,
        modified TEXT NOT NULL,
        UNIQUE (pipeline, token)
    ) STRICT;

    CREATE TABLE steps (
        execution TEXT NOT NULL REFERENCES executions (id),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        display_name TEXT,
        description TEXT,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        failure_reason TEXT,
        metadata TEXT NOT NULL DEFAULT '{}',
        properties TEXT NOT NULL DEFAULT '{}',
        cache_key TEXT,
        cache_source TEXT REFERENCES executions (id),
        PRIMARY KEY (execution, name)
    ) STRICT;
    CREATE INDEX steps_by_cache_key ON steps (cache_key) WHERE cache_key IS NOT NULL;

    CREATE TABLE model_package_groups (
        name TEXT PRIMARY KEY,
        description TEXT,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TABLE model_packages (
        group_name TEXT NOT NULL REFERENCES model_package_groups (name),
        version INTEGER NOT NULL,
        request TEXT NOT NULL,
        approval TEXT NOT NULL,
        approval_description TEXT,
        created TEXT NOT NULL,
        modified TEXT NOT NULL,
        token TEXT UNIQUE,
        PRIMARY KEY (group_name, version)
    ) STRICT;

    CREATE TABLE runs (
        issue INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        source TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        state TEXT NOT NULL,
        request TEXT,
        parameters TEXT,
        created TEXT NOT NULL,
        ended TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE issue_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        dataset_digest TEXT NOT NULL,
        issue INTEGER,
        started TEXT NOT NULL,
        ended TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE run_records (
        issue INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        group_name TEXT NOT NULL,
        updated TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_records_by_group ON run_records (group_name, updated);
    """,
    """
    CREATE TABLE github_users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        login TEXT NOT NULL UNIQUE COLLATE NOCASE,
        type TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;

    CREATE TABLE github_labels (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        color TEXT NOT NULL,
        description TEXT
    ) STRICT;

    CREATE TABLE github_issues (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        body TEXT,
        state TEXT NOT NULL,
        state_reason TEXT,
        author INTEGER NOT NULL REFERENCES github_users (id),
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        closed TEXT
    ) STRICT;
    CREATE INDEX github_issues_by_update ON github_issues (updated);

    CREATE TABLE github_issue_labels (
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        label INTEGER NOT NULL REFERENCES github_labels (id),
        PRIMARY KEY (issue, label)
    ) STRICT;

    CREATE TABLE github_comments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        body TEXT NOT NULL,
        author INTEGER NOT NULL REFERENCES github_users (id),
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX github_comments_by_issue ON github_comments (issue, id);

    CREATE TABLE github_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issue INTEGER NOT NULL REFERENCES github_issues (number),
        event TEXT NOT NULL,
        actor INTEGER NOT NULL REFERENCES github_users (id),
        details TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX github_events_by_issue ON github_events (issue, id);

    CREATE TABLE github_reactions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        comment INTEGER NOT NULL REFERENCES github_comments (id),
        user INTEGER NOT NULL REFERENCES github_users (id),
        content TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (comment, user, content)
    ) STRICT;

    CREATE TABLE github_deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guid TEXT NOT NULL UNIQUE,
        event TEXT NOT NULL,
        body BLOB NOT NULL,
        created TEXT NOT NULL,
        delivered TEXT
    ) STRICT;
    CREATE INDEX github_deliveries_pending ON github_deliveries (id) WHERE delivered IS NULL;

    CREATE TABLE github_protected_branches (name TEXT PRIMARY KEY) STRICT;
    """,
    """
    CREATE TABLE state_machine_executions (
        name TEXT PRIMARY KEY,
        input TEXT NOT NULL,
        status TEXT NOT NULL,
        place TEXT NOT NULL,
        started TEXT NOT NULL,
        stopped TEXT,
        output TEXT,
        error TEXT,
        cause TEXT,
        events INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE state_machine_events (
        execution TEXT NOT NULL REFERENCES state_machine_executions (name),
        id INTEGER NOT NULL,
        time TEXT NOT NULL,
        type TEXT NOT NULL,
        details TEXT NOT NULL,
        PRIMARY KEY (execution, id)
    ) STRICT;

    CREATE TABLE state_machine_answers (
        token TEXT PRIMARY KEY,
        answer TEXT NOT NULL
    ) STRICT;
    """,
    """
    INSERT INTO github_users (login, type, created)
        SELECT 'owner', 'User', min(created) FROM runs HAVING count(*) > 0
        ON CONFLICT DO NOTHING;
    INSERT INTO github_issues (number, title, state, author, created, updated, closed)
        SELECT runs.issue, runs.title, 'closed', github_users.id, runs.created, runs.created, runs.created
        FROM runs JOIN github_users ON login = 'owner';
    UPDATE executions SET status = 'Stopped' WHERE status IN ('Executing', 'Stopping');
    DROP TABLE runs;
    """,
)
"""Each entry takes the schema from one version to the next. Entries are only ever added."""


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
