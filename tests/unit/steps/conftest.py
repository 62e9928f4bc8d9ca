"""Small datasets for the tests of the steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

Dataset = Callable[..., Path]


@pytest.fixture
def columns() -> dict[str, list[object]]:
    """Forty rows: a number, a category, and a target of two classes."""
    return {
        "size": [(i * 7919) % 97 / 10 for i in range(40)],
        "colour": [("red", "green", "blue")[i % 3] for i in range(40)],
        "species": ["ab"[i % 2] for i in range(40)],
    }


@pytest.fixture
def csv_text() -> Callable[..., str]:
    """Columns as CSV."""

    def write(columns: dict[str, list[object]], delimiter: str = ",") -> str:
        lines = [
            delimiter.join(columns),
            *(delimiter.join(map(str, row)) for row in zip(*columns.values(), strict=True)),
        ]
        return "\n".join(lines) + "\n"

    return write


@pytest.fixture
def dataset(tmp_path: Path, csv_text: Callable[..., str]) -> Dataset:
    """Writes files into a new folder: texts and bytes as they are, columns as CSV or Parquet by the file's suffix."""

    def write(**files: object) -> Path:
        folder = tmp_path / "raw"
        folder.mkdir()
        for key, content in files.items():
            path = folder / key.replace("_", ".")
            if isinstance(content, dict) and path.suffix == ".parquet":
                parquet.write_table(pyarrow.table(content), path)
            else:
                text = csv_text(content) if isinstance(content, dict) else content
                path.write_bytes(text if isinstance(text, bytes) else str(text).encode())
        return folder

    return write
