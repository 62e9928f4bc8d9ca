"""A table of 20 mixed columns, as large as one likes, as a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

PART = 1_000_000
"""Rows that are made at a time."""
DAYS = np.datetime64("2020-01-01") + np.arange(1_500)


def write_table(path: Path, rows: int) -> None:
    """Eight floats, five whole numbers, five categories, a day and, last, a target of two classes."""
    writer = None
    for start in range(0, rows, PART):
        part = _part(min(PART, rows - start), seed=start)
        writer = writer or csv.CSVWriter(path, part.schema, write_options=csv.WriteOptions(quoting_style="none"))
        writer.write_table(part)
    if writer is not None:
        writer.close()


def _part(rows: int, seed: int) -> Any:
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"float_{k}": random.normal(size=rows).round(4) for k in range(8)}
    columns |= {f"whole_{k}": random.integers(0, 10 ** (k + 1), rows) for k in range(5)}
    columns |= {f"category_{k}": _chosen(random, rows, [f"value_{v}" for v in range(2 + 6 * k)]) for k in range(5)}
    columns["day"] = _chosen(random, rows, [str(day) for day in DAYS])
    columns["target"] = (columns["float_0"] + columns["float_1"] * random.normal(size=rows) > 0).astype("int8")
    return pa.table(columns)


def _chosen(random: np.random.Generator, rows: int, texts: list[str]) -> Any:
    codes = pa.array(random.integers(0, len(texts), rows).astype("int32"))
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts)).cast(pa.string())
