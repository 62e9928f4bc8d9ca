"""steps.reading: which file, and what counts as missing."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import DatasetError
from steps.metadata import Metadata
from steps.reading import find_table, find_training_table, read_raw

MARKERS = ["None", "NA", "", "null", "x"] * 2


def metadata(na_values: list[str]) -> Metadata:
    return Metadata.model_validate({"columns": {"z": {"na_values": na_values}}})


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        (Metadata(), ["None", "NA", "", "null"]),
        (metadata([]), [""]),
        (metadata(["x"]), ["", "x"]),
    ],
    ids=["default markers", "none", "own"],
)
def test_missing_values_of_csv(dataset, said, missing):
    folder = dataset(train_csv={"z": MARKERS, "k": range(10)})
    raw = read_raw(folder / "train.csv", said, 10)
    assert raw.frame["z"].isna().tolist() == [value in missing for value in MARKERS]


def test_parquet_has_null_and_empty_texts_only(dataset):
    folder = dataset(train_parquet={"z": [*MARKERS[:9], None], "k": range(10)})
    raw = read_raw(folder / "train.parquet", Metadata(), 10)
    assert raw.frame["z"].dropna().unique().tolist() == ["None", "NA", "null", "x"]
    assert raw.na_values["z"] == []


def test_markers_of_a_parquet_number(dataset):
    folder = dataset(train_parquet={"z": [-999.0, 1.0] * 5})
    raw = read_raw(folder / "train.parquet", metadata(["-999"]), 10)
    assert raw.frame["z"].isna().sum() == 5


@pytest.mark.parametrize("name", ["train_csv", "train_parquet"])
def test_too_few_rows(dataset, name):
    folder = dataset(**{name: {"z": [1, 2]}})
    with pytest.raises(DatasetError, match="at least 10 rows are needed, got 2"):
        read_raw(next(folder.iterdir()), Metadata(), 10)


def test_an_open_quote_at_the_end(dataset):
    folder = dataset(train_csv="a,b\n" + "1,2\n" * 20 + '3,"open\n')
    with pytest.raises(DatasetError, match="Check its quotes"):
        read_raw(folder / "train.csv", Metadata(), 10)


def test_no_table_names_what_is_there(dataset):
    with pytest.raises(DatasetError, match=json.dumps("data.csv")):
        find_training_table(dataset(data_csv="a\n1\n"))


def test_no_folder(tmp_path):
    with pytest.raises(DatasetError, match="got no files"):
        find_training_table(tmp_path / "none")


def test_two_tables_are_ambiguous(dataset):
    folder = dataset(train_csv="a\n1\n", train_parquet={"a": [1]})
    with pytest.raises(DatasetError, match="both"):
        find_table(folder, "train")
    assert find_table(folder, "test") is None
