"""Reads the table of a dataset, CSV or Parquet, into columns of numbers, booleans or texts. Nothing is typed here."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.columns import MISSING_TEXTS
from steps.csv_format import (
    CsvFormat,
    find_delimiter,
    guess_delimiter,
    header_problems,
    inspect_csv,
    measure,
    read_header,
)
from steps.findings import listed, refuse
from steps.metadata import Metadata

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from steps.csv_blocks import Marks

    Array = np.ndarray[Any, Any]

LARGE_BYTES = 4 * 2**20
"""Size from which on a CSV file is read block by block. What is found in it does not depend on it."""
MIN_ROWS = 10
"""Rows that a training table needs: a test set of two, and something to learn from."""


@dataclass(frozen=True)
class RawTable:
    """A table as it was read; missing cells are NaN.

    Columns of texts have pandas' `str` type; a Parquet file may also bring float64, int64 and bool.
    """

    name: str
    frame: pd.DataFrame
    na_values: dict[str, list[str]]
    """Column -> the texts that mean "missing" there, where they are not the default ones."""
    texts_of: Callable[[Array], pd.DataFrame] | None = None
    """Reads the rows of a mask again, as texts, where `frame` holds numbers that were read from texts."""


def find_table(folder: Path, stem: str) -> Path | None:
    """The file `<stem>.csv` or `<stem>.parquet`, or the folder `<stem>` of Parquet files; None where there is none.

    Raises DatasetError for more than one.
    """
    found = [path for suffix in (".csv", ".parquet") if (path := folder / f"{stem}{suffix}").is_file()]
    found += [folder / stem] if (folder / stem).is_dir() else []
    if len(found) > 1:
        names = " and ".join(path.name if path.suffix else f"{path.name}/" for path in found)
        raise refuse(stem, None, f"dataset: holds both {names}. Keep one.")
    return found[0] if found else None


def find_training_table(folder: Path) -> Path:
    """As `find_table`; raises DatasetError where there is no training table."""
    path = find_table(folder, "train")
    if path is None:
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        got = listed(names) if names else "no files"
        what = "train.csv, train.parquet or a folder train/ of Parquet files"
        raise refuse("dataset", None, f"dataset: needs {what}, got {got}. Add or rename the file.")
    return path


def read_raw(path: Path, metadata: Metadata, min_rows: int) -> RawTable:
    """The rows of a CSV or Parquet file, or of a folder of Parquet files.

    Raises DatasetError for what cannot be read or has too few rows.
    """
    return _read_csv(path, metadata, min_rows) if path.suffix == ".csv" else _read_parquet(path, metadata, min_rows)


def _check_rows(name: str, rows: int, min_rows: int) -> None:
    if rows < min_rows:
        raise refuse(name, rows, f"{name}: at least {min_rows} rows are needed, got {rows}. Add rows.")


def _read_csv(path: Path, metadata: Metadata, min_rows: int) -> RawTable:
    read = _read_large_csv if path.stat().st_size >= LARGE_BYTES else _read_small_csv
    return read(path, metadata, min_rows)


def _read_large_csv(path: Path, metadata: Metadata, min_rows: int) -> RawTable:
    """As `_read_small_csv`, block by block. What stops the fast parser is judged, and told, by the slow one."""
    from steps.csv_blocks import UnusualCsvError, read_marks

    delimiter = guess_delimiter(path)
    marks = read_marks(path, delimiter)
    with suppress(UnusualCsvError, csv.Error, UnicodeDecodeError, StopIteration):
        found = CsvFormat(delimiter, read_header(path, delimiter), marks.lines)
        if marks.plain and not header_problems(path.name, found.header):
            return _in_blocks(path, found, marks, metadata, min_rows)
    return _in_blocks(path, measure(path, find_delimiter(path)), replace(marks, plain=False), metadata, min_rows)


def _in_blocks(path: Path, found: CsvFormat, marks: Marks, metadata: Metadata, min_rows: int) -> RawTable:
    from steps.csv_columns import LargeCsv

    as_texts = [name for name in found.header if metadata.notes(name).type in ("category", "text")]
    file = LargeCsv(path, found, marks, _own_missing(found.header, metadata), as_texts)
    frame = file.read()
    _check_rows(path.name, len(frame), min_rows)
    return RawTable(path.name, frame, file.own_missing, file.texts_of)


def _own_missing(header: Iterable[str], metadata: Metadata) -> dict[str, list[str]]:
    return {name: values for name in header if (values := metadata.notes(name).na_values) is not None}


def _read_small_csv(path: Path, metadata: Metadata, min_rows: int) -> RawTable:
    found = inspect_csv(path)
    _check_rows(path.name, found.rows, min_rows)
    na_values = _own_missing(found.header, metadata)
    (frame,) = parse_csv(path, found)
    for name in found.header:
        frame[name] = _with_missing(frame[name], na_values.get(name, MISSING_TEXTS))
    return RawTable(path.name, frame, na_values)


def _read_parquet(path: Path, metadata: Metadata, min_rows: int) -> RawTable:
    """Null is what means "missing" in Parquet, and an empty text; other markers only where metadata.json has them."""
    from steps.parquet_folder import read_folder
    from steps.parquet_format import read_parquet

    frame = read_folder(path) if path.is_dir() else read_parquet(path)
    _check_rows(path.name, len(frame), min_rows)
    na_values = {name: metadata.notes(name).na_values or [] for name in map(str, frame)}
    for name, markers in na_values.items():
        frame[name] = _with_missing(frame[name], markers)
    return RawTable(path.name, frame, na_values)


def _with_missing(values: pd.Series[Any], markers: Iterable[str]) -> pd.Series[Any]:
    """The values, with NaN for empty texts and for markers; a number is missing where a marker is that number."""
    import pandas as pd

    if values.dtype == "str":
        return values.mask(values.isin({"", *markers}))
    numbers = pd.to_numeric(pd.Series(list(markers), dtype="str"), errors="coerce").dropna()
    return values.mask(values.isin(numbers)) if len(numbers) else values


def parse_csv(path: Path, found: CsvFormat, chunksize: int | None = None) -> Iterator[pd.DataFrame]:
    """The rows as texts, `chunksize` of them at a time; all at once without one.

    Raises DatasetError for a quote that is not closed.
    """
    import pandas as pd

    try:
        read: Any = pd.read_csv(
            path,
            sep=found.delimiter,
            header=0,
            names=found.header,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skipinitialspace=True,
            encoding=found.encoding,
            chunksize=chunksize,
        )
        yield from [read] if chunksize is None else read
    except pd.errors.ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. ")
        raise refuse(path.name, None, f"{path.name}: cannot be parsed ({reason}). Check its quotes.") from error
