"""steps.evaluate: evaluation.json, and the comparison with the previous version."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algorithms.errors import DatasetError
from steps.container import Paths, write_json
from steps.evaluate import evaluate, load_archive
from steps.prepare import prepare_table
from steps.tables import Options
from steps.train import train


def pack(model_dir: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(model_dir.iterdir()):
            tar.add(path, path.name)


def train_model(paths: Paths, algorithm: str, folder: Path, **hyperparameters: object) -> Path:
    container = Paths(folder)
    shutil.copytree(paths.processing_output("train"), container.channel("train"))
    write_json(container.hyperparameters, {"algorithm": algorithm, "hyperparameters": json.dumps(hyperparameters)})
    train(container)
    pack(container.model, folder / "model.tar.gz")
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
    kept = {"metrics", "train", "baseline", "comparison", "task_type", "n", "notes", "dataset", "seed"}
    assert set(found) == kept | {"hyperparameters", "search", "fairness"}
    assert (found["search"], found["fairness"]) == (None, [])
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
        assert (comparison["difference"], comparison["ci95"], comparison["n"]) == (0, [0, 0], 20)

    def test_weaker_model(self, paths, prepared):
        shutil.copy(prepared.root / "weak/model.tar.gz", paths.processing_input("previous"))
        found = run(paths, "roc_auc", previous="arn:previous")
        scores = found["metrics"]["primary"]["score"], found["comparison"]["primary"]["score"]
        assert found["comparison"]["difference"] == pytest.approx(scores[0] - scores[1])
        assert scores[0] > scores[1]
        low, high = found["comparison"]["ci95"]
        assert low <= found["comparison"]["difference"] <= high

    def test_undefined_scores_have_no_difference(self, paths, prepared):
        shutil.copy(prepared.root / "new/model.tar.gz", paths.processing_input("previous"))
        comparison = run(paths, "rmse", previous="arn:previous")["comparison"]
        assert (comparison["difference"], comparison["ci95"]) == (None, None)

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


def noise(rows: range) -> str:
    """Rows whose class nobody can tell, of features that two rows never share."""
    draw = np.random.default_rng(3)
    lines = [f"{i * 7919 % 4001},{draw.random()},{'ab'[int(draw.random() < 0.5)]}\n" for i in range(rows.stop)]
    return "size,noise,class\n" + "".join(lines[rows.start :])


class TestRowsThatThePreviousVersionLearned:
    """A forest knows the classes of its training rows by heart; on other rows of noise it guesses."""

    @staticmethod
    def prepare(folder: Path, table: str, seed: int = 0, test: str | None = None) -> Paths:
        paths = Paths(folder)
        raw = paths.processing_input("raw")
        raw.mkdir(parents=True)
        (raw / "train.csv").write_text(table)
        if test is not None:
            (raw / "test.csv").write_text(test)
        prepare_table(paths, Options("classification", seed=seed))
        return paths

    def compared(self, tmp_path: Path, previous: Paths, new: Paths, *, change: bool = False) -> dict:
        old = train_model(previous, "random_forest", tmp_path / "previous", n_estimators=20)
        if change:
            (tmp_path / "previous/model/training_rows.npy").unlink()
            manifest = tmp_path / "previous/model/manifest.json"
            content = json.loads(manifest.read_text())
            del content["files"]["training_rows.npy"]
            manifest.write_text(json.dumps(content))
            pack(tmp_path / "previous/model", old)
        container = Paths(tmp_path / "evaluate")
        for name in ("train", "test", "report"):
            shutil.copytree(new.processing_output(name), container.processing_input(name))
        archive = train_model(new, "random_forest", tmp_path / "new", n_estimators=20)
        for name, path in (("model", archive), ("previous", old)):
            container.processing_input(name).mkdir()
            shutil.copy(path, container.processing_input(name))
        return run(container, previous="arn:previous")

    @staticmethod
    def unseen(previous: Paths, new: Paths) -> int:
        learned = pd.read_parquet(previous.processing_output("train") / "train.parquet")
        tested = pd.read_parquet(new.processing_output("test") / "test.parquet")
        return int((~tested["noise"].isin(learned["noise"])).sum())

    @pytest.mark.parametrize(("before", "now", "seed"), [(200, 400, 0), (400, 400, 1)], ids=["grown", "another seed"])
    def test_they_do_not_flatter_it(self, tmp_path, before, now, seed):
        previous = self.prepare(tmp_path / "a", noise(range(before)))
        new = self.prepare(tmp_path / "b", noise(range(now)), seed)
        found = self.compared(tmp_path, previous, new)
        assert found["comparison"]["n"] == self.unseen(previous, new) < found["n"]
        assert found["comparison"]["primary"]["value"] < 0.75

    def test_none_among_the_test_rows(self, tmp_path):
        previous = self.prepare(tmp_path / "a", noise(range(200)))
        new = self.prepare(tmp_path / "b", noise(range(300)), test=noise(range(300, 305)))
        found = self.compared(tmp_path, previous, new)
        before, after = found["comparison"], found["metrics"]["primary"]["score"]
        assert before["n"] == found["n"] == 5
        assert before["difference"] == pytest.approx(after - before["primary"]["score"])

    def test_too_few_others(self, tmp_path):
        previous = self.prepare(tmp_path / "a", noise(range(200)))
        new = self.prepare(tmp_path / "b", noise(range(150)), test=noise(range(195, 204)))
        found = self.compared(tmp_path, previous, new)["comparison"]
        assert (found["primary"], found["difference"], found["n"]) == (None, None, 0)
        assert "at least 10 test rows that the previous version did not learn from are needed" in found["error"]

    def test_repeated_rows_of_the_same_split_are_no_reason_to_drop_them(self, tmp_path):
        table = "size,class\n" + "1,a\n2,b\n3,a\n" * 40
        same = self.prepare(tmp_path / "a", table)
        found = self.compared(tmp_path, same, same)
        assert (found["comparison"]["n"], found["comparison"]["difference"]) == (found["n"], 0)

    def test_a_version_that_does_not_tell_them(self, tmp_path):
        same = self.prepare(tmp_path / "a", noise(range(100)))
        found = self.compared(tmp_path, same, same, change=True)
        assert found["comparison"]["primary"] is None
        assert "does not tell its training rows" in found["comparison"]["error"]
        assert found["metrics"]["primary"]["value"] is not None


def test_a_changed_model_is_refused(paths, prepared, tmp_path):
    shutil.copytree(prepared.root / "new/model", tmp_path / "changed")
    with (tmp_path / "changed/model.skops").open("ab") as file:
        file.write(b"x")
    pack(tmp_path / "changed", paths.processing_input("model") / "model.tar.gz")
    with pytest.raises(DatasetError, match="damaged"):
        load_archive(paths.processing_input("model"))
