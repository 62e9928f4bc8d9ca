"""steps.evaluate: evaluation.json, and the comparison with the previous version."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from algorithms.errors import DatasetError
from steps.container import Paths
from steps.evaluate import evaluate, load_archive
from steps.prepare import prepare_table
from steps.tables import Options
from steps.train import build_algorithm, read_schema


def pack(model_dir: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(model_dir.iterdir()):
            tar.add(path, path.name)


def train_model(paths: Paths, algorithm: str, folder: Path, **hyperparameters: object) -> Path:
    from steps.tables import load_table

    train = paths.processing_output("train")
    model = build_algorithm({"algorithm": algorithm, "hyperparameters": json.dumps(hyperparameters)})
    model.fit(load_table(train / "train.parquet", read_schema(train))).save(folder / "files")
    pack(folder / "files", folder / "model.tar.gz")
    return folder / "model.tar.gz"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Paths:
    """Prepare's output for rows whose class follows from a number, and two models of it."""
    paths = Paths(tmp_path_factory.mktemp("ml"))
    paths.processing_input("raw").mkdir(parents=True)
    rows = "".join(f"{(i * 7919) % 97},{i % 3},{'high' if (i * 7919) % 97 > 48 else 'low'}\n" for i in range(100))
    (paths.processing_input("raw") / "train.csv").write_text("size,noise,class\n" + rows)
    prepare_table(paths, Options("classification"))
    train_model(paths, "logistic_regression", paths.root / "new")
    train_model(paths, "random_forest", paths.root / "weak", n_estimators=1, max_depth=1)
    return paths


@pytest.fixture
def paths(prepared, tmp_path) -> Paths:
    """Evaluate's container, with the new model and an empty folder for the previous one."""
    paths = Paths(tmp_path)
    for name in ("train", "test", "report"):
        shutil.copytree(prepared.processing_output(name), paths.processing_input(name))
    paths.processing_input("model").mkdir()
    paths.processing_input("previous").mkdir()
    shutil.copy(prepared.root / "new/model.tar.gz", paths.processing_input("model"))
    return paths


def run(paths: Paths, metric: str = "accuracy", previous: str = "none") -> dict:
    evaluate(paths, ["--metric", metric, "--seed", "5", "--previous-arn", previous])
    return json.loads((paths.processing_output("evaluation") / "evaluation.json").read_text())


def test_evaluation(paths):
    found = run(paths)
    primary = found["metrics"]["primary"]
    assert set(found) == {"metrics", "train", "baseline", "comparison", "task_type", "n", "dataset", "seed"}
    assert (primary["name"], primary["score"], primary["greater_is_better"]) == ("accuracy", primary["value"], True)
    assert primary["ci95"][0] < primary["value"] <= primary["ci95"][1]
    assert {"accuracy", "precision", "recall", "f1", "roc_auc"} <= set(found["metrics"])
    assert found["train"]["primary"]["value"] > 0.9
    assert found["baseline"]["primary"]["value"] < 0.7 < primary["value"]
    assert (found["comparison"], found["task_type"], found["n"], found["seed"]) == (None, "classification", 20, 5)
    assert found["dataset"]["rows"]["test"] == 20


def test_a_metric_of_another_task_is_undefined(paths):
    primary = run(paths, "rmse")["metrics"]["primary"]
    assert (primary["value"], primary["score"]) == (None, -1.7e308)


class TestComparison:
    def test_same_model(self, paths, prepared):
        shutil.copy(prepared.root / "new/model.tar.gz", paths.processing_input("previous"))
        comparison = run(paths, previous="arn:previous")["comparison"]
        assert comparison["model_package_arn"] == "arn:previous"
        assert comparison["difference"] == 0

    def test_weaker_model(self, paths, prepared):
        shutil.copy(prepared.root / "weak/model.tar.gz", paths.processing_input("previous"))
        found = run(paths, "roc_auc", previous="arn:previous")
        scores = found["metrics"]["primary"]["score"], found["comparison"]["primary"]["score"]
        assert found["comparison"]["difference"] == pytest.approx(scores[0] - scores[1])
        assert scores[0] > scores[1]

    def test_undefined_scores_have_no_difference(self, paths, prepared):
        shutil.copy(prepared.root / "new/model.tar.gz", paths.processing_input("previous"))
        assert run(paths, "rmse", previous="arn:previous")["comparison"]["difference"] is None

    @pytest.mark.parametrize("content", [None, b"", b"no archive"], ids=["missing", "empty", "damaged"])
    def test_a_previous_model_that_does_not_load_fails_nothing(self, paths, content):
        if content is not None:
            (paths.processing_input("previous") / "model.tar.gz").write_bytes(content)
        found = run(paths, previous="arn:previous")
        assert found["comparison"]["primary"] is None
        assert "model.tar.gz" in found["comparison"]["error"]
        assert found["metrics"]["primary"]["value"] > 0.7

    def test_a_previous_model_of_another_task(self, paths, prepared, tmp_path):
        other = Paths(tmp_path / "other")
        shutil.copytree(prepared.processing_input("raw"), other.processing_input("raw"))
        prepare_table(other, Options("clustering"))
        archive = train_model(other, "kmeans", tmp_path / "kmeans", k=2)
        shutil.copy(archive, paths.processing_input("previous"))
        assert "does clustering" in run(paths, previous="arn:previous")["comparison"]["error"]


def test_a_changed_model_is_refused(paths, prepared, tmp_path):
    shutil.copytree(prepared.root / "new/files", tmp_path / "changed")
    with (tmp_path / "changed/model.skops").open("ab") as file:
        file.write(b"x")
    pack(tmp_path / "changed", paths.processing_input("model") / "model.tar.gz")
    with pytest.raises(DatasetError, match="damaged"):
        load_archive(paths.processing_input("model"))
