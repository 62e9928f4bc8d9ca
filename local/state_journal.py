"""The journal of the local state machine: what each execution is at, and what happened to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from local.asl import encode
from local.store import Store, to_moment, to_text

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
Phase = Literal["enter", "call", "wait", "retry"]
"""Of the current state: to be entered; its function to be called; its token waited for; to be tried again."""
MOST_EVENTS = 25_000
"""Of one execution ("Step Functions service quotas")."""


@dataclass(frozen=True)
class Place:
    """Where a running execution is. `data` is the current state's input."""

    state: str
    data: Any
    phase: Phase = "enter"
    token: str | None = None
    deadline: datetime | None = None
    """Of the task, in the phases `call` and `wait`."""
    due: datetime | None = None
    """When it is tried again, in the phase `retry`."""
    retries: tuple[int, ...] = ()
    """How often each entry of Retry was used in this state."""


@dataclass(frozen=True)
class Machine:
    """One execution."""

    name: str
    input: str
    status: Status
    place: Place
    started: datetime
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    events: int = 0

    def at(self, place: Place) -> Machine:
        """The execution, gone on to a place."""
        return replace(self, place=place)


@dataclass(frozen=True)
class Event:
    """Something that happened, in the service's words (GetExecutionHistory)."""

    type: str
    details: dict[str, Any]


class Journal:
    """The tables `state_machine_executions`, `state_machine_events` and `state_machine_answers`."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def create(self, machine: Machine, event: Event) -> None:
        """Adds an execution. Raises sqlite3.IntegrityError if there is one of that name."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO state_machine_executions (name, input, status, place, started, events)"
                " VALUES (?, ?, ?, ?, ?, 0)",
                (machine.name, machine.input, machine.status, _place_text(machine.place), to_text(machine.started)),
            )
            self._append(db, machine.name, event)

    def get(self, name: str) -> Machine:
        """An execution. Raises KeyError."""
        row = self._store.row("SELECT * FROM state_machine_executions WHERE name = ?", name)
        if row is None:
            raise KeyError(name)
        return _machine(row)

    def all(self, status: str | None = None) -> list[Machine]:
        """The executions, oldest first."""
        query = "SELECT * FROM state_machine_executions WHERE status = ifnull(?, status) ORDER BY started, name"
        return [_machine(row) for row in self._store.rows(query, status)]

    def commit(self, machine: Machine, *events: Event) -> None:
        """One transition: the new place and what happened, or nothing of it. An ended execution stays as it is."""
        values = (
            machine.status,
            _place_text(machine.place),
            None if machine.stopped is None else to_text(machine.stopped),
            machine.output,
            machine.error,
            machine.cause,
            machine.name,
        )
        with self._store.transaction() as db:
            changed = db.execute(
                "UPDATE state_machine_executions SET status = ?, place = ?, stopped = ?, output = ?, error = ?,"
                " cause = ? WHERE name = ? AND status = 'RUNNING'",
                values,
            ).rowcount
            for event in events if changed else ():
                self._append(db, machine.name, event)

    def answer(self, token: str, answer: dict[str, Any]) -> bool:
        """Keeps the answer to a token that an execution waits for. False: nothing waits, or it was answered."""
        with self._store.transaction() as db:
            row = db.execute("SELECT name, place FROM state_machine_executions WHERE status = 'RUNNING'").fetchall()
            waits = any(json.loads(item["place"])["token"] == token for item in row)
            query = "INSERT INTO state_machine_answers (token, answer) VALUES (?, ?) ON CONFLICT DO NOTHING"
            return waits and db.execute(query, (token, encode(answer))).rowcount == 1

    def answer_to(self, token: str) -> dict[str, Any] | None:
        """The answer to a token, if it came."""
        row = self._store.row("SELECT answer FROM state_machine_answers WHERE token = ?", token)
        return None if row is None else json.loads(row["answer"])

    def history(self, name: str) -> list[dict[str, Any]]:
        """The events of an execution, oldest first."""
        rows = self._store.rows("SELECT * FROM state_machine_events WHERE execution = ? ORDER BY id", name)
        return [
            {"id": row["id"], "timestamp": to_moment(row["time"]), "type": row["type"], **json.loads(row["details"])}
            for row in rows
        ]

    def _append(self, db: sqlite3.Connection, name: str, event: Event) -> None:
        (number,) = db.execute(
            "UPDATE state_machine_executions SET events = events + 1 WHERE name = ? RETURNING events", (name,)
        ).fetchone()
        db.execute(
            "INSERT INTO state_machine_events (execution, id, time, type, details) VALUES (?, ?, ?, ?, ?)",
            (name, number, to_text(self._clock()), event.type, encode(event.details)),
        )


def _place_text(place: Place) -> str:
    moments = {key: value and to_text(value) for key, value in (("deadline", place.deadline), ("due", place.due))}
    return encode({**place.__dict__, **moments})


def _machine(row: sqlite3.Row) -> Machine:
    found = json.loads(row["place"])
    for key in ("deadline", "due"):
        found[key] = found[key] and to_moment(found[key])
    return Machine(
        name=row["name"],
        input=row["input"],
        status=row["status"],
        place=Place(**{**found, "retries": tuple(found["retries"])}),
        started=to_moment(row["started"]),
        stopped=None if row["stopped"] is None else to_moment(row["stopped"]),
        output=row["output"],
        error=row["error"],
        cause=row["cause"],
        events=row["events"],
    )
