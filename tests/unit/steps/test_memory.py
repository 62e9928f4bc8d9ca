"""Memory that is used up: the message names an instance type that holds the data, and that a request may name."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.instances import MEMORY_GIB
from steps import memory

GIB = 2**30


@pytest.fixture
def inputs(tmp_path):
    """Where a processing step finds its table."""
    folder = tmp_path / "processing/input/raw"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def had(monkeypatch):
    """Sets how much memory there was, in GiB."""
    return lambda gib: monkeypatch.setattr(memory, "memory_limit", lambda: int(gib * GIB))


@pytest.mark.parametrize("name", memory.GIB_OF)
def test_a_request_may_name_each_and_it_has_that_memory(name):
    family, size = name.rsplit(".", 1)
    assert MEMORY_GIB[family][size] == memory.GIB_OF[name]


@pytest.mark.parametrize(
    ("gib", "advice"),
    [(3, "ml.m5.large (8 GiB)"), (4, "ml.m5.large (8 GiB)"), (6.4, "ml.m5.xlarge (16 GiB)"), (64, "ml.r5.4xlarge")],
)
def test_twice_the_memory_that_there_was(had, tmp_path, gib, advice):
    had(gib)
    assert advice in memory.used_up(tmp_path, training=True)


def test_a_large_csv_needs_more(had, inputs, tmp_path):
    had(1)
    with (inputs / "train.csv").open("wb") as file:
        file.truncate(9 * GIB)
    text = memory.used_up(tmp_path, training=False)
    assert "of 1.0 GiB for this step; it needs some 27 GiB." in text
    assert "the operator sets a larger processing_instance_type, ml.m5.2xlarge (32 GiB)" in text


def test_a_parquet_file_is_judged_by_its_cells(had, inputs, tmp_path, monkeypatch):
    had(1)
    pd.DataFrame({"a": [1.0] * 1000, "b": [2.0] * 1000}).to_parquet(inputs / "train.parquet")
    monkeypatch.setattr(memory, "CELL_BYTES", 10 * 2**20)
    assert "it needs some 59 GiB." in memory.used_up(tmp_path, training=True)


def test_a_damaged_file_is_judged_by_its_size(had, inputs, tmp_path):
    had(3)
    (inputs / "train.parquet").write_bytes(b"PAR1 nothing")
    assert "ml.m5.large" in memory.used_up(tmp_path, training=True)


def test_more_than_is_offered(had, tmp_path):
    had(100)
    assert "No instance type that is offered holds it: take a sample" in memory.used_up(tmp_path, training=True)


def test_the_limit_is_the_process_own_or_the_machines(monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2 * GIB, 2 * GIB))
    assert memory.memory_limit() == 2 * GIB
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert memory.memory_limit() > GIB // 2


def test_too_little_is_left_to_look_at_the_data(had, inputs, tmp_path, monkeypatch):
    had(4)
    (inputs / "train.csv").write_text("a\n1\n")

    def fails(_: object) -> int:
        raise MemoryError

    monkeypatch.setattr(memory, "_bytes_in_memory", fails)
    assert "ml.m5.large (8 GiB)" in memory.used_up(tmp_path, training=True)
