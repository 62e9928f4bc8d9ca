"""steps.baseline: statistics that later rows are compared with."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from algorithms.schema import Column, TableSchema
from steps.baseline import describe_column, describe_rows


def test_number():
    found = describe_column(pd.Series([0.0, 1.0, 2.0, 3.0, None]), "number")
    assert (found["count"], found["missing"], found["mean"], found["min"], found["max"]) == (4, 1, 1.5, 0.0, 3.0)
    assert found["std"] == pytest.approx(1.25**0.5)
    assert found["quantiles"]["0.5"] == 1.5
    assert sum(found["histogram"]["counts"]) == 4
    assert len(found["histogram"]["edges"]) == len(found["histogram"]["counts"]) + 1
    assert sum(found["bins"]["counts"]) == 4


def test_bins_lie_between_different_quantiles_and_hold_every_value():
    found = describe_column(pd.Series([0.0] * 60 + [1.0] * 30 + [7.0] * 10), "number")
    assert found["bins"] == {"edges": [0.0, 1.0, 7.0], "counts": [60, 30, 10, 0]}


@pytest.mark.parametrize(
    "values", [[1.0], [1e100, -1e100], [5e-324, 0.0], [7.0, 7.0], [1e100, 1e100], [1e17, 1e17 + 16]]
)
def test_extreme_numbers_stay_strict_json(values):
    json.dumps(describe_column(pd.Series(values), "number"), allow_nan=False)


def test_category():
    found = describe_column(pd.Series(["b", "a", "a", None], dtype="str"), "category")
    assert found == {
        "type": "category",
        "count": 3,
        "missing": 1,
        "distinct": 2,
        "top": [{"value": "a", "count": 2}, {"value": "b", "count": 1}],
    }


def test_categories_are_bounded():
    found = describe_column(pd.Series([f"{i}" + "x" * 500 for i in range(200)], dtype="str"), "category")
    assert len(found["top"]) == 50
    assert max(len(entry["value"]) for entry in found["top"]) == 100


def test_text():
    found = describe_column(pd.Series(["one two", "three"], dtype="str"), "text")
    assert (found["mean_characters"], found["mean_words"], found["distinct"]) == (6.0, 1.5, 2)


@pytest.mark.parametrize("kind", ["number", "category", "text"])
def test_nothing_but_missing_values(kind):
    empty = pd.Series([None, None], dtype="float64" if kind == "number" else "str")
    assert describe_column(empty, kind) == {"type": kind, "count": 0, "missing": 2}


@pytest.mark.parametrize(("task", "kind"), [("regression", "number"), ("classification", "category")])
def test_target(task, kind):
    schema = TableSchema(task_type=task, columns=[Column(name="x", type="number")], target="y")
    found = describe_rows(pd.DataFrame({"x": [1.0, 2.0], "y": [1, 2]}), schema)
    assert found["target"]["type"] == kind
    assert list(found["columns"]) == ["x"]


def test_no_target():
    schema = TableSchema(task_type="clustering", columns=[Column(name="x", type="number")], target="y")
    assert describe_rows(pd.DataFrame({"x": [1.0]}), schema)["target"] is None
