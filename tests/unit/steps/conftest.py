"""Small datasets for the tests of the steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from algorithms.base import Table
from algorithms.params import Preprocessing
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema
from algorithms.tabular import TabularAlgorithm
from steps.predictor import Predictor, load_predictor

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


SERVED = [
    Column(name="size", type="number"),
    Column(name="colour", type="category"),
    Column(name="weight", type="number", na_values=["-1", "?"]),
]
"""The columns of the models that are served; `note` is dropped by the request, `id` was left out."""


def trained(name: str, task_type: Any) -> TabularAlgorithm:
    """A model of 60 rows whose class follows from the size."""
    size = np.arange(60) % 13
    target = {"classification": np.where(size > 6, "large", "small"), "regression": size * 2.5}.get(task_type)
    frame = pd.DataFrame(
        {
            "size": size.astype("float64"),
            "note": [f"n{i % 3}" for i in range(60)],
            "colour": [("red", "green", "blue")[i % 3] for i in range(60)],
            "weight": (np.arange(60) * 7 % 11).astype("float64"),
        }
    )
    columns = [SERVED[0], Column(name="note", type="category"), *SERVED[1:]]
    schema = TableSchema(
        task_type=task_type,
        columns=columns,
        target=None if target is None else "kind",
        classes=["large", "small"] if task_type == "classification" else None,
        left_out={"id": "looks like an identifier"},
    )
    model = algorithm(name)(preprocessing=Preprocessing(drop_columns=["note"]))  # type: ignore[call-arg]
    found = model.fit(Table(frame, None if target is None else pd.Series(target, name="kind"), schema))
    assert isinstance(found, TabularAlgorithm)
    return found


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Predictor]:
    """`served(algorithm, task type)`: a trained model, saved and loaded to be served; made once."""
    made: dict[str, Predictor] = {}

    def make(name: str = "logistic_regression", task_type: str = "classification") -> Predictor:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            trained(name, task_type).save(folder)
            made[name] = load_predictor(folder)
        return made[name]

    return make
