"""What Prepare has to say about a dataset: findings, which a person should know, and problems, which refuse it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from algorithms.errors import DatasetError, Problem, RequestError
from algorithms.wording import did_you_mean, plain, shown

MOST_FINDINGS = 50
"""Findings that a report holds; the rest is counted."""
MOST_NAMED = 5
"""Values or columns that one sentence names."""


@dataclass(frozen=True)
class Finding:
    """Something about the dataset that a person should know."""

    kind: str
    column: str | None
    message: str


class Problems:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    @contextmanager
    def collect(self) -> Iterator[None]:
        """A block whose RequestError is kept for later."""
        try:
            yield
        except RequestError as error:
            self.found += error.problems

    def add(self, key: str, value: Any, message: str) -> None:
        """One more problem. The value may be any text of a stranger."""
        self.found.append(Problem(key, plain(value), message))

    def stop(self) -> None:
        """Raises DatasetError with every problem collected so far, if there is one."""
        if self.found:
            raise DatasetError(self.found)


def refuse(key: str, value: Any, message: str) -> DatasetError:
    """A DatasetError with one problem. The value may be any text of a stranger."""
    return DatasetError([Problem(key, plain(value), message)])


def listed(values: Iterable[Any]) -> str:
    """Strangers' values for a sentence: `"a", "b" and 3 more`."""
    every = list(values)
    names = ", ".join(shown(value) for value in every[:MOST_NAMED])
    return f"{names} and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else names


def counted(n: int, unit: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def unknown_column(key: str, name: str, columns: Iterable[str]) -> Problem:
    """The problem of a column name that the table does not have, with the nearest one."""
    message = f"{key}: names no column of the dataset, got {shown(name)}. {did_you_mean(name, columns)}"
    return Problem(key, plain(name), message)


def to_report(findings: list[Finding]) -> list[dict[str, Any]]:
    """The findings as strict JSON, capped."""
    told = [asdict(finding) for finding in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        more = counted(len(findings) - MOST_FINDINGS, "more finding")
        told.append(asdict(Finding("more", None, f"{more} did not fit into this report.")))
    return told
