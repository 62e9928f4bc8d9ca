"""Run records in the workspace's database: what DynamoDB holds on AWS."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from lambda_bridge.ports import ConflictError
from lambda_bridge.runs import Run
from local.store import Store, now, to_text


class RunRecords:
    """The table `run_records`, one document per issue."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, issue: int) -> Run | None:
        """See `lambda_bridge.ports.Runs`."""
        row = self._store.row("SELECT document FROM run_records WHERE issue = ?", issue)
        return None if row is None else Run.from_json(row["document"])

    def save(self, run: Run) -> Run:
        """See `lambda_bridge.ports.Runs`."""
        saved = run.model_copy(update={"version": run.version + 1})
        values: dict[str, object] = {
            "issue": run.issue,
            "version": saved.version,
            "read": run.version,
            "state": run.state,
            "group_name": saved.group,
            "updated": to_text(now()),
            "document": saved.to_json(),
        }
        with self._store.transaction() as db:
            if not _write(db, values):
                raise ConflictError(f"issue {run.issue}: its record is not at version {run.version} any more.")
        return saved

    def in_group(self, group: str, limit: int = 20) -> Sequence[Run]:
        """See `lambda_bridge.ports.Runs`."""
        query = (
            "SELECT document FROM run_records WHERE group_name = ? AND group_name <> '' ORDER BY updated DESC LIMIT ?"
        )
        return [Run.from_json(row["document"]) for row in self._store.rows(query, group, limit)]

    def unfinished(self) -> Sequence[Run]:
        """See `lambda_bridge.ports.Runs`."""
        query = "SELECT document FROM run_records WHERE state IN ('running', 'waiting') ORDER BY issue"
        return [Run.from_json(row["document"]) for row in self._store.rows(query)]

    def count_running(self) -> int:
        """See `lambda_bridge.ports.Runs`."""
        row = self._store.row("SELECT count(*) AS times FROM run_records WHERE state = 'running'")
        return 0 if row is None else int(row["times"])


def _write(db: sqlite3.Connection, values: dict[str, object]) -> bool:
    """Whether the record was at the version that was read."""
    if values["read"] == 0:
        query = (
            "INSERT INTO run_records (issue, version, state, group_name, updated, document)"
            " VALUES (:issue, :version, :state, :group_name, :updated, :document) ON CONFLICT DO NOTHING"
        )
    else:
        query = (
            "UPDATE run_records SET version = :version, state = :state, group_name = :group_name, updated = :updated,"
            " document = :document WHERE issue = :issue AND version = :read"
        )
    return db.execute(query, values).rowcount == 1
