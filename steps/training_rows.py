"""The rows that a model was trained on, as hashes in its folder: a later version is compared with it on other rows.

The next split may put a row that the model learned by heart among the test rows: the data grew, or the seed changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.columns import read_columns, read_numbers, read_texts
from algorithms.manifest import model_error
from algorithms.schema import Column, TableSchema

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

FILE_NAME = "training_rows.npy"
MAX_BYTES = 2**30
"""Eight bytes a row: some 134 million rows."""


def row_hashes(rows: Table, schema: TableSchema) -> Hashes:
    """One 64-bit hash of the features in `schema` and of the target per row, shape (n_rows,).

    Cells are read as the model reads them, so 1 and 1.0 are alike in every file format. Raises DatasetError for rows
    without a column of `schema`.
    """
    import numpy as np
    import pandas as pd

    frame = read_columns(rows.X, schema.columns)
    numbers = [column.name for column in schema.columns if column.type == "number"]
    frame[numbers] += 0.0  # -0.0 is 0.0
    if rows.y is not None:
        read = read_numbers if schema.task_type == "regression" else read_texts
        target = read(rows.y, Column(name="target", type="category", na_values=[]))
        frame.insert(len(frame.columns), schema.target or "target", target)
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def write_training_rows(model_dir: Path, rows: Table) -> None:
    """Writes the hashes of the training rows, sorted, each once. The manifest, which comes later, covers the file."""
    write_hashes(model_dir, row_hashes(rows, rows.schema).tobytes())


def write_hashes(model_dir: Path, hashes: bytes) -> None:
    """As `write_training_rows`, for the bytes of what `row_hashes` found."""
    import numpy as np

    np.save(model_dir / FILE_NAME, np.unique(np.frombuffer(hashes, dtype=np.uint64)), allow_pickle=False)


def read_training_rows(model_dir: Path) -> Hashes | None:
    """What `write_training_rows` wrote; None where it did not. Raises DatasetError for a file that is damaged."""
    import numpy as np

    path = model_dir / FILE_NAME
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_BYTES:
        raise model_error(f"{FILE_NAME} has at most {MAX_BYTES} bytes, got {path.stat().st_size}. Train on fewer rows.")
    try:
        found = np.lib.format.open_memmap(path, mode="r")
    except ValueError as error:
        raise model_error(f"{FILE_NAME} cannot be read. Train again.") from error
    if found.dtype != np.uint64 or found.ndim != 1:
        raise model_error(f"{FILE_NAME} must hold one row of 64-bit hashes, got {found.dtype.str[:20]}. Train again.")
    return np.array(found)


def unseen_rows(test: Table, schema: TableSchema, trained_on: Hashes) -> Table:
    """The rows of `test` that are not among the training rows of a model with this schema; `test` if none is."""
    import numpy as np

    unseen = ~np.isin(row_hashes(test, schema), trained_on)
    if unseen.all():
        return test
    return Table(test.X[unseen], None if test.y is None else test.y[unseen], test.schema)
