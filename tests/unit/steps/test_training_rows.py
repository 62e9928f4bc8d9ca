"""steps.training_rows: equal rows have equal hashes, whatever file they came from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from algorithms.base import Table
from algorithms.errors import DatasetError
from algorithms.schema import Column, TableSchema
from steps import training_rows
from steps.training_rows import FILE_NAME, read_training_rows, row_hashes, unseen_rows, write_training_rows

COLUMNS = [Column(name="x", type="number", na_values=[]), Column(name="k", type="category", na_values=[])]
SCHEMA = TableSchema(task_type="classification", columns=COLUMNS, target="y")


def table(x: list, k: list, y: list) -> Table:
    return Table(pd.DataFrame({"x": x, "k": k}), pd.Series(y, name="y"), SCHEMA)


ROWS = table([1, 2, 0], ["a", "b", "c"], [0, 1, 1])


@pytest.mark.parametrize(
    "same",
    [
        table([1.0, 2.0, -0.0], ["a", "b", "c"], [0, 1, 1]),
        table(["1", "2.0", "0"], ["a", "b", "c"], ["0", "1", "1"]),
        Table(ROWS.X[["k", "x"]].assign(more=1), ROWS.y.astype("float64"), SCHEMA),
        Table(ROWS.X.set_axis([7, 8, 9]), ROWS.y.set_axis([7, 8, 9]), SCHEMA),
    ],
    ids=["floats", "texts", "other order", "other index"],
)
def test_the_form_of_a_row_does_not_matter(same):
    assert row_hashes(same, SCHEMA).tolist() == row_hashes(ROWS, SCHEMA).tolist()


@pytest.mark.parametrize(
    "other",
    [
        table([1, 2, 3], ["a", "b", "c"], [0, 1, 1]),
        table([1, 2, None], ["a", "b", "c"], [0, 1, 1]),
        table([1, 2, 0], ["a", "b", None], [0, 1, 1]),
        table([1, 2, 0], ["a", "b", "c"], [0, 1, 0]),
    ],
    ids=["number", "missing number", "missing category", "target"],
)
def test_another_cell_is_another_row(other):
    same = row_hashes(other, SCHEMA) == row_hashes(ROWS, SCHEMA)
    assert same.tolist() == [True, True, False]


def test_unseen_rows(tmp_path):
    write_training_rows(tmp_path, table([1, 2, 2], ["a", "b", "b"], [0, 1, 1]))
    learned = read_training_rows(tmp_path)
    assert learned is not None
    assert len(learned) == 2
    assert unseen_rows(ROWS, SCHEMA, learned).X["x"].tolist() == [0]
    assert unseen_rows(ROWS, SCHEMA, learned[:0]) is ROWS


def test_rows_of_categories_alone():
    schema = TableSchema(task_type="clustering", columns=COLUMNS[1:])
    hashes = row_hashes(Table(ROWS.X, None, schema), schema)
    assert len(set(hashes.tolist())) == 3


def test_a_model_without_the_file(tmp_path):
    assert read_training_rows(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [np.zeros(3), np.zeros((2, 2), "uint64"), np.array([{}], dtype=object)],
    ids=["floats", "a matrix", "objects"],
)
def test_other_arrays_are_refused(tmp_path, content):
    np.save(tmp_path / FILE_NAME, content, allow_pickle=True)
    with pytest.raises(DatasetError, match=FILE_NAME):
        read_training_rows(tmp_path)


def test_a_file_that_promises_more_rows_than_it_has(tmp_path):
    np.save(tmp_path / FILE_NAME, np.zeros(1000, "uint64"))
    content = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(content.replace(b"(1000,)", b"(9999,)"))
    with pytest.raises(DatasetError, match="cannot be read"):
        read_training_rows(tmp_path)


def test_the_size_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(training_rows, "MAX_BYTES", 100)
    write_training_rows(tmp_path, ROWS)
    with pytest.raises(DatasetError, match="at most 100 bytes"):
        read_training_rows(tmp_path)
