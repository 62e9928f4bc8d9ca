"""The files of prepared rows: one, or for several instances many of even size, whose names tell order and number.

`train.parquet` beside `schema.json`; or `rows/part-00002-of-00008.parquet` and so on, each with the next rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from algorithms.base import Table
from algorithms.errors import DatasetError
from algorithms.schema import TableSchema

if TYPE_CHECKING:
    import pandas as pd

TRAIN_FILE = "train.parquet"
ROWS_FOLDER = "rows"
PART = re.compile(r"part-(\d{5})-of-(\d{5})\.parquet", re.ASCII)
PARTS_PER_INSTANCE = 4
"""A service that shares out "approximately 1/n of the number of S3 objects" leaves no instance without a file."""


def write_rows(folder: Path, rows: pd.DataFrame, instances: int) -> None:
    """Writes the training rows for so many instances. Raises DatasetError for fewer rows than files."""
    from steps.table_file import write_file

    folder.mkdir(parents=True, exist_ok=True)
    if instances == 1:
        write_file(folder / TRAIN_FILE, rows)
        return
    parts = instances * PARTS_PER_INSTANCE
    if len(rows) < parts:
        message = f"instance_count: {instances} needs at least {parts} training rows, got {len(rows)}. Leave it out."
        raise DatasetError.of("instance_count", instances, message)
    (folder / ROWS_FOLDER).mkdir(exist_ok=True)
    for number, (start, end) in enumerate(_blocks(len(rows), parts)):
        write_file(folder / ROWS_FOLDER / part_name(number, parts), rows.iloc[start:end])


def _blocks(rows: int, parts: int) -> Iterator[tuple[int, int]]:
    """The beginning and end of each block of rows, as even as may be."""
    for number in range(parts):
        yield number * rows // parts, (number + 1) * rows // parts


def read_rows(folder: Path, schema: TableSchema) -> Table:
    """All training rows that Prepare wrote into this folder or its `rows/`, in their order.

    Raises ValueError where a file is missing.
    """
    from steps.tables import load_table

    if (folder / TRAIN_FILE).is_file():
        return load_table(folder / TRAIN_FILE, schema)
    rows = folder / ROWS_FOLDER
    files = row_files(rows if rows.is_dir() else folder)
    check_complete([file.name for file in files])
    return joined([load_table(file, schema) for file in files])


def row_files(folder: Path) -> list[Path]:
    """The files of rows in a folder, in the rows' order. Raises ValueError for a file of another name."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    strange = [file.name for file in files if not PART.fullmatch(file.name)]
    if strange:
        raise ValueError(f"rows: must be files such as part-00000-of-00008.parquet, got {strange[0]!r}")
    return files


def check_complete(names: Sequence[str]) -> None:
    """Raises ValueError unless each file is there once: a row would be missing or count twice."""
    found = sorted(names)
    match = PART.fullmatch(found[0]) if found else None
    total = int(match[2]) if match else 0
    if not found or found != [part_name(number, total) for number in range(total)]:
        raise ValueError(f"rows: must be {total} files, each once, got {len(found)} of {len(set(found))} names")


def part_name(number: int, total: int) -> str:
    """The name of the file with the rows that come `number`-th of `total`."""
    return f"part-{number:05}-of-{total:05}.parquet"


def joined(tables: Sequence[Table]) -> Table:
    """The rows of several tables of one schema, one after the other."""
    import pandas as pd

    targets = [table.y for table in tables if table.y is not None]
    X = pd.concat([table.X for table in tables], ignore_index=True)
    return Table(X, pd.concat(targets, ignore_index=True) if targets else None, tables[0].schema)
