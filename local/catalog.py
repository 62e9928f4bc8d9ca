"""The pipelines that can be started: their names and definitions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local.arns import NAME
from local.definitions import DefinitionError, parse
from local.store import Store, now, to_moment, to_text

MAX_PIPELINE_NAME = 256


class PipelineExistsError(Exception):
    """There is already a pipeline of that name."""


@dataclass(frozen=True)
class Pipeline:
    """A pipeline and its current definition."""

    name: str
    display_name: str | None
    description: str | None
    role_arn: str
    definition: str
    created: datetime
    modified: datetime


class Catalog:
    """The table `pipelines`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def create(self, pipeline: str, definition: str, role_arn: str, **texts: str | None) -> None:
        """Adds a pipeline; `texts`: display_name, description. Raises DefinitionError, PipelineExistsError."""
        if len(pipeline) > MAX_PIPELINE_NAME or not NAME.fullmatch(pipeline):
            raise DefinitionError([f"PipelineName: must be letters, digits and inner hyphens, got {pipeline[:80]!r}."])
        parse(definition)
        moment = to_text(self._clock())
        values = (pipeline, texts.get("display_name"), texts.get("description"), role_arn, definition, moment, moment)
        with self._store.transaction() as db:
            if not db.execute("INSERT OR IGNORE INTO pipelines VALUES (?, ?, ?, ?, ?, ?, ?)", values).rowcount:
                raise PipelineExistsError(f"PipelineName: there is already a pipeline {pipeline!r}.")

    def update(self, pipeline: str, definition: str | None, role_arn: str | None, **texts: str | None) -> None:
        """Changes what is given; executions that run keep the definition they began with. Raises KeyError."""
        self.get(pipeline)
        if definition is not None:
            parse(definition)
        moment = to_text(self._clock())
        with self._store.transaction() as db:
            db.execute(
                "UPDATE pipelines SET definition = coalesce(?, definition), role_arn = coalesce(?, role_arn), "
                "display_name = coalesce(?, display_name), description = coalesce(?, description), modified = ? "
                "WHERE name = ?",
                (definition, role_arn, texts.get("display_name"), texts.get("description"), moment, pipeline),
            )

    def upsert(self, pipeline: str, definition: str, role_arn: str) -> None:
        """Adds a pipeline, or gives it this definition. Raises DefinitionError."""
        try:
            self.create(pipeline, definition, role_arn)
        except PipelineExistsError:
            self.update(pipeline, definition, None)

    def get(self, pipeline: str) -> Pipeline:
        """A pipeline by its name. Raises KeyError."""
        row = self._store.row("SELECT * FROM pipelines WHERE name = ?", pipeline)
        if row is None:
            raise KeyError(pipeline)
        return _pipeline(row)


def _pipeline(row: sqlite3.Row) -> Pipeline:
    return Pipeline(**dict(row) | {key: to_moment(row[key]) for key in ("created", "modified")})
