"""Pipelines, their executions and steps, as the database keeps them. Every change is one transaction."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.arns import execution_arn
from local.definitions import Step
from local.events import ExecutionStatus, StepStatus
from local.store import Store, now, to_moment, to_text

MAX_STEP_REASON = 1024
"""PipelineExecutionStep, FailureReason."""
MAX_EXECUTION_REASON = 1300
"""DescribePipelineExecution, FailureReason."""


class TokenConflictError(Exception):
    """A client request token came again with another request."""


@dataclass(frozen=True)
class Execution:
    """One execution of a pipeline, with the definition and the parameters it was started with."""

    id: str
    pipeline: str
    display_name: str | None
    description: str | None
    definition: str
    parameters: dict[str, Any]
    status: ExecutionStatus
    failure_reason: str | None
    created: datetime
    modified: datetime

    @property
    def arn(self) -> str:
        """The execution's ARN."""
        return execution_arn(self.pipeline, self.id)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ("Executing", "Stopping")


@dataclass(frozen=True)
class StepRecord:
    """What is known of one step of an execution. Steps that have not started have no record."""

    name: str
    type: str
    display_name: str | None
    description: str | None
    status: StepStatus
    attempts: int
    started: datetime
    ended: datetime | None
    failure_reason: str | None
    metadata: dict[str, Any]
    properties: dict[str, Any]
    cache_source: str | None


@dataclass(frozen=True)
class StepEnd:
    """How a step ended, and what others may refer to: its properties and its metadata."""

    status: StepStatus
    properties: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    failure_reason: str | None = None
    cache_source: str | None = None


