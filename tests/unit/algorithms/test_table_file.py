"""Files from strangers: nothing in them runs, and nothing but the wanted table is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from algorithms.errors import DatasetError
from algorithms.table_file import read_table


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def saved(table, **options):
    buffer = io.BytesIO()
    np.save(buffer, table, **options)
    return buffer.getvalue()


GOOD = saved(np.arange(6.0).reshape(2, 3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "q_table.npy"


def test_what_numpy_saved_is_read_and_may_be_changed(path):
    path.write_bytes(GOOD)
    table = read_table(path, (2, 3))
    assert table.tolist() == [[0, 1, 2], [3, 4, 5]]
    table[0, 0] = 7


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GOOD[:-1],
        GOOD + b"x",
        b"x" * len(GOOD),
        saved(np.zeros((3, 2))),
        saved(np.zeros((2, 4))),
        saved(np.zeros(6)),
        saved(np.zeros((2, 3), dtype="int64")),
        saved(np.zeros((2, 3), dtype="float32")),
        saved(np.zeros((2, 3), dtype=">f8")),
        saved(np.zeros((2, 3), order="F")),
        saved(np.array([[0, 0, 0], [0, 0, np.nan]])),
        saved(np.array([[0, 0, 0], [0, 0, -np.inf]])),
        GOOD.replace(b"(2, 3)", b"(9**9,"),
    ],
    ids=range(14),
)
def test_anything_else_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"^model: q_table\.npy .* Train again"):
        read_table(path, (2, 3))


def test_pickle_never_runs(path, tmp_path):
    path.write_bytes(saved(np.array([[Touch(tmp_path / "ran")] * 3] * 2, dtype=object), allow_pickle=True))
    with pytest.raises(DatasetError):
        read_table(path, (2, 3))
    assert not (tmp_path / "ran").exists()


def test_missing_file_is_refused(path):
    with pytest.raises(DatasetError, match=r"^model: q_table\.npy is missing"):
        read_table(path, (2, 3))
