"""The Parquet files of prepared rows. Large ones are written in groups of rows: no second copy of the table is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.texts import is_compact

if TYPE_CHECKING:
    import pandas as pd

GROUP_ROWS = 2**20
"""Rows of a group, as pandas has it."""


def write_file(path: Path, rows: pd.DataFrame) -> None:
    """Writes the rows; texts are texts in the file, in whichever form `rows` has them."""
    if len(rows) > GROUP_ROWS or any(is_compact(rows[name]) for name in rows):
        _write_groups(path, rows)
    else:
        rows.to_parquet(path, index=False)


def _write_groups(path: Path, rows: pd.DataFrame) -> None:
    from pyarrow import parquet

    texts = [name for name in rows if is_compact(rows[name])]
    first = _to_arrow(rows.iloc[:0])
    # without Arrow's own schema, or the file would say that its texts are codes
    with parquet.ParquetWriter(path, first.schema, use_dictionary=texts, store_schema=False) as writer:
        for start in range(0, len(rows), GROUP_ROWS):
            writer.write_table(_to_arrow(rows.iloc[start : start + GROUP_ROWS]).cast(first.schema))


def _to_arrow(rows: pd.DataFrame) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
