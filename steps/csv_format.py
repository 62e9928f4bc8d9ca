"""Checks a CSV file before it is parsed: encoding, delimiter, header, and the same number of fields in every line.

Works with the standard library, so that a file which cannot be read is refused at once.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from algorithms.errors import DatasetError, Problem
from algorithms.wording import plain, shown
from steps.findings import counted, listed, refuse

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SAMPLE_LINES = 50
SAMPLE_BYTES = 64 * 2**10
"""The start of a file, from which the delimiter is told."""
BLOCK_BYTES = 2**20
MAX_LINE = 2**24
"""Characters of one line: only so much of a file is in memory at a time."""
BLANK = b"\xef\xbb\xbf \t\r\n"
"""Bytes of a file without content: a byte order mark and spaces."""
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
    return measure(path, find_delimiter(path))


def find_delimiter(path: Path) -> str:
    """What separates the fields. Raises DatasetError for a file that is too large, or no UTF-8 text."""
    delimiter = guess_delimiter(path)
    _check_encoding(path)
    return delimiter


def guess_delimiter(path: Path) -> str:
    """What separates the fields in the start of the file, the only part that is looked at."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        message = f"{path.name}: at most {MAX_BYTES} bytes are read, got {size}. Store it as Parquet."
        raise refuse(path.name, size, message)
    sample = _read_sample(path)
    return _delimiter(sample, complete=size <= SAMPLE_BYTES)


def measure(path: Path, delimiter: str) -> CsvFormat:
    """Reads every line. Raises DatasetError where the fields are not as many in each."""
    try:
        return _measure(path, delimiter)
    except csv.Error as error:
        raise refuse(path.name, None, f"{path.name}: cannot be parsed ({error}). Check its quotes.") from error


def _read_sample(path: Path) -> str:
    """The start of the file as text. Raises DatasetError for files of another kind."""
    with path.open("rb") as file:
        data = file.read(SAMPLE_BYTES)
    kind = next((kind for start, kind in NOT_TEXT.items() if data.startswith(start)), None)
    if kind:
        raise refuse(path.name, None, f"{path.name}: is {kind}, no CSV. Save the table as CSV in UTF-8.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_other_byte_is_nul(data):
        message = f"{path.name}: is UTF-16. Save it as UTF-8, for instance with {_iconv('utf-16', path.name)}."
        raise refuse(path.name, "UTF-16", message)
    return data.decode("utf-8-sig", "ignore")


def _every_other_byte_is_nul(data: bytes) -> bool:
    start = data[:200]
    return len(start) > 1 and (not any(start[0::2]) or not any(start[1::2]))


def _check_encoding(path: Path) -> None:
    """Raises DatasetError for a file that is empty, not UTF-8, or holds NUL bytes. Reads a block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = line = 0
    blank = True
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK_BYTES)
            if b"\0" in block:
                raise _nul(path.name, done + block.index(b"\0"))
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _not_utf8(path.name, error, done - waiting, line) from None
            if not block:
                break
            blank = blank and not block.strip(BLANK)
            done, line = done + len(block), line + block.count(b"\n")
    if blank:
        raise refuse(path.name, None, f"{path.name}: is empty. Add a line of column names, and rows.")


def _nul(name: str, where: int) -> DatasetError:
    return refuse(name, where, f"{name}: has a NUL byte, at byte {where}. Save the table as CSV in UTF-8.")


def _not_utf8(name: str, error: UnicodeDecodeError, start: int, lines: int) -> DatasetError:
    """`start` and `lines` come before the block of the error. A byte order mark counts too."""
    where, line = start + error.start, lines + error.object.count(b"\n", 0, error.start) + 1
    message = (
        f"{name}: is not UTF-8, got the byte 0x{error.object[error.start]:02x} at position {where} (line {line}). "
        f"Save it as UTF-8, for instance with {_iconv('cp1252', name)} (cp932 for Japanese)."
    )
    return refuse(name, where, message)


def _iconv(encoding: str, name: str) -> str:
    return f"iconv -f {encoding} -t utf-8 {name}"


def _delimiter(sample: str, *, complete: bool) -> str:
    """The delimiter that cuts the first lines into the same number of fields; else the most fields of the header.

    The last line of a sample that is not the complete file counts only where there is no other.
    """

    def fit(delimiter: str) -> tuple[bool, int]:
        records = _records(io.StringIO(sample, newline=""), delimiter)
        widths = [len(fields) for _, fields in islice(records, SAMPLE_LINES + 1)]
        widths = widths[:SAMPLE_LINES] if complete or len(widths) > SAMPLE_LINES else widths[:-1] or widths
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    try:
        return max(DELIMITERS, key=fit)
    except csv.Error:
        return ","


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every record; empty lines are left out."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return ((reader.line_num, fields) for fields in reader if fields)


def _lines(file: IO[str]) -> Iterator[str]:
    """The lines of a file. Raises csv.Error for one that is too long to be a line of a table."""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise csv.Error(f"a line of {MAX_LINE} characters or more")
        yield line


def read_header(path: Path, delimiter: str) -> list[str]:
    """The names in the first line. Raises csv.Error where it cannot be parsed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(_records(_lines(file), delimiter))[1]


def _measure(path: Path, delimiter: str) -> CsvFormat:
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = _records(_lines(file), delimiter)
        header = next(records)[1]
        problems = header_problems(path.name, header)
        rows, ragged, first = 0, 0, (0, 0)
        for line, fields in records:
            rows += 1
            if len(fields) != len(header):
                first = first if ragged else (line, len(fields))
                ragged += 1
    if ragged:
        problems.append(_ragged(path.name, len(header), first, ragged, delimiter))
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
