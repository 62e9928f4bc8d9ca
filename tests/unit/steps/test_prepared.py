"""steps.prepared: files of rows for several instances."""

from __future__ import annotations

import pandas as pd
import pytest

from algorithms.errors import DatasetError
from algorithms.schema import Column, TableSchema
from steps.prepared import PARTS_PER_INSTANCE, check_complete, part_name, read_rows, row_files, write_rows

SCHEMA = TableSchema(
    task_type="classification",
    columns=[Column(name="a", type="number"), Column(name="b", type="category")],
    target="y",
    classes=["n", "y"],
    left_out={},
)


def rows(count: int) -> pd.DataFrame:
    texts = [None if n < count // 2 else "xyz"[n % 3] for n in range(count)]
    return pd.DataFrame(
        {"a": range(count), "b": pd.Series(texts, dtype="str"), "y": ["ny"[n % 2] for n in range(count)]}
    )


def test_one_instance_has_one_file(tmp_path):
    write_rows(tmp_path / "train", rows(9), 1)
    assert [path.name for path in (tmp_path / "train").iterdir()] == ["train.parquet"]
    assert read_rows(tmp_path / "train", SCHEMA).X["a"].tolist() == list(range(9))


@pytest.mark.parametrize(("count", "instances"), [(8, 2), (101, 2), (64, 16), (50, 3)])
def test_every_row_is_in_one_file(tmp_path, count, instances):
    write_rows(tmp_path, rows(count), instances)
    files = row_files(tmp_path / "rows")
    assert len(files) == instances * PARTS_PER_INSTANCE
    sizes = [len(pd.read_parquet(file)) for file in files]
    assert max(sizes) - min(sizes) <= 1
    table = read_rows(tmp_path, SCHEMA)
    pd.testing.assert_frame_equal(table.X, rows(count)[["a", "b"]])
    assert table.y.tolist() == rows(count)["y"].tolist()


def test_fewer_rows_than_files_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="2 needs at least 8 training rows, got 7"):
        write_rows(tmp_path, rows(7), 2)


@pytest.mark.parametrize(
    "names",
    [
        [],
        [part_name(0, 2)],
        [part_name(0, 2), part_name(0, 2)],
        [part_name(0, 2), part_name(1, 2), part_name(1, 2)],
        [part_name(0, 2), part_name(1, 3)],
        ["train.parquet"],
    ],
)
def test_a_file_that_is_missing_or_there_twice(names):
    with pytest.raises(ValueError, match="each once"):
        check_complete(names)


def test_a_file_of_another_name(tmp_path):
    (tmp_path / "part-0.parquet").touch()
    with pytest.raises(ValueError, match="must be files such as"):
        row_files(tmp_path)
