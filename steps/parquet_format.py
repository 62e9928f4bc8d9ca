"""Opens a Parquet file of unknown origin: flat columns of numbers, texts, booleans and dates, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from algorithms.errors import DatasetError, Problem
from algorithms.wording import bare, shown
from steps.csv_format import MAX_BYTES, header_problems
from steps.findings import refuse

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 200_000_000
"""Rows times columns. A file of a few bytes may promise any number of them."""
MAX_TEXT_BYTES = 2**29
"""All texts of a file. A long one that is stored once may stand in every row."""

NUMBERS = (types.is_integer, types.is_floating, types.is_decimal)
DATES = (types.is_date, types.is_timestamp)
TEXTS = (types.is_string, types.is_large_string, types.is_string_view, types.is_boolean, types.is_null)


def read_parquet(path: Path) -> pd.DataFrame:
    """The columns as int64, float64, datetime64 or `str`. Booleans are the texts "true" and "false".

    Raises DatasetError for a file that is damaged or too large, and for columns of other types.
    """
    import pandas as pd

    try:
        table = _open(path)
        columns = {name: _to_pandas(table.column(name)) for name in table.column_names}
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        raise _unreadable(path, error) from error
    return pd.DataFrame(columns, index=range(table.num_rows))


def count_cells(path: Path) -> int:
    """Rows times columns that a file promises. Raises DatasetError for one that is damaged."""
    try:
        metadata = parquet.ParquetFile(path).metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return int(metadata.num_rows * metadata.num_columns)


def _unreadable(path: Path, error: Exception) -> DatasetError:
    message = f"{path.name}: is no Parquet file that can be read ({type(error).__name__}). Write it again."
    return refuse(path.name, None, message)


def _open(path: Path) -> Any:
    """The table, its texts as dictionaries, so that none is in memory twice before its size is known."""
    file = parquet.ParquetFile(path)
    _check_schema(path.name, file.schema_arrow, file.metadata.num_rows)
    _check_stored_bytes(path.name, file.metadata)
    texts = [field.name for field in file.schema_arrow if _is_text(_plain_type(field.type))]
    table = parquet.ParquetFile(path, read_dictionary=texts).read()
    table.validate(full=True)
    _check_text_bytes(path.name, table.select(texts))
    return table.drop_columns([name for name in table.column_names if name.startswith("__index_level_")])


def _check_stored_bytes(name: str, metadata: Any) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    size = sum(group.column(place).total_uncompressed_size for group in groups for place in range(group.num_columns))
    if size > MAX_BYTES:
        raise refuse(name, size, f"{name}: at most {MAX_BYTES} bytes are unpacked, got {size}. Take a sample.")


def _check_text_bytes(name: str, texts: Any) -> None:
    size = sum(_decoded_bytes(chunk) for column in texts.columns for chunk in column.chunks)
    if size > MAX_TEXT_BYTES:
        message = f"{name}: its texts have at most {MAX_TEXT_BYTES} bytes, got {size}. Shorten them or take a sample."
        raise refuse(name, size, message)


def _decoded_bytes(chunk: Any) -> int:
    lengths = pc.binary_length(chunk.dictionary).take(chunk.indices)
    return int(pc.sum(lengths.cast(pa.int64())).as_py() or 0)


def _is_text(kind: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _check_schema(name: str, schema: Any, rows: int) -> None:
    problems = header_problems(name, schema.names)
    problems += [problem for field in schema if (problem := _type_problem(name, field))]
    if rows * len(schema) > MAX_CELLS:
        message = f"{name}: at most {MAX_CELLS} cells are read, got {rows} rows. Take a sample."
        problems.append(Problem(name, rows, message))
    if problems:
        raise DatasetError(problems)


def _type_problem(name: str, field: Any) -> Problem | None:
    if any(is_kind(_plain_type(field.type)) for is_kind in (*NUMBERS, *DATES, *TEXTS)):
        return None
    kind = bare(str(field.type))
    what = f"{name}: the column {shown(field.name)} must hold numbers, texts, booleans or dates"
    message = f"{what}, got {kind}. Convert it."
    return Problem(field.name, kind, message)


def _plain_type(kind: Any) -> Any:
    return kind.value_type if types.is_dictionary(kind) else kind


def _to_pandas(column: Any) -> pd.Series[Any]:
    kind = _plain_type(column.type)
    if types.is_integer(kind) and kind != pa.uint64() and column.null_count == 0:
        target, dtype = pa.int64(), "int64"
    elif any(is_number(kind) for is_number in NUMBERS):
        target, dtype = pa.float64(), "float64"
    elif any(is_date(kind) for is_date in DATES):
        target, dtype = pa.timestamp("us"), "datetime64[us]"
    else:
        target, dtype = pa.string(), "str"
    series: pd.Series[Any] = column.cast(kind).cast(target, safe=False).to_pandas().astype(dtype)
    return series
