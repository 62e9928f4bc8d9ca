"""The feature pipeline: fitted on training rows, applied to raw rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import issparse

from algorithms import features as module
from algorithms.errors import DatasetError, ParameterError
from algorithms.features import MAX_CATEGORIES, Features
from algorithms.params import Preprocessing
from algorithms.schema import Column, TableSchema


def schema(task_type="clustering", **kinds):
    columns = [Column(name=name, type=kind) for name, kind in kinds.items()]
    return TableSchema(task_type=task_type, columns=columns, left_out={"id": "looks like an id"})


def numbers(train, test, **preprocessing):
    """The test matrix of one number column."""
    features = Features(schema(x="number"), Preprocessing(scaling="none", **preprocessing))
    features.fit_transform(pd.DataFrame({"x": train}), None)
    return features.transform(pd.DataFrame({"x": test})).ravel().tolist()


@pytest.mark.parametrize(
    ("missing", "expected"), [("median", 2), ("mean", 4), ("most_frequent", 1), ("drop", 2)], ids=str
)
def test_missing_numbers_are_filled_from_training_rows(missing, expected):
    assert numbers([1, 1, 2, 3, 13], [None, 5], missing=missing) == [expected, 5]


def test_a_column_may_be_missing_in_all_test_rows():
    assert numbers([1, 2, 3], [None, None]) == [2, 2]


@pytest.mark.parametrize(
    ("outliers", "low", "high"),
    [("none", -1000, 1000), ("iqr", -50, 150), ("zscore", 50 - 3 * np.std(range(101)), 50 + 3 * np.std(range(101)))],
)
def test_outliers_are_clipped_to_training_limits(outliers, low, high):
    found = numbers(list(range(101)), [-1000, 50, 1000], outliers=outliers)
    np.testing.assert_allclose(found, [low, 50, high])


def test_a_column_without_spread_is_not_clipped():
    assert numbers([0] * 99 + [7], [7, 3], outliers="iqr") == [7, 3]


@pytest.mark.parametrize(
    ("scaling", "expected"), [("standard", [-1, 1]), ("minmax", [0, 1]), ("none", [10, 20])], ids=str
)
def test_scaling(scaling, expected):
    features = Features(schema(x="number"), Preprocessing(scaling=scaling))
    assert features.fit_transform(pd.DataFrame({"x": [10, 20]}), None).ravel().tolist() == expected


def encode(encoding, y=None, task_type="classification"):
    """Matrix of a, b, an unseen category and a missing one; a is the most frequent in training."""
    features = Features(schema(task_type, x="category"), Preprocessing(encoding=encoding, scaling="none"))
    features.fit_transform(pd.DataFrame({"x": ["a", "b"] * 20 + ["a"]}), y)
    return features.transform(pd.DataFrame({"x": ["a", "b", "new", None]}))


def test_one_hot_ignores_unseen_categories():
    assert encode("one_hot").tolist() == [[1, 0], [0, 1], [0, 0], [1, 0]]


def test_ordinal_gives_unseen_categories_minus_one():
    assert encode("ordinal").ravel().tolist() == [0, 1, -1, 0]


@pytest.mark.parametrize("task_type", ["classification", "regression"])
def test_target_encoding_is_the_mean_target_of_a_category(task_type):
    found = encode("target", np.array([1, 0] * 20 + [1]), task_type).ravel()
    np.testing.assert_allclose(found, [1, 0, 21 / 41, 1], atol=0.05)


def test_target_encoding_of_several_classes_gives_a_feature_each():
    assert encode("target", np.array([0, 1] * 19 + [2, 2, 2])).shape == (4, 3)


def test_target_encoding_needs_a_target():
    with pytest.raises(ParameterError, match="encoding: target needs a target"):
        encode("target", None, "clustering")


def test_many_categories_share_a_bounded_number_of_features():
    features = Features(schema(x="category"), Preprocessing())
    rows = pd.DataFrame({"x": [f"c{number}" for number in range(MAX_CATEGORIES + 100)]})
    assert features.fit_transform(rows, None).shape == (MAX_CATEGORIES + 100, MAX_CATEGORIES)


def test_texts_become_word_weights():
    features = Features(schema(x="text"), Preprocessing())
    found = features.fit_transform(pd.DataFrame({"x": ["good day", "bad day", None]}), None)
    assert found.shape == (3, 3)
    assert found[2].tolist() == [0, 0, 0]
    assert features.transform(pd.DataFrame({"x": ["unheard words"]})).tolist() == [[0, 0, 0]]


def test_the_vocabulary_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_WORDS", 10)
    rows = pd.DataFrame({"x": [f"word{number} same" for number in range(50)], "y": ["two words"] * 50})
    assert Features(schema(x="text", y="text"), Preprocessing()).fit_transform(rows, None).shape == (50, 5 + 2)


def test_columns_without_words_or_values_are_left_out():
    rows = pd.DataFrame({"x": ["!", "?"], "empty": [None, None], "n": [1, 2]})
    features = Features(schema(x="text", empty="category", n="number"), Preprocessing())
    assert features.fit_transform(rows, None).shape == (2, 1)


@pytest.mark.parametrize(
    ("kind", "cells", "message"),
    [("number", [None, None], "no feature column holds a value"), ("text", ["!", "?"], "hold no words")],
)
def test_nothing_to_learn_from_is_refused(kind, cells, message):
    with pytest.raises(DatasetError, match=message):
        Features(schema(x=kind), Preprocessing()).fit_transform(pd.DataFrame({"x": cells}), None)


def test_drop_leaves_out_training_rows_with_gaps():
    rows = pd.DataFrame({"x": [1, None, 3], "y": ["a", "b", None]})
    features = Features(schema(x="number", y="category"), Preprocessing(missing="drop"))
    assert features.complete_rows(rows).tolist() == [True, False, False]
    with pytest.raises(DatasetError, match="drop leaves no training row"):
        features.complete_rows(rows[1:])


def test_drop_columns_are_no_features():
    features = Features(schema(x="number", y="number"), Preprocessing(drop_columns=["y", "id"]))
    assert features.fit_transform(pd.DataFrame({"x": [1, 2]}), None).shape == (2, 1)


def test_unknown_drop_columns_are_told_with_the_nearest_name():
    with pytest.raises(ParameterError) as caught:
        Features(schema(income="number", y="number"), Preprocessing(drop_columns=["incme", "zzz"]))
    assert [problem.value for problem in caught.value.problems] == ["incme", "zzz"]
    assert caught.value.problems[0].message.endswith('got "incme". Did you mean `income`?')


def test_no_column_left_is_refused():
    with pytest.raises(ParameterError, match="leaves no feature column"):
        Features(schema(x="number"), Preprocessing(drop_columns=["x"]))


def test_no_rows_are_refused():
    features = Features(schema(x="number"), Preprocessing())
    features.fit_transform(pd.DataFrame({"x": [1, 2]}), None)
    with pytest.raises(DatasetError, match="at least 1 is needed"):
        features.transform(pd.DataFrame({"x": []}))


def test_float32_stays_finite():
    features = Features(schema(x="number"), Preprocessing(scaling="none"), dtype="float32")
    assert np.isfinite(features.fit_transform(pd.DataFrame({"x": [1e99, -1e99]}), None)).all()


def test_large_matrices_stay_sparse_with_the_same_values(monkeypatch):
    rows = pd.DataFrame({"x": [f"c{number % 30}" for number in range(90)], "n": range(90)})
    dense = Features(schema(x="category", n="number"), Preprocessing()).fit_transform(rows, None)
    monkeypatch.setattr(module, "DENSE_CELLS", 0)
    sparse = Features(schema(x="category", n="number"), Preprocessing()).fit_transform(rows, None)
    assert issparse(sparse)
    np.testing.assert_array_equal(sparse.toarray(), dense)
