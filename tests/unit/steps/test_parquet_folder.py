"""steps.parquet_folder: one table of several files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from algorithms.errors import DatasetError
from steps import parquet_folder
from steps.metadata import Metadata
from steps.parquet_folder import read_folder
from steps.reading import find_table, find_training_table, read_raw


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "train"
    made.mkdir()
    return made


def put(folder, name, **columns):
    parquet.write_table(pyarrow.table(columns), folder / f"{name}.parquet")


def test_rows_follow_the_names_of_the_files(folder):
    put(folder, "part-00001", a=[3, 4], b=["x", None])
    put(folder, "part-00000", b=["y", "z"], a=[1, 2])
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.parquet.crc").touch()
    frame = read_folder(folder)
    assert frame["a"].tolist() == [1, 2, 3, 4]
    assert frame["a"].dtype == "int64"
    assert frame["b"].tolist()[:3] == ["y", "z", "x"]
    assert frame["b"].isna().tolist() == [False, False, False, True]


def test_it_is_what_one_file_would_be(folder, tmp_path):
    whole = {
        "n": [1, 2, 3, 4],
        "f": [0.5, None, 2.5, 3.5],
        "t": ["a", "b", None, "d"],
        "d": np.array(["2001-01-01", "2001-01-02", "2001-01-03", "2001-01-04"], dtype="datetime64[us]"),
        "e": [True, False, True, True],
    }
    put(folder, "one", **{name: values[:2] for name, values in whole.items()})
    put(folder, "two", **{name: values[2:] for name, values in whole.items()})
    (tmp_path / "whole").mkdir()
    put(tmp_path / "whole", "all", **whole)
    pd.testing.assert_frame_equal(read_folder(folder), read_folder(tmp_path / "whole"))


def test_numbers_and_nothing_agree(folder):
    put(folder, "a", x=[1, 2], y=[None, None], z=[1, 2])
    put(folder, "b", x=[0.5, None], y=["t", "u"], z=[3, None])
    frame = read_folder(folder)
    assert [str(kind) for kind in frame.dtypes] == ["float64", "str", "float64"]
    assert frame["y"].isna().tolist() == [True, True, False, False]


def test_values_of_two_kinds_are_refused(folder):
    put(folder, "a", x=[1, 2])
    put(folder, "b", x=["t", "u"])
    with pytest.raises(DatasetError, match=r"got numbers in a\.parquet and texts in b\.parquet"):
        read_folder(folder)


def test_other_columns_are_refused(folder):
    put(folder, "a", x=[1], y=[1])
    put(folder, "b", x=[1])
    with pytest.raises(DatasetError, match=r'b\.parquet: must have the columns of a\.parquet, got "y" in one alone'):
        read_folder(folder)


@pytest.mark.parametrize("strange", ["part.csv", "more/part.parquet"])
def test_anything_else_in_the_folder_is_refused(folder, strange):
    put(folder, "a", x=[1])
    (folder / strange).parent.mkdir(exist_ok=True)
    (folder / strange).touch()
    with pytest.raises(DatasetError, match=r"must hold files \*\.parquet and no folders, got"):
        read_folder(folder)


def test_a_link_is_refused(folder, tmp_path):
    put(tmp_path, "secret", x=[1])
    (folder / "a.parquet").symlink_to(tmp_path / "secret.parquet")
    with pytest.raises(DatasetError, match="must hold files"):
        read_folder(folder)


def test_an_empty_folder_and_a_damaged_file_are_refused(folder):
    with pytest.raises(DatasetError, match="got none"):
        read_folder(folder)
    (folder / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match=r"a\.parquet: is no Parquet file"):
        read_folder(folder)


def test_limits_hold_for_all_files_together(folder, monkeypatch):
    put(folder, "a", x=[1, 2], y=[1, 2])
    put(folder, "b", x=[1, 2], y=[1, 2])
    monkeypatch.setattr(parquet_folder, "MAX_CELLS", 7)
    with pytest.raises(DatasetError, match="at most 7 cells are read, got 8"):
        read_folder(folder)
    monkeypatch.setattr(parquet_folder, "MAX_FILES", 1)
    with pytest.raises(DatasetError, match="at most 1 files are read, got 2"):
        read_folder(folder)


def test_a_folder_is_found_and_read_as_a_table(folder, tmp_path):
    put(folder, "a", x=list(range(6)))
    put(folder, "b", x=list(range(6, 12)))
    assert find_training_table(tmp_path) == folder
    raw = read_raw(folder, Metadata(), 10)
    assert (raw.name, raw.frame["x"].tolist()) == ("train", list(range(12)))
    with pytest.raises(DatasetError, match="at least 13 rows are needed, got 12"):
        read_raw(folder, Metadata(), 13)


def test_a_folder_beside_a_file_is_refused(folder, tmp_path):
    (tmp_path / "train.csv").touch()
    with pytest.raises(DatasetError, match=r"holds both train\.csv and train/\. Keep one"):
        find_table(tmp_path, "train")
