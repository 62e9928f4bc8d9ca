"""The runs of `mlops run`: which issue file was taken up as which issue, and how it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.store import Store, now, to_moment, to_text

RUNNING = "running"


@dataclass(frozen=True)
class Run:
    """One run of an issue file. `state` is `running`, or the status with which it ended."""

    issue: int
    title: str
    source: str
    content_hash: str
    state: str
    request: dict[str, Any] | None
    parameters: dict[str, Any] | None
    """Of the pipeline execution; None until they are settled."""
    created: datetime
    ended: datetime | None


class Runs:
    """The table `runs`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def open_run(self, title: str, source: str, content_hash: str) -> Run:
        """Opens a new issue: the next free number."""
        with self._store.transaction() as db:
            issue = db.execute(
                "INSERT INTO runs (title, source, content_hash, state, created) VALUES (?, ?, ?, ?, ?)",
                (title, source, content_hash, RUNNING, to_text(self._clock())),
            ).lastrowid
        return self.get_run(int(issue or 0))

    def find_unfinished(self, source: str, content_hash: str) -> Run | None:
        """The newest run of the same file with the same content that was interrupted by a kill."""
        row = self._store.row(
            "SELECT * FROM runs WHERE source = ? AND content_hash = ? AND state = ? ORDER BY issue DESC",
            source,
            content_hash,
            RUNNING,
        )
        return None if row is None else _run(row)

    def get_run(self, issue: int) -> Run:
        """The run of an issue. Raises KeyError."""
        row = self._store.row("SELECT * FROM runs WHERE issue = ?", issue)
        if row is None:
            raise KeyError(issue)
        return _run(row)

    def plan_attempt(self, issue: int, request: dict[str, Any], parameters: Mapping[str, Any]) -> None:
        """Records what the execution is started with, before it is: after a kill it is started with the same."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE runs SET request = ?, parameters = ? WHERE issue = ?",
                (json.dumps(request), json.dumps(parameters), issue),
            )

    def finish_run(self, issue: int, state: str) -> None:
        """Ends a run: `registered`, `below_threshold`, `failed`, `invalid` or `cancelled`."""
        with self._store.transaction() as db:
            db.execute("UPDATE runs SET state = ?, ended = ? WHERE issue = ?", (state, to_text(self._clock()), issue))


def _run(row: sqlite3.Row) -> Run:
    fields = dict(row)
    fields |= {key: None if row[key] is None else json.loads(row[key]) for key in ("request", "parameters")}
    fields["created"] = to_moment(row["created"])
    fields["ended"] = None if row["ended"] is None else to_moment(row["ended"])
    return Run(**fields)
