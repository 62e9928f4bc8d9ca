"""Rows into columns."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from algorithms.schema import Column
from steps.refusals import MOST_TOLD, RefusedError
from steps.table_rows import by_name, by_position, check_names, from_json, to_frame

SIZE, COLOUR = Column(name="size", type="number", na_values=["?", "-1"]), Column(name="colour", type="category")
COLUMNS, ORDER = [SIZE, COLOUR], ["size", "unused", "colour"]


def refused(call, *arguments):
    with pytest.raises(RefusedError) as caught:
        call(*arguments)
    assert caught.value.status == 400
    return caught.value


def test_names_may_stand_in_any_order_beside_others():
    cells = by_name(COLUMNS, ["id", "colour", "size"], [["7", "red", "1"], ["8", "blue", "2"]])
    assert cells == {"size": ["1", "2"], "colour": ["red", "blue"]}


def test_positions_are_those_of_the_training_file():
    assert by_position(COLUMNS, ORDER, [["1", "x", "red"]]) == {"size": ["1"], "colour": ["red"]}


def test_a_missing_column_is_told_with_what_may_have_been_meant():
    error = refused(check_names, COLUMNS, ["size", "color"])
    assert [(problem.column, problem.row) for problem in error.problems] == [("colour", None)]
    assert "Did you mean `color`?" in str(error)


def test_every_missing_column_is_told():
    error = refused(check_names, [Column(name=f"c{n}", type="number") for n in range(MOST_TOLD + 2)], [])
    assert len(error.problems) == MOST_TOLD + 2
    assert str(error).startswith(f'rows: lack {MOST_TOLD + 2} columns of the model: "c0", "c1"')
    assert "and 2 more" in str(error)


def test_a_name_that_stands_twice():
    assert 'names "size" more than once' in str(refused(by_name, COLUMNS, ["size", "size", "colour"], [["1"] * 3]))


def test_another_name_that_stands_twice_is_no_matter():
    assert by_name(COLUMNS, ["x", "x", "size", "colour"], [["", "", "1", "red"]])["size"] == ["1"]


def test_a_row_of_another_length():
    error = refused(by_name, COLUMNS, ["size", "colour"], [["1", "red"], ["1"], []])
    assert str(error) == "row 2: must have 2 values, got 1 (and in 1 other row)."
    assert error.problems[0].row == 2
    assert '"size", "unused", "colour"' in str(refused(by_position, COLUMNS, ORDER, [["1", "red"]]))


class TestJson:
    def test_objects_and_lists(self):
        cells = {"size": [1, None], "colour": ["red", True]}
        assert (
            from_json(COLUMNS, ORDER, [{"colour": "red", "size": 1, "x": [1]}, {"size": None, "colour": True}]) == cells
        )
        assert from_json(COLUMNS, ORDER, [[1, [], "red"], [None, {}, True]]) == cells

    def test_a_row_that_lacks_a_name(self):
        error = refused(from_json, COLUMNS, ORDER, [{"size": 1, "colour": "a"}, {"size": 1}, {"colour": "a"}])
        assert [(problem.row, problem.column) for problem in error.problems] == [(3, "size"), (2, "colour")]

    def test_objects_and_lists_together(self):
        assert "row 2: must be an object" in str(
            refused(from_json, COLUMNS, ORDER, [{"size": 1, "colour": 1}, [1, 2, 3]])
        )
        assert "row 2: must be an object" in str(refused(from_json, COLUMNS, ORDER, [[1, 2, 3], 5]))

    def test_a_list_in_a_cell(self):
        error = refused(from_json, COLUMNS, ORDER, [{"size": 1, "colour": "a"}, {"size": [1], "colour": {}}])
        assert [(problem.row, problem.column) for problem in error.problems] == [(2, "size"), (2, "colour")]


class TestToFrame:
    def frame(self, size, colour=None, strays_missing=False):
        cells = {"size": size, "colour": ["red"] * len(size) if colour is None else colour}
        return to_frame(COLUMNS, cells, strays_missing)

    @pytest.mark.parametrize(
        "values", [[1, 2.5, None], ["1", "2.5", ""], ["1", " 2.5", "?"], [1, "2.5", -1], ["1", "2.5", "-1"]]
    )
    def test_numbers_and_what_means_missing(self, values):
        assert self.frame(values)["size"].tolist()[:2] == [1, 2.5]
        assert math.isnan(self.frame(values)["size"][2])

    def test_truth_values_are_1_and_0_and_dates_are_days(self):
        assert self.frame([True, "false", "1970-01-03"])["size"].tolist() == [1, 0, 2]

    @pytest.mark.parametrize("value", ["abc", "inf", math.inf, "1e999", 10**400, "NA"])
    def test_what_is_no_number(self, value):
        error = refused(self.frame, [1, value, 3])
        assert [(problem.row, problem.column) for problem in error.problems] == [(2, "size")]
        assert 'row 2, "size": must be a number, got ' in str(error)

    def test_what_is_no_number_may_count_as_missing(self):
        assert math.isnan(self.frame([1, "abc"], strays_missing=True)["size"][1])

    def test_infinite_numbers_of_a_parquet_file(self):
        assert "row 2" in str(refused(self.frame, pd.Series([1.0, math.inf, math.nan])))

    def test_dates_of_a_parquet_file(self):
        days = self.frame(pd.Series(pd.to_datetime(["1970-01-02", None])))["size"]
        assert days[0] == 1
        assert math.isnan(days[1])

    def test_truth_values_stay_apart_from_numbers(self):
        assert self.frame([1, 2], [True, 1])["colour"].tolist() == ["True", 1]
