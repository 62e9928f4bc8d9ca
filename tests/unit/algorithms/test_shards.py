"""algorithms.shards and algorithms.distributed, with peers that are threads or just one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest

from algorithms import shards
from algorithms.base import Table
from algorithms.errors import DatasetError, ParameterError
from algorithms.params import Preprocessing
from algorithms.schema import Column, TableSchema
from algorithms.shards import gather_sample
from algorithms.xgboost import XGBoost


class Threads:
    """Peers that are threads of this process."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.given: list[bytes] = [b""] * size
        self.barrier = threading.Barrier(size, timeout=20)

    def run(self, work: Callable[[Any], Any]) -> list[Any]:
        with ThreadPoolExecutor(self.size) as pool:
            return list(pool.map(lambda rank: work(Peer(self, rank)), range(self.size)))


class Peer:
    def __init__(self, all_peers: Threads, rank: int) -> None:
        self.all, self.rank, self.size = all_peers, rank, all_peers.size

    def gather(self, content: bytes) -> list[bytes]:
        self.all.given[self.rank] = content
        self.all.barrier.wait()
        found = list(self.all.given)
        self.all.barrier.wait()
        return found


COLUMNS = [
    Column(name="a", type="number"),
    Column(name="b\nä", type="category"),
    Column(name="words", type="text"),
    Column(name="late", type="number"),
]


def table(rows: int, task: Any = "classification") -> Table:
    """Numbers with gaps, categories, words, and a column that holds values in the last rows alone."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "a": np.where(random.random(rows) < 0.1, np.nan, random.normal(5, 2, rows)),
            "b\nä": pd.Series(random.choice(["x", "y", "z", None], rows), dtype="str"),
            "words": pd.Series(random.choice(["red car", "blue car", "red house"], rows), dtype="str"),
            "late": np.where(np.arange(rows) < rows - 5, np.nan, 1.0 * np.arange(rows)),
        }
    )
    score = frame["a"].fillna(5) + (frame["b\nä"] == "x")
    y = (
        score
        if task == "regression"
        else pd.Series(np.where(score > 7, "c", np.where(score > 5, "b", "a")), dtype="str")
    )
    classes = None if task == "regression" else ["a", "b", "c", "unseen"]
    schema = TableSchema(task_type=task, columns=COLUMNS, target="y", classes=classes, left_out={})
    return Table(frame, y, schema)


def shard(data: Table, rank: int, size: int, block: int = 7) -> tuple[Table, Any]:
    """Every `size`-th block of rows, and their numbers."""
    numbers = np.flatnonzero(np.arange(len(data.X)) // block % size == rank).astype(np.int64)
    return Table(
        data.X.iloc[numbers].reset_index(drop=True), data.y.iloc[numbers].reset_index(drop=True), data.schema
    ), numbers


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_peer_gets_all_rows_in_their_order(size):
    data = table(100)
    for found in Threads(size).run(lambda peer: gather_sample(*shard(data, peer.rank, size), 100, peer)):
        pd.testing.assert_frame_equal(found.X, data.X)
        assert found.y is None


@pytest.mark.parametrize("cells", [200, 100, 4])
def test_of_many_rows_every_so_manieth_is_taken(monkeypatch, cells):
    monkeypatch.setattr(shards, "SAMPLE_CELLS", cells)
    data = table(100)
    for found in Threads(3).run(lambda peer: gather_sample(*shard(data, peer.rank, 3), 100, peer)):
        pd.testing.assert_frame_equal(found.X, data.X.iloc[:: 400 // cells].reset_index(drop=True))


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(
    "preprocessing",
    [
        {},
        {"missing": "drop", "drop_columns": ["late"]},
        {"outliers": "iqr", "scaling": "minmax", "encoding": "ordinal"},
    ],
)
def test_one_peer_fits_what_fit_does(task, preprocessing):
    data = table(120, task)
    (alone,) = Threads(1).run(
        lambda peer: XGBoost(seed=3, preprocessing=Preprocessing(**preprocessing)).fit_shard(
            data, np.arange(120, dtype=np.int64), peer
        )
    )
    usual = XGBoost(seed=3, preprocessing=Preprocessing(**preprocessing)).fit(data)
    assert alone.labels == usual.labels
    assert alone.features.dense is usual.features.dense
    assert alone._estimator.get_booster().get_dump() == usual._estimator.get_booster().get_dump()
    assert alone.evaluate(data).metrics == usual.evaluate(data).metrics


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_targets_are_encoded_as_in_one_process(task):
    data = table(100, task)
    whole = XGBoost()
    y = whole.encode(data)
    pieces = [shard(data, rank, 4, block=25) for rank in range(4)]

    def encode(peer: Any) -> Any:
        model = XGBoost()
        return model.encode_shard(pieces[peer.rank][0], 100, peer), model.labels

    for (found, labels), (_, numbers) in zip(Threads(4).run(encode), pieces, strict=True):
        assert labels == whole.labels
        np.testing.assert_array_equal(found, y[numbers])


def refused(data: Table, size: int, preprocessing: Preprocessing | None = None) -> list[str]:
    def fit(peer: Any) -> str:
        with pytest.raises((DatasetError, ParameterError)) as caught:
            XGBoost(preprocessing=preprocessing).fit_shard(*shard(data, peer.rank, size, block=25), peer)
        return str(caught.value)

    return Threads(size).run(fit)


def test_what_is_wrong_with_the_whole_table_is_told_by_each_peer():
    data = table(100)
    one_class = Table(data.X, pd.Series(["a"] * 100, dtype="str"), data.schema)
    assert len(set(refused(one_class, 4))) == 1
    assert "at least 2 classes" in refused(one_class, 4)[0]
    assert "drop leaves no training row" in refused(Table(data.X.assign(a=np.nan), data.y, data.schema), 2, DROP)[1]
    numbers = table(100, "regression")
    huge = Table(numbers.X, numbers.y.where(numbers.y.index < 99, 1e19), numbers.schema)
    assert all("must be at most" in message for message in refused(huge, 4))


DROP = Preprocessing(missing="drop")


def test_a_table_that_is_too_short():
    data = table(1)
    assert refused(data, 2) == ["dataset: at least 2 training rows are needed, got 1. Add rows."] * 2


def test_target_encoding_is_refused():
    data = table(40)
    with pytest.raises(ParameterError, match="needs a target"):
        Threads(1).run(
            lambda peer: XGBoost(preprocessing=Preprocessing(encoding="target")).fit_shard(
                data, np.arange(40, dtype=np.int64), peer
            )
        )


def test_a_peer_whose_rows_are_all_dropped_has_none():
    data = table(40)
    frame = data.X.drop(columns="late").assign(a=np.where(np.arange(40) < 20, np.nan, np.arange(40)))
    schema = data.schema.model_copy(update={"columns": [column for column in COLUMNS if column.name != "late"]})
    frame["b\nä"] = frame["b\nä"].fillna("x")
    seen: dict[int, tuple[int, ...]] = {}

    class Looks(XGBoost):
        def train_shard(self, X: Any, y: Any, task_type: Any, peers: Any) -> Any:
            seen[peers.rank] = (*X.shape, len(y))

    data = Table(frame, data.y, schema)
    Threads(2).run(lambda peer: Looks(preprocessing=DROP).fit_shard(*shard(data, peer.rank, 2, block=20), peer))
    assert seen[0][0] == seen[0][2] == 0
    assert seen[1][0] == seen[1][2] == 20
    assert seen[0][1] == seen[1][1]
