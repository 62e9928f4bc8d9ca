"""What the table algorithms share: raw rows everywhere, and models that load only if they are what they say."""

import json
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io

from algorithms import tabular
from algorithms.base import NotFittedError, Table
from algorithms.errors import DatasetError, ParameterError
from algorithms.kmeans import KMeans
from algorithms.linear_regression import LinearRegression
from algorithms.logistic_regression import LogisticRegression
from algorithms.manifest import write_manifest
from algorithms.params import Preprocessing
from algorithms.schema import Column, TableSchema

SCHEMA = TableSchema(
    task_type="classification",
    columns=[Column(name="age", type="number"), Column(name="city", type="category"), Column(name="note", type="text")],
    target="label",
    classes=["no", "yes"],
)


def table(rows=40):
    frame = pd.DataFrame(
        {
            "age": [10.0, 50.0] * (rows // 2),
            "city": ["Nara", "Kobe"] * (rows // 2),
            "note": ["calm sea", "high hill"] * (rows // 2),
        }
    )
    return Table(frame, pd.Series(["no", "yes"] * (rows // 2)), SCHEMA)


@pytest.fixture(scope="module")
def model():
    return LogisticRegression().fit(table())


RAW_ROWS = {
    "as in training": {"age": [10.0], "city": ["Nara"], "note": ["calm sea"]},
    "numbers as texts": {"age": ["10"], "city": ["Nara"], "note": ["calm sea"]},
    "another order": {"note": ["calm sea"], "city": ["Nara"], "age": [10]},
    "extra columns": {"age": [10], "city": ["Nara"], "note": ["calm sea"], "id": [1], "label": ["yes"]},
    "unseen category": {"age": [10], "city": ["Paris"], "note": ["calm sea"]},
    "missing values": {"age": [None], "city": ["Nara"], "note": ["calm sea"]},
    "no text": {"age": [10], "city": ["Nara"], "note": [None]},
}


@pytest.mark.parametrize("rows", RAW_ROWS.values(), ids=RAW_ROWS)
def test_raw_rows_are_understood(model, rows):
    frame = pd.DataFrame(rows)
    before = frame.copy()
    assert model.predict(frame).tolist() == ["no"]
    pd.testing.assert_frame_equal(frame, before)


def test_missing_columns_are_named(model):
    with pytest.raises(DatasetError) as caught:
        model.predict(pd.DataFrame({"city": ["Nara"]}))
    assert [problem.key for problem in caught.value.problems] == ["age", "note"]


def test_evaluate_before_fit_raises():
    with pytest.raises(NotFittedError, match="fit comes before"):
        LogisticRegression().evaluate(table())


def test_a_task_of_another_kind_is_refused():
    with pytest.raises(ParameterError, match="task_type: linear_regression does regression, got classification"):
        LinearRegression().fit(table())


def test_one_row_is_too_few():
    one = table()
    with pytest.raises(DatasetError, match="at least 2 training rows are needed, got 1"):
        LogisticRegression().fit(Table(one.X[:1], one.y[:1], SCHEMA))


def test_preprocessing_reaches_the_features(model):
    gappy = table()
    gappy.X.loc[0:9, "age"] = None
    dropped = LogisticRegression(preprocessing=Preprocessing(missing="drop")).fit(gappy)
    clean = LogisticRegression().fit(Table(gappy.X[10:], gappy.y[10:], SCHEMA))
    np.testing.assert_array_equal(dropped.features.transform(gappy.X[10:]), clean.features.transform(gappy.X[10:]))


def test_a_model_of_another_algorithm_is_refused(model, tmp_path):
    model.save(tmp_path)
    with pytest.raises(DatasetError, match="must be made by kmeans, got logistic_regression"):
        KMeans.load(tmp_path)


def rewrite(model, folder, spoil):
    """A saved model whose file was replaced, with a manifest that fits it."""
    model.save(folder)
    spoil(folder / tabular.STATE_NAME)
    (folder / "manifest.json").unlink()
    write_manifest(
        folder,
        model,
        task_type="classification",
        libraries=["numpy"],
        preprocessing=model.preprocessing,
        table=SCHEMA,
    )


class Stranger:
    def __init__(self):
        self.value = 1


def with_schema(path, change):
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(change(schema)))


SPOILED = {
    "a class of a stranger": (lambda path: skops.io.dump({"x": Stranger()}, path), r"not trusted: .*Stranger"),
    "a function": (lambda path: skops.io.dump({"x": threading.Thread}, path), r"not trusted: .*Thread"),
    "another object": (lambda path: skops.io.dump([1], path), "cannot be read"),
    "parts missing": (lambda path: skops.io.dump({"features": {}}, path), "cannot be read"),
    "no zip": (lambda path: path.write_bytes(b"PK"), "cannot be read"),
    "an unknown node": (
        lambda path: with_schema(path, lambda schema: {**schema, "__loader__": "SystemNode"}),
        "cannot be read|not trusted",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILED.values(), ids=SPOILED)
def test_files_that_hold_something_else_are_refused(model, tmp_path, spoil, message):
    rewrite(model, tmp_path, spoil)
    with pytest.raises(DatasetError, match=message) as caught:
        LogisticRegression.load(tmp_path)
    assert str(caught.value).startswith("model: ")


def test_a_file_that_unpacks_to_too_much_is_refused(model, tmp_path, monkeypatch):
    model.save(tmp_path)
    monkeypatch.setattr(tabular, "MAX_BYTES", 1_000)
    with pytest.raises(DatasetError, match="unpacks to at most 1000 bytes"):
        LogisticRegression.load(tmp_path)


def test_parameters_out_of_bounds_are_refused(model, tmp_path):
    model.save(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text().replace('"C": 1.0', '"C": -1.0'))
    with pytest.raises(DatasetError, match="cannot be read"):
        LogisticRegression.load(tmp_path)
