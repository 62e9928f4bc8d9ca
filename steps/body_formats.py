"""The bodies of requests: CSV, JSON and JSON Lines into rows. Bounded, and with the row named where one is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from algorithms.wording import shown
from steps.csv_format import DELIMITERS
from steps.refusals import RefusedError

INSTANCES = "instances"
"""The one key of a JSON body that holds its rows: the form that SageMaker's own algorithms take."""


@dataclass(frozen=True)
class Records:
    """The rows of a CSV, and its column names where it had a header line."""

    header: list[str] | None
    rows: list[list[str]]


def read_text(body: bytes) -> str:
    """The body as UTF-8. Raises RefusedError (400) for other bytes, for NUL, and for an empty body."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"got the byte 0x{error.object[error.start]:02x} at position {error.start}"
        raise RefusedError.of(400, f"body: must be UTF-8, {got}. Send UTF-8.") from None
    if "\0" in text:
        raise RefusedError.of(400, f"body: has a NUL byte, at character {text.index(chr(0))}. Remove it.")
    if not text.strip():
        raise RefusedError.of(400, "body: is empty. Send at least 1 row.")
    return text


def read_csv(text: str, names: Collection[str], width: int, header: bool | None) -> Records:
    """The records of a CSV, cut as in training. Empty lines at the end do not count.

    Parameters
    ----------
    names : the columns that the model knows
    width : fields of a line without names
    header : whether the first line holds names; None: it does where one of `names` is in it
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    rows = _records(text, _delimiter(first, names, width))
    while rows and not rows[-1]:
        rows.pop()
    if header is False or (header is None and not set(rows[0]) & set(names)):
        return Records(None, rows)
    return Records(rows[0], rows[1:])


def _records(text: str, delimiter: str) -> list[list[str]]:
    """Every record, fields without the spaces before them; raises RefusedError (400) for what cannot be cut."""
    try:
        return list(
            csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter, skipinitialspace=True)
        )
    except csv.Error as error:
        raise RefusedError.of(400, f"body: cannot be read as CSV ({error}). Check its quotes.") from error


def _delimiter(line: str, names: Collection[str], width: int) -> str:
    """The delimiter that finds a known name, or as many fields as the model has columns; else the comma."""

    def fits(delimiter: str) -> bool:
        try:
            fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            return False
        return len(fields) == width or (len(fields) > 1 and bool(set(fields) & set(names)))

    return next(filter(fits, DELIMITERS), ",")


def read_json(text: str) -> list[Any]:
    """The rows of a JSON body: a list of them, `{"instances": [...]}`, or one object, which is one row."""
    value = _parse(text, None)
    if isinstance(value, dict) and value.keys() == {INSTANCES} and isinstance(value[INSTANCES], list):
        return list(value[INSTANCES])
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return value
    raise RefusedError.of(
        400, f'body: must be a list of rows or {{"{INSTANCES}": [rows]}}, got {shown(value)}. Wrap it.'
    )


def read_json_lines(text: str) -> list[Any]:
    """One JSON value a line; empty lines at the end do not count."""
    return [_parse(line, row) for row, line in enumerate(text.rstrip().split("\n"), 1)]


def _parse(text: str, row: int | None) -> Any:
    """Strict JSON: no NaN, no repeated keys, nothing that is no Unicode. Raises RefusedError (400)."""
    where = "body" if row is None else f"row {row}"
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise RefusedError.of(400, f"{where}: is nested too deeply. Send flat rows.", row) from None
    except UnicodeEncodeError:
        raise RefusedError.of(
            400, f"{where}: has half a surrogate pair, which is no character. Remove it.", row
        ) from None
    except ValueError as error:
        raise RefusedError.of(400, f"{where}: is no JSON ({_reason(error)}). Correct it.", row) from error
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "a number is too long" if "integer string conversion" in str(error) else str(error)
