"""A Parquet body: its size is taken from its footer before a page of it is read."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from algorithms.errors import DatasetError
from steps.limits import Limits
from steps.parquet_format import read_parquet
from steps.refusals import RefusedError

if TYPE_CHECKING:
    import pandas as pd

EXPANSION = 20
"""Bytes that each byte which may be sent unpacks to at most."""


def read_parquet_body(body: bytes, limits: Limits) -> pd.DataFrame:
    """The columns as `read_parquet` gives them. Raises RefusedError (400, 413)."""
    rows, columns, size = _promised(body)
    limits.check_table(rows, columns)
    if size > EXPANSION * limits.body_bytes:
        raise RefusedError.of(413, f"body: unpacks to {size} bytes, which is too much. Send it in parts.")
    with TemporaryDirectory() as folder:
        path = Path(folder, "body")
        path.write_bytes(body)
        try:
            return read_parquet(path)
        except DatasetError as error:
            raise RefusedError.malformed(error.problems) from error


def _promised(body: bytes) -> tuple[int, int, int]:
    """Rows, columns and unpacked bytes: the most that the footer says anywhere, as its numbers may contradict."""
    try:
        footer = parquet.ParquetFile(io.BytesIO(body)).metadata
        groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
        chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
        return max([footer.num_rows, *_rows(groups, chunks)]), footer.num_columns, _unpacked(chunks)
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        message = f"body: is no Parquet file that can be read ({type(error).__name__}). Write it again."
        raise RefusedError.of(400, message) from error


def _rows(groups: list[Any], chunks: list[Any]) -> list[int]:
    return [sum(group.num_rows for group in groups), *(chunk.num_values for chunk in chunks)]


def _unpacked(chunks: list[Any]) -> int:
    return sum(max(0, chunk.total_uncompressed_size) for chunk in chunks)
