"""Columns side by side: what is found, its order and errors are those of one after another."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from algorithms.schema import Column, TableSchema
from steps import side_by_side
from steps.baseline import describe_rows
from steps.container import Paths
from steps.prepare import prepare
from steps.row_hashes import row_hashes


@pytest.fixture(params=[0, 10**9], ids=["threads", "one by one"])
def _large(request, monkeypatch):
    monkeypatch.setattr(side_by_side, "LARGE_ROWS", request.param)
    monkeypatch.setattr(side_by_side, "WORKERS", 3)


@pytest.mark.usefixtures("_large")
def test_results_keep_their_order():
    assert side_by_side.each(lambda number: number * number, range(50), rows=10) == [n * n for n in range(50)]


@pytest.mark.usefixtures("_large")
def test_an_error_reaches_the_caller():
    with pytest.raises(MemoryError):
        side_by_side.each(lambda _: (_ for _ in ()).throw(MemoryError()), range(5), rows=10)


def test_too_little_memory_for_a_thread_is_told_as_such(monkeypatch):
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(MemoryError):
        side_by_side.each(str, range(3), rows=side_by_side.LARGE_ROWS)


def test_a_defect_is_no_lack_of_memory():
    def fails(_: int) -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        side_by_side.each(fails, range(3), rows=side_by_side.LARGE_ROWS)


def test_only_large_tables_are_worth_threads():
    assert set(side_by_side.each(lambda _: threading.current_thread(), range(3), rows=10)) == {threading.main_thread()}


def test_statistics_and_hashes_do_not_depend_on_it(monkeypatch):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{k}": random.normal(size=200) for k in range(7)})
    schema = TableSchema(task_type="clustering", columns=[Column(name=name, type="number") for name in frame])
    found = []
    for rows in (0, 10**9):
        monkeypatch.setattr(side_by_side, "LARGE_ROWS", rows)
        found.append((describe_rows(frame, schema), row_hashes(frame).tolist()))
    assert found[0] == found[1]


def test_prepare_writes_the_same(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    rows = pd.DataFrame({f"n{k}": random.normal(size=300) for k in range(5)})
    rows["c"], rows["target"] = random.choice(list("abc"), 300), random.choice(["yes", "no"], 300)
    written = []
    for large in (0, 10**9):
        monkeypatch.setattr(side_by_side, "LARGE_ROWS", large)
        paths = Paths(tmp_path / str(large))
        paths.processing_input("raw").mkdir(parents=True)
        rows.to_csv(paths.processing_input("raw") / "train.csv", index=False)
        prepare(paths, ["--task", "classification"])
        out = paths.root / "processing/output"
        written.append({file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()})
    assert written[0] == written[1]
    assert len(written[0]) == 5


def test_the_order_of_columns_counts_and_zeros_and_missing_values_are_alike():
    frame = pd.DataFrame({"a": [1.0, 2.0, 0.0, np.nan], "b": [2.0, 1.0, -0.0, 3.0]})
    hashes = row_hashes(frame)
    assert hashes[0] != hashes[1]
    assert row_hashes(frame.replace(0.0, -0.0))[2] == hashes[2]
    assert row_hashes(frame)[3] == hashes[3]
