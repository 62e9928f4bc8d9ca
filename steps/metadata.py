"""metadata.json: what the owner of a dataset says about it. Every key is optional."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from algorithms.errors import DatasetError, Problem
from algorithms.metrics import TaskType
from algorithms.schema import ColumnType
from algorithms.validation import check
from algorithms.wording import shown
from steps.findings import refuse

NAME = "metadata.json"
MAX_BYTES = 2**20


class ColumnNotes(BaseModel):
    """What is said about one column."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: ColumnType | None = None
    na_values: list[str] | None = Field(None, max_length=100)
    """Texts that mean "missing" in this column, in place of the default markers; `[]`: none."""
    description: str | None = Field(None, max_length=2000)


class Metadata(BaseModel):
    """The content of metadata.json."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    target: str | None = None
    task_type: TaskType | None = None
    columns: dict[str, ColumnNotes] = {}

    def notes(self, column: str) -> ColumnNotes:
        """What is said about `column`, which may be nothing."""
        return self.columns.get(column, ColumnNotes())


def read_metadata(folder: Path) -> Metadata:
    """The metadata of the dataset in `folder`, empty where there is no file.

    Raises DatasetError with every problem of the file.
    """
    path = folder / NAME
    if not path.is_file():
        return Metadata()
    content = _without_none(_parse(path))
    problems = _problems(content)
    if problems:
        raise DatasetError(problems)
    return Metadata.model_validate(content)


def _parse(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise refuse(NAME, size, f"{NAME}: at most {MAX_BYTES} bytes are read, got {size}. Shorten the descriptions.")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError | _RepeatedKeyError) else type(error).__name__
        raise refuse(NAME, None, f"{NAME}: is no readable JSON ({reason}). Correct it.") from error
    if not isinstance(content, dict):
        raise refuse(NAME, content, f"{NAME}: must be a JSON object, got {shown(content)}. Write it between {{ and }}.")
    return content


class _RepeatedKeyError(ValueError):
    """A JSON object names a key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _RepeatedKeyError(f"the key {shown(key)} is repeated")
        content[key] = value
    return content


def _without_none(content: dict[str, Any]) -> dict[str, Any]:
    """null means left out."""
    return {key: value for key, value in content.items() if value is not None}


def _problems(content: dict[str, Any]) -> list[Problem]:
    columns = content.get("columns", {})
    if not isinstance(columns, dict):
        return check(Metadata, content, f"{NAME}: ")
    problems = check(Metadata, {**content, "columns": {}}, f"{NAME}: ")
    for name, notes in columns.items():
        where = f"{NAME}: columns: {shown(name)}: "
        if isinstance(notes, dict):
            problems += check(ColumnNotes, _without_none(notes), where)
        else:
            problems.append(Problem(NAME, None, f"{where}must be a JSON object, got {shown(notes)}. Correct it."))
    return problems
