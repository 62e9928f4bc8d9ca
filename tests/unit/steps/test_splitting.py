"""steps.splitting: sizes, seeds, strata."""

from __future__ import annotations

import pandas as pd
import pytest

from steps.splitting import split_rows


def classes(*counts: int) -> pd.Series:
    return pd.Series([f"c{i}" for i, count in enumerate(counts) for _ in range(count)], name="y")


def test_every_row_is_in_one_set():
    train, test, _ = split_rows(50, 0, None)
    assert sorted([*train, *test]) == list(range(50))
    assert len(test) == 10


def test_the_seed_decides():
    first, again, other = (split_rows(50, seed, None)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("counts", [(80, 20), (30, 30, 40)])
def test_stratified(counts):
    y = classes(*counts)
    _, test, _ = split_rows(100, 0, y)
    assert y.iloc[test].value_counts().sort_index().tolist() == [count // 5 for count in counts]


def test_a_class_with_one_row_goes_to_training():
    y = classes(30, 1, 30)
    train, test, findings = split_rows(61, 0, y)
    assert 30 in train
    assert set(y.iloc[test]) == {"c0", "c2"}
    assert '"c1"' in findings[0].message


def test_many_small_classes_enlarge_the_test_set():
    _, test, _ = split_rows(20, 0, classes(*[2] * 10))
    assert len(test) == 10


def test_every_class_alone_is_refused():
    from algorithms.errors import DatasetError

    with pytest.raises(DatasetError, match="at least 2 rows"):
        split_rows(12, 0, classes(*[1] * 12))
