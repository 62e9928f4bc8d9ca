"""steps.target: which column, and whether it suits the task."""

from __future__ import annotations

import pandas as pd
import pytest

from algorithms.errors import DatasetError
from algorithms.schema import Column
from steps.findings import Problems
from steps.metadata import Metadata
from steps.target import check_declared_columns, choose_target, read_target, read_test_target

NUMBER = Column(name="y", type="number")
CATEGORY = Column(name="y", type="category")
FRACTIONS = [i / 7 for i in range(1, 41)]


def column(values: list[object]) -> pd.Series:
    return pd.Series([None if value is None else str(value) for value in values], name="y", dtype="str")


class TestChoice:
    @pytest.mark.parametrize(
        ("asked", "said", "columns", "expected"),
        [
            ("a", Metadata(target="b"), ["a", "b", "target"], "a"),
            ("", Metadata(target="b"), ["a", "b", "target"], "b"),
            ("", Metadata(), ["label", "target", "z"], "target"),
            ("", Metadata(), ["label", "z"], "label"),
            ("", Metadata(), ["a", "z"], "z"),
        ],
        ids=["asked for", "metadata", "target", "label", "last"],
    )
    def test_order(self, asked, said, columns, expected):
        assert choose_target(asked, said, columns).name == expected

    @pytest.mark.parametrize(("asked", "said"), [("specis", Metadata()), ("", Metadata(target="specis"))])
    def test_unknown_names_the_nearest(self, asked, said):
        with pytest.raises(DatasetError, match="Did you mean `species`"):
            choose_target(asked, said, ["size", "species"])


class TestClasses:
    @pytest.mark.parametrize(
        ("values", "classes"),
        [
            (["b", "a"] * 10, ["a", "b"]),
            (["1", "0"] * 10, [0, 1]),
            (["1.0", "2.0"] * 10, [1, 2]),
            (["1", "x"] * 10, ["1", "x"]),
            (["True", "False"] * 10, ["False", "True"]),
            ([*range(20)], [*range(20)]),
        ],
        ids=["texts", "numbers", "whole floats", "mixed", "truth values", "twenty numbers"],
    )
    def test_labels(self, values, classes):
        target, findings = read_target(column(values), NUMBER, "classification")
        assert sorted(target.unique()) == classes
        assert (target.name, findings) == ("y", [])

    @pytest.mark.parametrize(
        ("values", "told"),
        [
            (["a"] * 20, 'at least 2 different values, got "a"'),
            ([None] * 20, "only missing values"),
            (FRACTIONS, "task_type: regression"),
            ([0.5, 1.5] * 20, "task_type: regression"),
            ([*range(40)], "40 different numbers"),
            ([f"id{i}" for i in range(40)], "a class of its own"),
        ],
        ids=["one class", "missing", "fractions", "few fractions", "many numbers", "identifiers"],
    )
    def test_refused(self, values, told):
        with pytest.raises(DatasetError, match=told):
            read_target(column(values), NUMBER, "classification")

    def test_a_declared_category_may_have_many_numbers(self):
        target, _ = read_target(column([*range(40)]), CATEGORY, "classification")
        assert target.nunique() == 40

    def test_too_many_classes(self):
        with pytest.raises(DatasetError, match="at most 1000 classes"):
            read_target(column([*range(1001)]), CATEGORY, "classification")


class TestNumbers:
    def test_numbers(self):
        target, findings = read_target(column(FRACTIONS), NUMBER, "regression")
        assert target.tolist() == pytest.approx(FRACTIONS)
        assert findings == []

    @pytest.mark.parametrize("values", [["a", "b"] * 20, ["True", "False"] * 20, ["low", *"12345"]])
    def test_texts_name_classification(self, values):
        with pytest.raises(DatasetError, match="task_type: classification"):
            read_target(column(values), NUMBER, "regression")

    @pytest.mark.parametrize("stray", ["?", "inf"])
    def test_a_few_strays_are_missing(self, stray):
        target, findings = read_target(column([stray, *FRACTIONS]), NUMBER, "regression")
        assert target.isna().sum() == 1
        assert f'"{stray}"' in findings[0].message


class TestTestRows:
    def test_the_type_is_that_of_the_training_rows(self):
        texts, _ = read_target(column(["1", "x"] * 10), NUMBER, "classification")
        assert read_test_target(column(["1"]), CATEGORY, texts).tolist() == ["1"]
        numbers, _ = read_target(column(["1", "2"] * 10), NUMBER, "classification")
        assert read_test_target(column(["1.0"]), CATEGORY, numbers).tolist() == [1]

    @pytest.mark.parametrize("value", ["x", "1.5"])
    def test_other_values_among_whole_numbers(self, value):
        numbers, _ = read_target(column(["1", "2"] * 10), NUMBER, "classification")
        with pytest.raises(DatasetError, match="must hold numbers as in training"):
            read_test_target(column(["1", value]), CATEGORY, numbers)


def test_columns_that_metadata_describes_must_exist():
    problems = Problems()
    check_declared_columns(Metadata.model_validate({"columns": {"siz": {}, "size": {}}}), ["size"], problems)
    assert [problem.value for problem in problems.found] == ["siz"]
