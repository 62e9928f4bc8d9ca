"""Reads a large CSV file block by block into texts, so that only a block of it is in memory as text.

Plain files are parsed by pyarrow, several times as fast as by pandas. Where the two might differ (spaces before a
value, lone carriage returns, a quote that is not closed) pandas parses, as it does small files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from steps.csv_format import BLOCK_BYTES, CsvFormat

PARSED_BYTES = 8 * 2**20
"""Bytes of a file that are parsed at a time; a line has at most as many."""
PARSED_ROWS = 50_000
LONGEST_FIELD = 131_072
"""Characters of a field at most, as the csv module has it (csv.field_size_limit)."""


class UnusualCsvError(ValueError):
    """Something that is parsed in the slow way only, or not at all."""


@dataclass(frozen=True)
class Marks:
    """What stands in a file."""

    lines: int
    quotes: int
    plain: bool
    """Whether pyarrow reads the file as pandas does."""


def read_marks(path: Path, delimiter: str) -> Marks:
    """Looks through the bytes of a UTF-8 file."""
    lines = quotes = 0
    plain, last, nul = True, b"", b"\0"
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            lines, quotes = lines + block.count(b"\n"), quotes + block.count(b'"')
            plain = plain and nul not in block and not _unusual(last + block, delimiter.encode())
            last = block[-1:]
    return Marks(lines, quotes, plain and quotes % 2 == 0 and last != b"\r")


def _unusual(block: bytes, delimiter: bytes) -> bool:
    starts = (delimiter, b"\n", b"\r", b"\xef\xbb\xbf")
    spaces = [space for space in (b" ", b"\t") if space in block and space != delimiter]
    if any(start + space in block for space in spaces for start in starts):
        return True
    # the last byte may be the first half of a line's end; the next block begins with it
    return b"\r" in block and block[:-1].count(b"\r") != block.count(b"\r\n")


def blocks(path: Path, found: CsvFormat, marks: Marks, names: Collection[str], missing: list[str]) -> Iterator[Any]:
    """Record batches of texts, with the columns `names`; null for the texts in `missing` and for empty ones.

    Raises UnusualCsvError for what pyarrow refuses, which may be in any block.
    """
    if marks.plain:
        yield from _parse_plain(path, found, marks, list(names), missing)
    else:
        yield from _parse_any(path, found, list(names), missing)


def _parse_plain(path: Path, found: CsvFormat, marks: Marks, names: list[str], missing: list[str]) -> Iterator[Any]:
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(found.header, pa.string()),
        include_columns=names,
        null_values=["", *missing],
        strings_can_be_null=True,
    )
    parse = arrow_csv.ParseOptions(delimiter=found.delimiter, newlines_in_values=marks.quotes > 0)
    read = arrow_csv.ReadOptions(block_size=PARSED_BYTES)
    try:
        for batch in arrow_csv.open_csv(path, read, parse, convert):
            if any(_longest(column) > LONGEST_FIELD for column in batch.columns):
                raise UnusualCsvError("a field is too long")
            yield batch
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise UnusualCsvError(str(error)) from error


def _longest(texts: Any) -> int:
    return int(pc.max(pc.binary_length(texts)).as_py() or 0)


def _parse_any(path: Path, found: CsvFormat, names: list[str], missing: list[str]) -> Iterator[Any]:
    from steps.reading import parse_csv

    for frame in parse_csv(path, found, chunksize=PARSED_ROWS):
        texts = {name: pa.array(frame[name], pa.string()) for name in names}
        yield pa.record_batch({name: null_where(column, ["", *missing]) for name, column in texts.items()})


def null_where(texts: Any, missing: Collection[str]) -> Any:
    """The texts, null for those in `missing`."""
    among = pc.is_in(texts, value_set=pa.array(sorted(missing), pa.string()))
    return pc.if_else(among, pa.scalar(None, pa.string()), texts)
