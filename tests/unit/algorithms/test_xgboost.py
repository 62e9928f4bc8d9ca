"""XGBoost: progress, threads, its own file."""

import numpy as np
import pytest

from algorithms import xgboost as module
from algorithms.base import Table
from algorithms.errors import DatasetError
from algorithms.manifest import write_manifest
from algorithms.xgboost import LARGEST_SUM, XGBoost, XGBoostParams


def test_every_round_is_told(sample_tables):
    train, _ = sample_tables("wine", "classification")
    told = []
    model = XGBoost(XGBoostParams(n_estimators=5))
    model.on_progress = lambda *step: told.append(step)
    model.fit(train)
    assert told == [(done, 5, "round") for done in range(1, 6)]


def test_the_number_of_threads_changes_nothing(sample_tables, monkeypatch):
    train, test = sample_tables("breast_cancer", "classification")
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(module, "usable_cores", lambda cores=cores: cores)
        model = XGBoost(XGBoostParams(n_estimators=20)).fit(train)
        found.append(model.probabilities(model.features.transform(test.X)))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("size", [1e20, 1e39, 1e100])
def test_a_target_that_float32_cannot_sum_is_refused_by_name(sample_tables, size):
    train, _ = sample_tables("diabetes", "regression")
    largest = f"{train.y.abs().max() * size:.1e}"
    with pytest.raises(DatasetError) as caught:
        XGBoost().fit(Table(train.X, train.y * size, train.schema))
    (problem,) = caught.value.problems
    assert problem.key == "target"
    assert f'target: "{train.schema.target}" must be at most' in problem.message
    assert f"got {largest}. Divide the column" in problem.message


def test_a_large_target_is_learned_up_to_there(sample_tables):
    train, _ = sample_tables("diabetes", "regression")
    factor = 0.99 * LARGEST_SUM / len(train.y) / train.y.abs().max()
    large = Table(train.X, train.y * factor, train.schema)
    assert XGBoost().fit(large).evaluate(large).metrics["r2"] > 0.9


def test_a_file_that_is_no_booster_is_refused(sample_tables, tmp_path):
    train, _ = sample_tables("wine", "classification")
    model = XGBoost(XGBoostParams(n_estimators=2)).fit(train)
    model.save(tmp_path)
    (tmp_path / "booster.ubj").write_bytes(b"{}")
    (tmp_path / "manifest.json").unlink()
    write_manifest(
        tmp_path,
        model,
        task_type="classification",
        libraries=["xgboost"],
        preprocessing=model.preprocessing,
        table=train.schema,
    )
    with pytest.raises(DatasetError, match="model: the files cannot be read"):
        XGBoost.load(tmp_path)


@pytest.mark.parametrize(("dataset", "task", "outputs"), [("iris", "classification", 3), ("diabetes", "regression", 1)])
def test_contributions_add_up_to_the_prediction(sample_tables, dataset, task, outputs):
    train, test = sample_tables(dataset, task)
    model = XGBoost(XGBoostParams(n_estimators=10)).fit(train)
    found = model.contributions(test.X)
    assert found.shape == (len(test.X), outputs, len(model.features.matrix_columns))
    if task == "regression":
        rest = model.predict(test.X) - found[:, 0].sum(axis=1)
        assert np.allclose(rest, rest[0], atol=1e-2)  # what is left is the mean
