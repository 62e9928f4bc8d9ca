"""The files of training_history/. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_bridge.judge import Step
from lambda_bridge.runs import Run


class HistoryError(ValueError):
    """A chain of records is broken; the message names the first record that does not fit."""


def slug(title: str) -> str:
    """The part of the folder's name that comes from the issue's title."""
    raise NotImplementedError


def folder(run: Run, number: int) -> str:
    """`training_history/<issue>-<slug>/attempt-<k>` of one attempt."""
    raise NotImplementedError


def digest(record: bytes) -> str:
    """Hex SHA-256 of a record.json."""
    raise NotImplementedError


def record(run: Run, evaluation: Mapping[str, Any] | None, steps: Sequence[Step], code_version: str) -> dict[str, Any]:
    """The current attempt's record."""
    raise NotImplementedError


def files(
    run: Run,
    evaluation: Mapping[str, Any] | None,
    steps: Sequence[Step],
    code_version: str,
    plots: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Path -> bytes of the current attempt's folder: record.json, README.md, and the plots by file name."""
    raise NotImplementedError


def verify(records: Sequence[bytes]) -> None:
    """Checks a chain, oldest first. Raises HistoryError."""
    raise NotImplementedError
