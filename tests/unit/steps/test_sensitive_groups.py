"""Groups of a column: categories, quartiles, what is missing; each with its own name, in an expected order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from steps.sensitive_groups import MISSING, MOST_GROUPS, OTHERS, group_names, in_order


def test_what_is_missing_is_a_group():
    assert group_names(pd.Series(["a", None, "b"])).tolist() == ["a", MISSING, "b"]
    assert group_names(pd.Series([1.0, np.nan, 2.0])).tolist() == ["1.0", MISSING, "2.0"]


def test_many_categories_are_told_together():
    names = [f"c{number:02}" for number in range(30) for _ in range(30 - number)]
    found = group_names(pd.Series(names))
    assert len(set(found)) == MOST_GROUPS
    assert OTHERS in set(found)
    assert "c00" in set(found)


def test_truth_values_and_few_numbers_are_themselves():
    assert set(group_names(pd.Series([True, False]))) == {"True", "False"}
    assert set(group_names(pd.Series([0, 1, 0, 1]))) == {"0", "1"}


def test_a_number_of_nearly_one_value_has_fewer_bins():
    found = group_names(pd.Series([0] * 100 + list(range(1, 20))))
    assert 1 <= len(set(found)) <= 4


def test_long_values_are_cut():
    assert max(map(len, group_names(pd.Series(["x" * 500, "y"])))) <= 60


def test_what_is_missing_stays_a_group_beside_many_categories():
    found = group_names(pd.Series([f"c{number}" for number in range(30) for _ in range(20)] + [None] * 5))
    assert (found == MISSING).sum() == 5
    assert len(set(found)) == MOST_GROUPS + 1


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12, -1e9])
def test_quartiles_of_any_size_stay_apart(offset):
    values = pd.Series(offset + np.arange(400))
    found = group_names(values)
    assert [(found == name).sum() for name in in_order(found, values)] == [100] * 4


def test_quartiles_are_named_by_the_numbers_in_them():
    values = pd.Series([*range(5, 405), np.nan])
    expected = ["5 to 104", "105 to 204", "205 to 304", "305 to 404", MISSING]
    assert in_order(group_names(values), values) == expected


def test_few_numbers_stand_by_size_and_texts_by_the_alphabet():
    numbers = pd.Series([10, 9, 2])
    assert in_order(group_names(numbers), numbers) == ["2", "9", "10"]
    texts = pd.Series(["b", None, "a"])
    assert in_order(group_names(texts), texts) == ["a", "b", MISSING]
