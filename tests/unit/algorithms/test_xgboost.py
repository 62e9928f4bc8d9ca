"""XGBoost: progress, threads, its own file."""

import numpy as np
import pytest

from algorithms import xgboost as module
from algorithms.errors import DatasetError
from algorithms.manifest import write_manifest
from algorithms.xgboost import XGBoost, XGBoostParams


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
        monkeypatch.setattr(module, "_cores", lambda cores=cores: cores)
        model = XGBoost(XGBoostParams(n_estimators=20)).fit(train)
        found.append(model.probabilities(model.features.transform(test.X)))
    np.testing.assert_array_equal(*found)


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