class Executions:
    """The tables `executions` and `steps`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def create(self, pipeline: str, parameters: Mapping[str, Any], token: str, **texts: str | None) -> Execution:
        """Starts an execution; the same token answers the same one. Raises TokenConflictError.

        `texts`: definition, display_name, description.
        """
        given = json.dumps(parameters, sort_keys=True)
        moment = to_text(self._clock())
        with self._store.transaction() as db:
            query = "SELECT * FROM executions WHERE pipeline = ? AND token = ?"
            row = db.execute(query, (pipeline, token)).fetchone()
            if row is None:
                columns = (uuid.uuid4().hex[:12], pipeline, token, texts.get("display_name"), texts.get("description"))
                values = (*columns, texts["definition"], given, "Executing", None, moment, moment)
                db.execute(f"INSERT INTO executions VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
                row = db.execute(query, (pipeline, token)).fetchone()
        if row["parameters"] != given:
            raise TokenConflictError(f"ClientRequestToken {token}: was used for a request with other parameters.")
        return _execution(row)

    def get(self, identifier: str) -> Execution:
        """An execution by its id. Raises KeyError."""
        row = self._store.row("SELECT * FROM executions WHERE id = ?", identifier)
        if row is None:
            raise KeyError(identifier)
        return _execution(row)

    def of_pipeline(self, pipeline: str) -> list[Execution]:
        """A pipeline's executions, oldest first."""
        rows = self._store.rows("SELECT * FROM executions WHERE pipeline = ? ORDER BY created, rowid", pipeline)
        return [_execution(row) for row in rows]

    def unfinished(self) -> list[Execution]:
        """Executions that were interrupted, oldest first."""
        query = "SELECT * FROM executions WHERE status IN ('Executing', 'Stopping') ORDER BY created, rowid"
        return [_execution(row) for row in self._store.rows(query)]

    def request_stop(self, identifier: str) -> None:
        """From Executing to Stopping; any other status stays."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE executions SET status = 'Stopping', modified = ? WHERE id = ? AND status = 'Executing'",
                (to_text(self._clock()), identifier),
            )

    def finish(self, identifier: str, status: ExecutionStatus, reason: str | None = None) -> Execution:
        """Ends an execution; one that was asked to stop is Stopped, whatever `status` says."""
        kept = None if reason is None else reason[:MAX_EXECUTION_REASON]
        with self._store.transaction() as db:
            db.execute(
                "UPDATE executions SET failure_reason = CASE status WHEN 'Stopping' THEN NULL ELSE ? END, "
                "status = CASE status WHEN 'Stopping' THEN 'Stopped' ELSE ? END, modified = ? "
                "WHERE id = ? AND status IN ('Executing', 'Stopping')",
                (kept, status, to_text(self._clock()), identifier),
            )
        return self.get(identifier)

    def steps(self, identifier: str) -> list[StepRecord]:
        """The steps that have started, in that order."""
        rows = self._store.rows("SELECT * FROM steps WHERE execution = ? ORDER BY started, rowid", identifier)
        return [_step(row) for row in rows]

    def tuning_job(self, arn: str) -> StepRecord | None:
        """The step whose job a tuning job is."""
        query = "SELECT * FROM steps WHERE type = 'Tuning' AND json_extract(metadata, '$.TuningJob.Arn') = ?"
        row = self._store.row(query, arn)
        return None if row is None else _step(row)

    def begin_attempt(self, identifier: str, step: Step, metadata: Mapping[str, Any], cache_key: str | None) -> int:
        """A step starts, or starts again. Returns the number of the attempt, from 1."""
        with self._store.transaction() as db:
            row = db.execute(
                "INSERT INTO steps (execution, name, type, display_name, description, status, attempts, started, "
                "metadata, cache_key) VALUES (?, ?, ?, ?, ?, 'Executing', 1, ?, ?, ?) "
                "ON CONFLICT (execution, name) DO UPDATE SET attempts = attempts + 1 RETURNING attempts",
                (
                    *(identifier, step.name, step.type, step.display_name, step.description),
                    *(to_text(self._clock()), json.dumps(metadata), cache_key),
                ),
            ).fetchone()
        return int(row["attempts"])

    def end_step(self, identifier: str, name: str, end: StepEnd) -> StepRecord:
        """A step has ended."""
        kept = None if end.failure_reason is None else end.failure_reason[:MAX_STEP_REASON]
        with self._store.transaction() as db:
            db.execute(
                "UPDATE steps SET status = ?, ended = ?, failure_reason = ?, properties = ?, "
                "metadata = coalesce(?, metadata), cache_source = ? WHERE execution = ? AND name = ?",
                (
                    *(end.status, to_text(self._clock()), kept, json.dumps(end.properties or {})),
                    *(None if end.metadata is None else json.dumps(end.metadata), end.cache_source, identifier, name),
                ),
            )
        return next(record for record in self.steps(identifier) if record.name == name)

    def stop_steps(self, identifier: str) -> list[str]:
        """Steps that were running become Stopped. Returns their names."""
        with self._store.transaction() as db:
            rows = db.execute(
                "UPDATE steps SET status = 'Stopped', ended = ? WHERE execution = ? AND status = 'Executing' "
                "RETURNING name",
                (to_text(self._clock()), identifier),
            ).fetchall()
        return [row["name"] for row in rows]

    def find_cached(
        self, pipeline: str, step: str, cache_key: str, expire_after: timedelta | None
    ) -> tuple[str, StepRecord] | None:
        """The newest result of the same step of the same pipeline with the same key: (execution id, step)."""
        since = "" if expire_after is None else to_text(self._clock() - expire_after)
        row = self._store.row(
            "SELECT steps.* FROM steps JOIN executions ON executions.id = steps.execution "
            "WHERE pipeline = ? AND name = ? AND cache_key = ? AND steps.status = 'Succeeded' "
            "AND cache_source IS NULL AND ended >= ? ORDER BY ended DESC",
            *(pipeline, step, cache_key, since),
        )
        return None if row is None else (row["execution"], _step(row))


def _execution(row: sqlite3.Row) -> Execution:
    fields = {key: row[key] for key in row.keys() if key != "token"}  # noqa: SIM118 (a Row iterates over values)
    fields["parameters"] = json.loads(row["parameters"])
    return Execution(**fields | {key: to_moment(row[key]) for key in ("created", "modified")})


def _step(row: sqlite3.Row) -> StepRecord:
    fields = {key: row[key] for key in row.keys() if key not in ("execution", "cache_key")}  # noqa: SIM118
    fields |= {key: json.loads(row[key]) for key in ("metadata", "properties")}
    ended = None if row["ended"] is None else to_moment(row["ended"])
    return StepRecord(**fields | {"started": to_moment(row["started"]), "ended": ended})
