"""steps.parquet_format: flat columns of plain types, nothing else."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from algorithms.errors import DatasetError
from steps import parquet_format
from steps.parquet_format import read_parquet

DAY = datetime.date(2024, 1, 1)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "train.parquet"


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pa.array([1, 2]), "int64"),
        (pa.array([1, None]), "float64"),
        (pa.array([1, 2**64 - 1], pa.uint64()), "float64"),
        (pa.array([1.5, None], pa.float16()), "float64"),
        (pa.array([Decimal("1.50"), None]), "float64"),
        (pa.array([DAY, None]), "datetime64[us]"),
        (pa.array([datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)] * 2), "datetime64[us]"),
        (pa.array(["a", None]), "str"),
        (pa.array(["a", None]).dictionary_encode(), "str"),
        (pa.array([1, 2]).dictionary_encode(), "int64"),
        (pa.array([True, None]), "str"),
        (pa.nulls(2), "str"),
    ],
    ids=[
        "int",
        "int with null",
        "uint64",
        "half",
        "decimal",
        "date",
        "timestamp",
        "text",
        "category",
        "codes",
        "bool",
        "null",
    ],
)
def test_types(path, values, dtype):
    parquet.write_table(pa.table({"x": values}), path)
    frame = read_parquet(path)
    assert frame["x"].dtype == dtype
    assert frame["x"].isna().tolist() == [value is None for value in values.to_pylist()]


@pytest.mark.parametrize(
    "values",
    [[[1], [2]], [{"a": 1}, {"a": 2}], [b"1", b"2"], [datetime.time(1), datetime.time(2)]],
    ids=["list", "struct", "binary", "time"],
)
def test_other_types_are_refused(path, values):
    parquet.write_table(pa.table({"bad": values, "worse": values, "good": [1, 2]}), path)
    with pytest.raises(DatasetError, match="must hold numbers, texts, booleans or dates") as caught:
        read_parquet(path)
    assert [problem.key for problem in caught.value.problems] == ["bad", "worse"]


@pytest.mark.parametrize("cut", [0, 8, -10], ids=["no bytes", "start only", "no footer"])
def test_damaged_files(path, cut):
    parquet.write_table(pa.table({"x": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DatasetError, match="no Parquet file that can be read"):
        read_parquet(path)


def test_texts_that_are_no_utf8(path):
    offsets = pa.array(range(3), pa.int32()).buffers()[1]
    texts = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"\xff\xff"))
    parquet.write_table(pa.table({"x": texts}), path)
    with pytest.raises(DatasetError, match="no Parquet file that can be read"):
        read_parquet(path)


def test_promised_rows_are_bounded(path, monkeypatch):
    parquet.write_table(pa.table({"x": [1, 2]}), path)
    monkeypatch.setattr(parquet_format, "MAX_CELLS", 1)
    with pytest.raises(DatasetError, match="at most 1 cells are read, got 2 rows"):
        read_parquet(path)


def test_the_index_that_pandas_writes_is_no_column(path):
    parquet.write_table(pa.table({"x": [1, 2], "__index_level_0__": [7, 8]}), path)
    assert read_parquet(path).columns.tolist() == ["x"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_a_long_text_that_is_stored_once_is_counted_in_every_row(path, monkeypatch, kind):
    monkeypatch.setattr(parquet_format, "MAX_TEXT_BYTES", 2_999)
    texts = pa.array(["x" * 1000, None, "x" * 1000, "y" * 1000], kind)
    parquet.write_table(pa.table({"x": texts}), path)
    with pytest.raises(DatasetError, match="its texts have at most 2999 bytes, got 3000"):
        read_parquet(path)
    monkeypatch.setattr(parquet_format, "MAX_TEXT_BYTES", 3_000)
    assert read_parquet(path)["x"].isna().tolist() == [False, True, False, False]


def test_a_small_file_of_many_long_texts_is_never_decoded(path):
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), pa.array(["x" * 2**20]))
    parquet.write_table(pa.table({"x": text}), path, compression="zstd")
    assert path.stat().st_size < 5_000
    before = pa.total_allocated_bytes()
    with pytest.raises(DatasetError, match="its texts have at most"):
        read_parquet(path)
    assert pa.total_allocated_bytes() - before < 2**24


def test_what_would_be_unpacked_is_bounded(path, monkeypatch):
    parquet.write_table(pa.table({"x": range(1000)}), path)
    monkeypatch.setattr(parquet_format, "MAX_BYTES", 1000)
    with pytest.raises(DatasetError, match="at most 1000 bytes are unpacked"):
        read_parquet(path)


@pytest.mark.parametrize("error", [pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError, KeyError])
def test_a_column_that_cannot_be_converted_is_the_files_fault(path, monkeypatch, error):
    def fail(column: object) -> None:
        raise error("offset overflow")

    parquet.write_table(pa.table({"x": [1, 2]}), path)
    monkeypatch.setattr(parquet_format, "_to_pandas", fail)
    with pytest.raises(DatasetError, match="no Parquet file that can be read"):
        read_parquet(path)


def test_used_up_memory_is_no_fault_of_the_file(path, monkeypatch):
    def fail(column: object) -> None:
        raise pa.ArrowMemoryError("malloc failed")

    parquet.write_table(pa.table({"x": [1, 2]}), path)
    monkeypatch.setattr(parquet_format, "_to_pandas", fail)
    with pytest.raises(MemoryError):
        read_parquet(path)
