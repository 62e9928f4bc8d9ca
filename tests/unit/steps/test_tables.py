"""steps.tables: from the files of a dataset to typed training and test rows."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import DatasetError
from steps.tables import Options, PreparedRows, load_table, read_dataset, split, type_rows

CLASSIFY = Options("classification")


def prepare(folder, options: Options = CLASSIFY) -> PreparedRows:
    return split(type_rows(read_dataset(folder), options), options)


def messages(prepared: PreparedRows) -> str:
    return " ".join(finding.message for finding in prepared.typed.findings)


def test_features_then_target(dataset, columns):
    prepared = prepare(dataset(train_csv=columns))
    assert [(c.name, c.type) for c in prepared.typed.schema.columns] == [("size", "number"), ("colour", "category")]
    assert prepared.train.columns.tolist() == ["size", "colour", "species"]
    assert (len(prepared.train), len(prepared.test)) == (32, 8)
    assert prepared.typed.schema.classes == ["a", "b"]


def test_same_seed_same_split(dataset, columns):
    folder = dataset(train_csv=columns)
    first, again, other = (prepare(folder, Options("classification", seed=seed)).test for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_category_named_none(dataset, columns):
    columns["colour"] = ["None", "NA"] * 20
    said = {"columns": {"colour": {"na_values": []}}}
    prepared = prepare(dataset(train_csv=columns, metadata_json=json.dumps(said)))
    assert set(prepared.train["colour"]) == {"None", "NA"}
    assert prepared.typed.schema.columns[1].na_values == []


def test_problems_of_all_files_at_once(dataset):
    folder = dataset(train_csv="x,x\n1,2\n", metadata_json='{"targt": 1}', test_csv=b"\xff\xff")
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder)
    assert {problem.key for problem in caught.value.problems} == {"metadata.json: targt", "train.csv", "test.csv"}


def test_problems_of_all_columns_at_once(dataset, columns):
    said = {"columns": {"colour": {"type": "number"}, "colr": {}}}
    folder = dataset(train_csv=columns, metadata_json=json.dumps(said))
    with pytest.raises(DatasetError) as caught:
        type_rows(read_dataset(folder), Options("regression"))
    assert [problem.key for problem in caught.value.problems] == ["metadata.json: columns", "colour", "target"]


class TestTarget:
    def test_rows_without_one_are_left_out(self, dataset, columns):
        columns["species"][:3] = ["", "", ""]
        prepared = prepare(dataset(train_csv=columns))
        assert len(prepared.train) + len(prepared.test) == 37
        assert "3 rows without a value" in messages(prepared)

    def test_too_few_rows_with_one(self, dataset, columns):
        columns["species"][:35] = [""] * 35
        with pytest.raises(DatasetError, match="got 5 that can be used"):
            prepare(dataset(train_csv=columns))

    def test_clustering_leaves_out_the_one_that_metadata_names(self, dataset, columns):
        prepared = prepare(dataset(train_csv=columns, metadata_json='{"target": "species"}'), Options("clustering"))
        assert prepared.train.columns.tolist() == ["size", "colour"]
        assert (prepared.typed.schema.target, prepared.typed.schema.classes) == ("species", None)

    def test_clustering_has_no_default(self, dataset, columns):
        prepared = prepare(dataset(train_csv=columns), Options("clustering"))
        assert prepared.train.columns.tolist() == ["size", "colour", "species"]


class TestNoFeatures:
    def test_refused_with_the_reasons(self, dataset):
        with pytest.raises(DatasetError, match="constant"):
            prepare(dataset(train_csv={"k": [1] * 40, "y": ["a", "b"] * 20}))

    def test_the_target_alone(self, dataset):
        with pytest.raises(DatasetError, match="the target alone"):
            prepare(dataset(train_csv={"y": ["a", "b"] * 20}))

    def test_row_numbers_are_better_than_nothing(self, dataset):
        prepared = prepare(dataset(train_csv={"hour": range(40), "y": ["a", "b"] * 20}))
        assert prepared.typed.schema.names == ["hour"]
        assert "Looks like row numbers" in messages(prepared)


class TestDuplicates:
    @pytest.mark.parametrize(("policy", "rows"), [("keep", 80), ("drop", 40)])
    def test_policy(self, dataset, columns, policy, rows):
        twice = {name: values * 2 for name, values in columns.items()}
        prepared = prepare(dataset(train_csv=twice), Options("classification", duplicates=policy))
        assert len(prepared.train) + len(prepared.test) == rows
        assert prepared.duplicates == 40

    def test_rows_that_differ_in_an_identifier_only_are_kept(self, dataset, columns):
        twice = {"id": range(80), **{name: values * 2 for name, values in columns.items()}}
        prepared = prepare(dataset(train_csv=twice), Options("classification", duplicates="drop"))
        assert "id" in prepared.typed.schema.left_out
        assert (len(prepared.train) + len(prepared.test), prepared.duplicates) == (80, 0)

    def test_rows_without_a_target_are_not_counted(self, dataset, columns):
        columns["species"][:10] = [""] * 10
        twice = {name: values * 2 for name, values in columns.items()}
        assert prepare(dataset(train_csv=twice)).duplicates == 30


class TestOwnTestRows:
    def test_they_are_the_test_set(self, dataset, columns):
        prepared = prepare(
            dataset(train_csv=columns, test_csv="species,size,colour,more\na,?,red,1\nb,2,violet,1\n,3,red,1\n")
        )
        assert len(prepared.train) == 40
        assert prepared.test.columns.tolist() == ["size", "colour", "species"]
        assert prepared.test["size"].isna().tolist() == [True, False]
        assert 'Test rows: "size"' in messages(prepared)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("size,colour\n1,red\n", 'none named "species"'),
            ("size,colour,species\n1,red,\n", "at least 1 is needed"),
            ("size,colour,species\n", "at least 1 rows are needed"),
        ],
        ids=["no target column", "no target values", "no rows"],
    )
    def test_refused(self, dataset, columns, text, told):
        with pytest.raises(DatasetError, match=told):
            prepare(dataset(train_csv=columns, test_csv=text))

    def test_texts_in_a_declared_number(self, dataset, columns):
        folder = dataset(
            train_csv=columns,
            test_csv="size,colour,species\nbig,red,a\n",
            metadata_json='{"columns": {"size": {"type": "number"}}}',
        )
        with pytest.raises(DatasetError, match='says number, got "big"'):
            prepare(folder)


@pytest.mark.parametrize(("options", "has_target"), [(CLASSIFY, True), (Options("clustering"), False)])
def test_load_table(dataset, columns, tmp_path, options, has_target):
    prepared = prepare(dataset(train_csv=columns, metadata_json='{"target": "species"}'), options)
    prepared.train.to_parquet(tmp_path / "train.parquet")
    table = load_table(tmp_path / "train.parquet", prepared.typed.schema)
    assert table.X.columns.tolist() == ["size", "colour"]
    assert (table.y is not None) is has_target
