"""Which issue file was taken up as which issue, so that `mlops run` goes on with a run that a kill interrupted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local.store import Store, now, to_text


@dataclass(frozen=True)
class IssueRun:
    """One `mlops run` of a file. `issue` is None until the issue is open."""

    id: int
    source: str
    content_hash: str
    dataset_digest: str
    issue: int | None


class IssueRuns:
    """The table `issue_runs`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def begin(self, source: str, content_hash: str, dataset_digest: str) -> IssueRun:
        """Records that a file is about to be opened as an issue."""
        with self._store.transaction() as db:
            number = db.execute(
                "INSERT INTO issue_runs (source, content_hash, dataset_digest, started) VALUES (?, ?, ?, ?)",
                (source, content_hash, dataset_digest, to_text(self._clock())),
            ).lastrowid
        return IssueRun(int(number or 0), source, content_hash, dataset_digest, None)

    def opened(self, run: IssueRun, issue: int) -> None:
        """Records under which number."""
        with self._store.transaction() as db:
            db.execute("UPDATE issue_runs SET issue = ? WHERE id = ?", (issue, run.id))

    def ended(self, run: IssueRun) -> None:
        """Records that there is nothing left to go on with."""
        with self._store.transaction() as db:
            db.execute("UPDATE issue_runs SET ended = ? WHERE id = ?", (to_text(self._clock()), run.id))

    def knows(self, issue: int) -> bool:
        """Whether an issue came from a file."""
        return self._store.row("SELECT 1 FROM issue_runs WHERE issue = ?", issue) is not None

    def unfinished(self, source: str, content_hash: str) -> IssueRun | None:
        """The newest run of the same file with the same content that has not ended."""
        row = self._store.row(
            "SELECT * FROM issue_runs WHERE source = ? AND content_hash = ? AND ended IS NULL ORDER BY id DESC",
            source,
            content_hash,
        )
        return None if row is None else _issue_run(row)


def _issue_run(row: sqlite3.Row) -> IssueRun:
    return IssueRun(row["id"], row["source"], row["content_hash"], row["dataset_digest"], row["issue"])
