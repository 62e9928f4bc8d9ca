"""The pictures of an evaluation. How they look was looked at; here: that they are there, readable and bounded."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from algorithms.base import Table
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema
from steps.drawing import LONGEST_NAME, name, picture
from steps.report import REPORT_VARIABLE, draw_episodes, draw_table

CLASSIFICATION = [
    "confusion_matrix.png",
    "roc_curve.png",
    "precision_recall_curve.png",
    "calibration.png",
    "feature_importance.png",
    "learning_curve.png",
    "target_distribution.png",
]
REGRESSION = [
    "feature_importance.png",
    "learning_curve.png",
    "predicted_and_true.png",
    "residuals.png",
    "target_distribution.png",
]
HOSTILE = ["$\\frac{1}{0}$", "x" * 500, "a\nb\u202e", "<img src=x>", "@team"]


@pytest.fixture(autouse=True)
def full(monkeypatch):
    monkeypatch.setenv(REPORT_VARIABLE, "full")


@pytest.fixture
def fitted(sample_tables):
    """`(name, dataset, task)` -> a model, its training rows and test rows."""

    def fit(name, dataset, task):
        train, test = sample_tables(dataset, task)
        found = algorithm(name)
        return found(found.params_model()).fit(train), train, train if found.only_training_rows else test

    return fit


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize(
    ("model", "dataset", "task", "metric", "drawn"),
    [
        ("logistic_regression", "iris", "classification", "f1", CLASSIFICATION),
        ("logistic_regression", "breast_cancer", "classification", "roc_auc", CLASSIFICATION),
        (
            "linear_regression",
            "diabetes",
            "regression",
            "rmse",
            REGRESSION,
        ),
        ("xgboost", "iris", "classification", "f1", [*CLASSIFICATION, "shap_summary"]),
        ("xgboost", "breast_cancer", "classification", "f1", [*CLASSIFICATION, "shap_summary"]),
        ("xgboost", "diabetes", "regression", "r2", [*REGRESSION, "shap_summary"]),
        ("kmeans", "wine", "clustering", "silhouette", ["clusters", "silhouettes"]),
        ("tsne", "wine", "dimensionality_reduction", "trustworthiness", ["projection"]),
        ("pca", "wine", "dimensionality_reduction", "explained_variance", ["explained_variance", "projection"]),
    ],
)
def test_each_task_has_its_pictures(fitted, tmp_path, capfd, model, dataset, task, metric, drawn):
    draw_table(tmp_path, *fitted(model, dataset, task), metric, 0)
    assert names(tmp_path) == sorted(f"{one.removesuffix('.png')}.png" for one in drawn)
    assert capfd.readouterr().err == ""
    for file in tmp_path.iterdir():
        with Image.open(file) as image:
            assert image.format == "PNG"
            assert image.size == (704, 440)
            assert len(set(image.convert("RGB").resize((88, 55)).get_flattened_data())) > 3
        assert file.stat().st_size < 200_000


def test_the_same_evaluation_draws_the_same_bytes(fitted, tmp_path):
    model, train, test = fitted("logistic_regression", "iris", "classification")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        draw_table(tmp_path / folder, model, train, test, "accuracy", 3)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


@pytest.mark.parametrize(("how", "drawn"), [("brief", ["confusion_matrix.png"]), ("none", [])])
def test_less_is_drawn_on_request(fitted, tmp_path, monkeypatch, how, drawn):
    monkeypatch.setenv(REPORT_VARIABLE, how)
    draw_table(tmp_path, *fitted("logistic_regression", "iris", "classification"), "accuracy", 0)
    assert names(tmp_path) == drawn


def test_a_class_that_has_no_test_row_has_no_curve(fitted, tmp_path, capfd):
    model, train, test = fitted("logistic_regression", "iris", "classification")
    only = test.y == test.y.iloc[0]
    draw_table(tmp_path, model, train, replace(test, X=test.X[only], y=test.y[only]), "accuracy", 0)
    assert names(tmp_path) == [
        "confusion_matrix.png",
        "feature_importance.png",
        "learning_curve.png",
        "target_distribution.png",
    ]
    assert capfd.readouterr().err == ""


def numbers(columns, task, y, classes=None):
    """A table of random numbers in these columns."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(len(y), len(columns))), columns=columns)
    kinds = [Column(name=one, type="number") for one in columns]
    return Table(X, pd.Series(y), TableSchema(task_type=task, columns=kinds, target="y", classes=classes))


def test_names_from_the_dataset_are_only_text(tmp_path, capfd):
    table = numbers(HOSTILE, "classification", [HOSTILE[row % 5] for row in range(80)], sorted(HOSTILE))
    draw_table(tmp_path, algorithm("logistic_regression")().fit(table), table, table, "accuracy", 0)
    assert names(tmp_path) == sorted(CLASSIFICATION)
    assert "Traceback" not in capfd.readouterr().err


def test_a_long_or_crooked_name_is_shortened():
    assert [len(name(one)) <= LONGEST_NAME for one in HOSTILE] == [True] * len(HOSTILE)
    assert name("a\nb\u202e") == "a b"


def test_a_wide_table_has_no_importance(tmp_path):
    table = numbers([f"c{place}" for place in range(61)], "regression", [float(row % 7) for row in range(80)])
    draw_table(tmp_path, algorithm("linear_regression")().fit(table), table, table, "r2", 0)
    assert names(tmp_path) == [
        "learning_curve.png",
        "predicted_and_true.png",
        "residuals.png",
        "target_distribution.png",
    ]


def test_missing_values_are_drawn_where_there_are_any(fitted, tmp_path, capfd):
    model, train, test = fitted("linear_regression", "diabetes", "regression")
    gaps = train.X.copy()
    gaps.iloc[:50, 0] = np.nan
    draw_table(tmp_path, model, replace(train, X=gaps), test, "r2", 0)
    assert "missing_values.png" in names(tmp_path)
    assert capfd.readouterr().err == ""


def test_episodes(tmp_path):
    draw_episodes(tmp_path, {"episode_rewards": [10.0, 500.0, 0.0]}, {"mean_reward": 22.5}, [])
    assert names(tmp_path) == ["episode_rewards.png"]


def test_a_training_is_drawn_with_its_band(tmp_path):
    point = {"steps": 1.0, "episodes": 1.0, "reward": 20.0, "low": 10.0, "high": 30.0, "length": 20.0}
    curve = [{**point, "steps": float(steps), "reward": steps / 5} for steps in range(100, 300, 10)]
    draw_episodes(tmp_path, {"episode_rewards": [10.0, 500.0]}, {"mean_reward": 22.5}, curve)
    assert names(tmp_path) == ["episode_rewards.png", "training_lengths.png", "training_rewards.png"]
    draw_episodes(tmp_path / "..", {"episode_rewards": [10.0, 500.0]}, {}, curve[:1])
    assert not (tmp_path / "../training_rewards.png").exists()


def test_what_cannot_be_drawn_fails_nothing(fitted, tmp_path, capfd):
    model, train, test = fitted("linear_regression", "diabetes", "regression")
    draw_table(tmp_path, model, train, replace(test, y=test.y.astype(str) + "?"), "r2", 0)
    assert "Traceback" in capfd.readouterr().err


def test_a_drawing_leaves_the_process_as_it_was():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    picture(lambda axes: axes.set(title="$x"))
    assert dict(mpl.rcParams) == before
