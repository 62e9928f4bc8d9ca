"""Checks a CSV file before it is parsed: encoding, delimiter, header, and the same number of fields in every line.

Works with the standard library, so that a file which cannot be read is refused at once.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from algorithms.errors import DatasetError, Problem
from algorithms.wording import plain, shown
from steps.findings import counted, listed, refuse

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SAMPLE_LINES = 50
MAX_BYTES = 2 * 2**30
MAX_COLUMNS = 5_000
MAX_NAME = 256
"""Characters of a column name: a container argument may name any column."""

NOT_TEXT = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
}
"""First bytes of files that are often named .csv by mistake."""


@dataclass(frozen=True)
class CsvFormat:
    """How to parse a CSV file that was checked."""

    delimiter: str
    header: list[str]
    rows: int
    encoding: str = "utf-8-sig"


def inspect_csv(path: Path) -> CsvFormat:
    """The format of a CSV file. Raises DatasetError for a file that is no rectangular UTF-8 table."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        message = f"{path.name}: at most {MAX_BYTES} bytes are read, got {size}. Store it as Parquet."
        raise refuse(path.name, size, message)
    text = _decode(path.name, path.read_bytes())
    if not text.strip():
        raise refuse(path.name, None, f"{path.name}: is empty. Add a line of column names, and rows.")
    delimiter = _delimiter(text)
    try:
        return _measure(path.name, text, delimiter)
    except csv.Error as error:
        raise refuse(path.name, None, f"{path.name}: cannot be parsed ({error}). Check its quotes.") from error


def _decode(name: str, data: bytes) -> str:
    kind = next((kind for start, kind in NOT_TEXT.items() if data.startswith(start)), None)
    if kind:
        raise refuse(name, None, f"{name}: is {kind}, no CSV. Save the table as CSV in UTF-8.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_other_byte_is_nul(data):
        message = f"{name}: is UTF-16. Save it as UTF-8, for instance with {_iconv('utf-16', name)}."
        raise refuse(name, "UTF-16", message)
    if b"\0" in data:
        where = data.index(b"\0")
        raise refuse(name, where, f"{name}: has a NUL byte, at byte {where}. Save the table as CSV in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_utf8(name, data) from None


def _every_other_byte_is_nul(data: bytes) -> bool:
    start = data[:200]
    return len(start) > 1 and (not any(start[0::2]) or not any(start[1::2]))


def _not_utf8(name: str, data: bytes) -> DatasetError:
    """Counted from the start of the file; a byte order mark counts too."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        where, line = error.start, data.count(b"\n", 0, error.start) + 1
    message = (
        f"{name}: is not UTF-8, got the byte 0x{data[where]:02x} at position {where} (line {line}). "
        f"Save it as UTF-8, for instance with {_iconv('cp1252', name)} (cp932 for Japanese)."
    )
    return refuse(name, where, message)


def _iconv(encoding: str, name: str) -> str:
    return f"iconv -f {encoding} -t utf-8 {name}"


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of fields; else the most fields of the header."""

    def fit(delimiter: str) -> tuple[bool, int]:
        widths = [len(fields) for _, fields in islice(_records(text, delimiter), SAMPLE_LINES)]
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    try:
        return max(DELIMITERS, key=fit)
    except csv.Error:
        return ","


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every record; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return ((reader.line_num, fields) for fields in reader if fields)


def _measure(name: str, text: str, delimiter: str) -> CsvFormat:
    records = _records(text, delimiter)
    header = next(records)[1]
    problems = header_problems(name, header)
    rows, ragged, first = 0, 0, (0, 0)
    for line, fields in records:
        rows += 1
        if len(fields) != len(header):
            first = first if ragged else (line, len(fields))
            ragged += 1
    if ragged:
        problems.append(_ragged(name, len(header), first, ragged, delimiter))
    if problems:
        raise DatasetError(problems)
    return CsvFormat(delimiter, header, rows)


def _ragged(name: str, width: int, first: tuple[int, int], lines: int, delimiter: str) -> Problem:
    line, fields = first
    others = f" (and {counted(lines - 1, 'other line')})" if lines > 1 else ""
    message = (
        f"{name}: every line must have {counted(width, 'field')} as the header has, "
        f"got {fields} in line {line}{others}. Put double quotes around texts that hold a {DELIMITERS[delimiter]}."
    )
    return Problem(name, line, message)


def header_problems(name: str, header: list[str]) -> list[Problem]:
    """What is wrong with the column names of a file."""
    if len(header) > MAX_COLUMNS:
        message = f"{name}: at most {MAX_COLUMNS} columns are read, got {len(header)}. Leave some out."
        return [Problem(name, len(header), message)]
    messages = []
    unnamed = [place for place, column in enumerate(header, 1) if not column.strip()]
    if unnamed:
        messages.append(f"every column needs a name, got none for column {listed(unnamed)}. Name or remove it.")
    repeated = [column for column, count in Counter(header).items() if count > 1 and column.strip()]
    if repeated:
        messages.append(f"column names must differ, got {listed(repeated)} more than once. Rename or remove them.")
    long = [column for column in header if len(column) > MAX_NAME]
    if long:
        got = f"{len(long[0])}: {shown(long[0])}"
        messages.append(f"a column name has at most {MAX_NAME} characters, got {got}. Shorten it.")
    return [Problem(name, plain(name), f"{name}: {message}") for message in messages]
