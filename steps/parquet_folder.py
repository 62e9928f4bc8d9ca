"""A table in several Parquet files of one folder, as Spark, Athena and pandas write it: their rows by file name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.errors import DatasetError, Problem
from algorithms.wording import shown
from steps.findings import listed, refuse
from steps.parquet_format import count_cells, read_parquet

if TYPE_CHECKING:
    import pandas as pd

MAX_FILES = 10_000
MAX_CELLS = 2_000_000_000
"""Rows times columns of all files: 16 GB of numbers. Each file has its own, lower limit."""


def read_folder(folder: Path) -> pd.DataFrame:
    """The rows of all files, in the order of their names; columns as `read_parquet` gives them.

    Raises DatasetError for files of another kind, with other columns or other types, and for more than is read.
    """
    import pandas as pd

    files = table_files(folder)
    cells = sum(count_cells(file) for file in files)
    if cells > MAX_CELLS:
        raise refuse(folder.name, cells, f"{folder.name}/: at most {MAX_CELLS} cells are read, got {cells}. Aggregate.")
    frames = {file.name: read_parquet(file) for file in files}
    first, *others = frames
    names = list(frames[first])
    problems = [problem for name in others for problem in _other_columns(first, names, name, list(frames[name]))]
    problems = problems or [problem for name in names for problem in _mixed(name, frames)]
    if problems:
        raise DatasetError(problems)
    columns = {name: _joined([frame[name] for frame in frames.values()]) for name in names}
    return pd.DataFrame(columns, index=range(sum(map(len, frames.values()))))


def table_files(folder: Path) -> list[Path]:
    """The files of a table, by name. Those that writers leave beside them (`_SUCCESS`, `.part.crc`) do not count.

    Raises DatasetError for none, for too many, and for anything that is no file `*.parquet`.
    """
    found = sorted(path for path in folder.iterdir() if not path.name.startswith(("_", ".")))
    strange = [path.name for path in found if path.suffix != ".parquet" or path.is_symlink() or not path.is_file()]
    if strange or not found:
        got = listed(strange) if strange else "none"
        message = f"{folder.name}/: must hold files *.parquet and no folders, got {got}. Move or convert the rest."
        raise refuse(folder.name, None, message)
    if len(found) > MAX_FILES:
        message = f"{folder.name}/: at most {MAX_FILES} files are read, got {len(found)}. Write larger ones."
        raise refuse(folder.name, len(found), message)
    return found


def _other_columns(first: str, expected: list[Any], name: str, found: list[Any]) -> list[Problem]:
    """All files have the same columns, in any order."""
    different = [column for column in [*expected, *found] if (column in expected) != (column in found)]
    if not different:
        return []
    message = f"{name}: must have the columns of {first}, got {shown(different[0])} in one alone. Write it again."
    return [Problem(str(different[0]), name, message)]


def _mixed(column: Any, frames: dict[str, pd.DataFrame]) -> list[Problem]:
    """A column holds values of one kind in all files; a file without a value in it may say any."""
    kinds: dict[str, str] = {}
    for name, frame in frames.items():
        if frame[column].notna().any():
            kinds.setdefault(_kind(frame[column]), name)
    if len(kinds) < 2:
        return []
    (one, here), (other, there) = list(kinds.items())[:2]
    message = f"{shown(column)}: must hold one kind of values, got {one} in {here} and {other} in {there}. Convert one."
    return [Problem(str(column), other, message)]


def _kind(values: pd.Series[Any]) -> str:
    return {"i": "numbers", "f": "numbers", "M": "dates"}.get(values.dtype.kind, "texts")


def _joined(parts: list[pd.Series[Any]]) -> pd.Series[Any]:
    """One column of all files; int64 only where it is in each."""
    import pandas as pd

    kinds = {part.dtype for part in parts if part.notna().any()} or {parts[0].dtype}
    dtype = kinds.pop() if len(kinds) == 1 else "float64"
    lacking = any(part.isna().any() for part in parts)
    if lacking and dtype == "int64":
        dtype = "float64"
    return pd.concat([_as(part, dtype) for part in parts], ignore_index=True)


def _as(part: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    """The values in another type; where there is none, so many missing ones."""
    import pandas as pd

    return part.astype(dtype) if part.notna().any() else pd.Series(index=part.index, dtype=dtype)
