"""steps.quality: what the report says."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from algorithms.schema import Column, TableSchema
from steps.quality import leakage_suspects, quality_report
from steps.tables import Options, read_dataset, split, type_rows


def report(folder, options: Options) -> dict:
    found = quality_report(split(type_rows(read_dataset(folder), options), options), options, "digest")
    return json.loads(json.dumps(found, allow_nan=False))


def kinds(found: dict) -> set[str]:
    return {finding["kind"] for finding in found["findings"]}


def test_facts(dataset, columns):
    columns["size"][:2] = ["", 1000]
    columns["empty"] = [""] * 40
    columns["species"] = columns.pop("species")
    columns["species"][5] = ""
    found = report(dataset(train_csv=columns), Options("classification"))
    assert found["digest"] == "digest"
    assert found["target"] == {"name": "species", "why": "it is the last column"}
    assert found["rows"] == {"read": 40, "train": 31, "test": 8, "without_target": 1, "duplicates_dropped": 0}
    assert found["features"] == {"number": 1, "category": 1, "text": 0}
    assert found["left_out"] == {"empty": "all values are missing"}
    assert found["missing"] == {"size": 1}
    assert found["outliers"]["size"] >= 1
    assert found["class_balance"] == {"a": 20, "b": 19}
    assert kinds(found) == {"left_out", "missing_target"}


@pytest.mark.parametrize(("policy", "dropped"), [("keep", 0), ("drop", 40)])
def test_duplicates(dataset, columns, policy, dropped):
    twice = {name: values * 2 for name, values in columns.items()}
    found = report(dataset(train_csv=twice), Options("classification", duplicates=policy))
    assert found["duplicates"]["rows"] == 40
    assert (found["duplicates"]["in_train_and_test"] > 0) is (policy == "keep")
    assert (found["rows"]["duplicates_dropped"], found["rows"]["read"]) == (dropped, 80)
    assert "40 rows equal to an earlier one in every column" in str(found["findings"])


def test_classes_that_training_does_not_see(dataset, columns):
    found = report(dataset(train_csv=columns, test_csv="size,colour,species\n1,red,z\n"), Options("classification"))
    assert "unseen_class" in kinds(found)


def test_a_header_of_numbers(dataset):
    rows = "".join(f"{i * 0.37:.2f},{'ab'[i % 2]}\n" for i in range(40))
    assert "header" in kinds(report(dataset(train_csv=rows), Options("classification")))


def test_rare_classes_and_many_missing_values(dataset, columns):
    columns["species"] = ["a", *["b"] * 39]
    columns["size"][:25] = [""] * 25
    found = report(dataset(train_csv=columns), Options("classification"))
    assert {"class_balance", "missing", "rare_class"} <= kinds(found)


@pytest.mark.parametrize("task", ["regression", "clustering"])
def test_other_tasks_have_no_classes(dataset, columns, task):
    columns["species"] = columns["size"][::-1]
    assert report(dataset(train_csv=columns), Options(task))["class_balance"] is None


def test_bounded_whatever_the_columns(dataset):
    wide = {f"c{i}": ["", *range(9), 10**6, *range(1, 6)] for i in range(300)} | {"y": ["a", "b"] * 8}
    found = report(dataset(train_csv=wide), Options("classification"))
    assert len(found["missing"]) == len(found["outliers"]) == 200
    assert len(json.dumps(found)) < 50_000


@pytest.mark.parametrize(
    ("feature", "target", "task", "suspect"),
    [
        (["p", "q"] * 10, ["a", "b"] * 10, "classification", True),
        ([1.0, 2.0] * 10, ["a", "b"] * 10, "classification", True),
        (["p", "q", "q", "p"] * 5, ["a", "b"] * 10, "classification", False),
        (["p", None] * 10, ["a", "b"] * 10, "classification", False),
        ([float(i) for i in range(20)], [2.0 * i + 1 for i in range(20)], "regression", True),
        ([float(i % 7) for i in range(20)], [float(i) for i in range(20)], "regression", False),
        (["p", "q"] * 10, [float(i) for i in range(20)], "regression", False),
        ([1.0] * 20, [float(i) for i in range(20)], "regression", False),
    ],
    ids=["renamed", "coded", "independent", "one value", "linear", "unrelated", "category", "constant"],
)
def test_leakage(feature, target, task, suspect):
    rows = pd.DataFrame({"x": feature, "y": target})
    if isinstance(feature[0], str):
        rows["x"] = rows["x"].astype("str")
    schema = TableSchema(task_type=task, columns=[Column(name="x", type="number")], target="y")
    assert leakage_suspects(rows, schema) == (["x"] if suspect else [])


def test_a_leak_is_told(dataset, columns):
    columns = {"code": [{"a": 1, "b": 2}[value] for value in columns["species"]], **columns}
    found = report(dataset(train_csv=columns), Options("classification"))
    assert found["leakage_suspects"] == ["code"]
    assert "leakage" in kinds(found)
