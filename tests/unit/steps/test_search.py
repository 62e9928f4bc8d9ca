"""Searching hyperparameters in a job: what it prints, what it writes, which values it goes on with."""

from __future__ import annotations

import json
import shutil

import pytest

from algorithms.errors import ParameterError
from algorithms.manifest import read_manifest
from algorithms.search import PLACE, SLOTS
from steps.container import Paths, write_json
from steps.prepare import prepare_table
from steps.search import FILE_NAME, Search
from steps.tables import Options
from steps.train import train

TREES = {"n_estimators": [1, 5], "max_depth": {"min": 1, "max": 4}, "min_samples_leaf": 2}


@pytest.fixture
def prepared(tmp_path, dataset, columns):
    """A job's folder with the channel that Prepare wrote."""

    def prepare(**options):
        before, found = Paths(tmp_path / "prepare"), Paths(tmp_path / "ml")
        shutil.copytree(dataset(train_csv=columns), before.processing_input("raw"))
        prepare_table(before, Options(**options))
        shutil.copytree(before.processing_output("train"), found.channel("train"))
        return found

    return prepare


@pytest.fixture
def paths(prepared):
    return prepared(task_type="classification", target="species")


@pytest.fixture
def unlabelled(prepared):
    return prepared(task_type="clustering")


CLUSTERS = {"algorithm": "kmeans", "metric": "silhouette"}


def settings(hyperparameters=TREES, strategy="grid", places=(), **more):
    return {
        "algorithm": "random_forest",
        "hyperparameters": json.dumps(hyperparameters),
        "seed": "0",
        "metric": "accuracy",
        "strategy": strategy,
        "_tuning_objective_metric": "objective",
        **{f"{PLACE}{number}": str(place) for number, place in enumerate(places, 1)},
        **more,
    }


def run(paths, **given):
    write_json(paths.hyperparameters, settings(**given))
    train(paths)
    return json.loads((paths.model / FILE_NAME).read_text()), read_manifest(paths.model)


def test_a_grid_trains_the_best_of_all(paths, capsys):
    found, manifest = run(paths)
    trials = found["trials"]
    assert (found["strategy"], found["metric"], len(trials)) == ("grid", "accuracy", 8)
    best = max(trials, key=lambda trial: trial["score"])
    assert {name: manifest.parameters[name] for name in best["hyperparameters"]} == best["hyperparameters"]
    assert manifest.parameters["min_samples_leaf"] == 2
    printed = capsys.readouterr().out.splitlines()
    assert "progress: 8/8 trial" in printed
    assert f"objective: {best['score']!r}" in printed


def test_a_point_of_a_tuning_job_is_one_trial(paths, capsys):
    found, manifest = run(paths, strategy="bayesian", places=[0.99, 0.99, *[0.5] * (SLOTS - 2)])
    (trial,) = found["trials"]
    assert trial["hyperparameters"] == {"max_depth": 4, "n_estimators": 5}
    assert (manifest.parameters["max_depth"], manifest.parameters["n_estimators"]) == (4, 5)
    assert f"objective: {trial['score']!r}" in capsys.readouterr().out


def test_the_same_values_are_tried_once(paths, monkeypatch):
    search = Search(paths, settings())
    point = search.space.at([0.0, 0.0])
    first = search.attempt(point)
    monkeypatch.setattr(search, "_tried", None)
    assert search.attempt(dict(reversed(point.items()))) is first


def test_of_equal_ones_the_first_is_taken(paths):
    search = Search(paths, settings({"max_depth": [50, 60]}))
    for point in search.space.grid():
        search.attempt(point)
    assert len({trial.score for trial in search.trials.values()}) == 1
    assert search.best().hyperparameters == {"max_depth": 50}


def test_values_that_cannot_be_trained_are_left_out(unlabelled):
    found, manifest = run(unlabelled, hyperparameters={"k": [900, 2]}, **CLUSTERS)
    bad, good = found["trials"]
    assert manifest.parameters["k"] == 2
    assert good["score"] is not None
    assert bad["score"] is None
    assert "at most the number of training rows" in bad["problem"]


def test_none_that_can_be_trained_is_an_error_with_the_reason(unlabelled):
    with pytest.raises(ParameterError, match=r"none of 2 sets can be trained, the first: .*number of training rows"):
        run(unlabelled, hyperparameters={"k": [800, 900]}, **CLUSTERS)


def test_an_unknown_metric_is_refused_before_any_row_is_read(tmp_path):
    with pytest.raises(ParameterError, match=r"metric: is not known, got .speed."):
        Search(Paths(tmp_path), settings(metric="speed"))
