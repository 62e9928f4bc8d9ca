"""Prepare, Train and Evaluate as SageMaker runs them: one process each, a root of its own, files in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

STARTER = Path(__file__).parents[2] / "seed_code/starter/datasets"


def run_step(root: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"steps.{name}", *arguments],
        env={**os.environ, "MLOPS_ML_ROOT": str(root), "DATASET_DIGEST": "abc"},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_outputs(source: Path, target: Path) -> None:
    for folder in (source / "processing/output").iterdir():
        shutil.copytree(folder, target / folder.name)


def train_and_pack(prepared: Path, root: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shutil.copytree(prepared / "processing/output/train", root / "train/input/data/train")
    (root / "train/input/config").mkdir()
    (root / "train/input/config/hyperparameters.json").write_text(json.dumps(settings))
    run = run_step(root / "train", "train")
    (root / "evaluate/processing/input/model").mkdir(parents=True)
    with tarfile.open(root / "evaluate/processing/input/model/model.tar.gz", "w:gz") as tar:
        tar.add(root / "train/model", ".")
    return run


def whole_way(tmp_path: Path, prepare: list[str], settings: dict[str, str], metric: str) -> dict:
    prepared = run_step(tmp_path / "prepare", "prepare", *prepare)
    assert prepared.returncode == 0, prepared.stderr
    trained = train_and_pack(tmp_path / "prepare", tmp_path, settings)
    assert trained.returncode == 0, trained.stderr
    copy_outputs(tmp_path / "prepare", tmp_path / "evaluate/processing/input")
    evaluated = run_step(tmp_path / "evaluate", "evaluate", "--metric", metric, "--seed", "0", "--previous-arn", "none")
    assert evaluated.returncode == 0, evaluated.stderr
    return json.loads((tmp_path / "evaluate/processing/output/evaluation/evaluation.json").read_text())


def test_table(tmp_path):
    shutil.copytree(STARTER / "iris", tmp_path / "prepare/processing/input/raw")
    settings = {"algorithm": "random_forest", "hyperparameters": "{}", "preprocessing": "{}", "seed": "0"}
    arguments = ["--task", "classification", "--duplicates", "keep", "--target", "", "--seed", "0"]
    found = whole_way(tmp_path, arguments, settings, "accuracy")
    primary = found["metrics"]["primary"]
    assert primary["value"] >= 0.9 > found["baseline"]["primary"]["value"]
    assert primary["ci95"][0] <= primary["value"] <= primary["ci95"][1]
    assert found["dataset"]["digest"] == "abc"


@pytest.mark.slow
def test_reinforcement(tmp_path):
    pytest.importorskip("stable_baselines3")
    settings = {"algorithm": "ppo", "hyperparameters": '{"total_timesteps": 512}', "seed": "0"}
    arguments = ["--task", "control", "--environment", "CartPole-v1", "--seed", "0"]
    found = whole_way(tmp_path, arguments, settings, "mean_reward")
    assert found["n"] >= 20
    assert found["metrics"]["mean_reward"] > 5
    assert found["baseline"]["primary"]["name"] == "mean_reward"
    assert found["dataset"]["environment"] == "CartPole-v1"


def test_a_dataset_is_refused_in_a_message(tmp_path):
    raw = tmp_path / "processing/input/raw"
    raw.mkdir(parents=True)
    (raw / "train.csv").write_bytes("größe,art\n1,2\n".encode("cp1252"))
    (raw / "metadata.json").write_text('{"targt": "art"}')
    run = run_step(tmp_path, "prepare", "--task", "classification")
    message = (tmp_path / "output/message").read_bytes()
    assert run.returncode == 1
    assert len(message) <= 1000
    assert [problem["key"] for problem in json.loads(message)["problems"]] == ["metadata.json: targt", "train.csv"]
    assert "Traceback" not in run.stderr


def test_training_refuses_in_a_failure_file(tmp_path):
    (tmp_path / "input/config").mkdir(parents=True)
    (tmp_path / "input/config/hyperparameters.json").write_text('{"algorithm": "xgbost"}')
    assert run_step(tmp_path, "train").returncode == 1
    failure = json.loads((tmp_path / "output/failure").read_text())
    assert failure["error"] == "ParameterError"
    assert "Did you mean `xgboost`" in failure["problems"][0]["message"]


def test_a_missing_input_is_our_defect(tmp_path):
    run = run_step(tmp_path, "evaluate", "--metric", "accuracy")
    assert run.returncode == 1
    assert json.loads((tmp_path / "output/message").read_text())["error"] == "InternalError"
    assert "model.tar.gz is missing" in run.stderr
    (tmp_path / "input/config").mkdir(parents=True)
    (tmp_path / "input/config/hyperparameters.json").write_text('{"algorithm": "pca"}')
    run = run_step(tmp_path, "train")
    assert json.loads((tmp_path / "output/failure").read_text())["error"] == "InternalError"
    assert "Traceback" in run.stderr


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The model.tar.gz of a small forest."""
    root = tmp_path_factory.mktemp("model")
    shutil.copytree(STARTER / "iris", root / "prepare/processing/input/raw")
    assert run_step(root / "prepare", "prepare", "--task", "classification").returncode == 0
    settings = {"algorithm": "random_forest", "hyperparameters": '{"n_estimators": 3}', "preprocessing": "{}"}
    assert train_and_pack(root / "prepare", root, {**settings, "seed": "0"}).returncode == 0
    return (root / "evaluate/processing/input/model/model.tar.gz").read_bytes()


def check(root, content):
    (root / "processing/input/model").mkdir(parents=True)
    (root / "processing/input/model/model.tar.gz").write_bytes(content)
    return run_step(root, "check_model")


def test_a_model_is_checked_before_a_rollback(tmp_path, archive):
    run = check(tmp_path, archive)
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "processing/output/check/check.json").read_text())
    assert (found["algorithm"], found["task_type"]) == ("random_forest", "classification")
    assert len(found["predicted"]) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"no archive",
        lambda content: content[:200] + bytes(200) + content[400:],
    ],
    ids=["cut short", "empty", "no archive", "overwritten"],
)
def test_a_damaged_model_is_told_in_a_message(tmp_path, archive, damage):
    run = check(tmp_path, damage(archive))
    message = json.loads((tmp_path / "output/message").read_bytes())
    assert run.returncode == 1
    assert message["error"] == "DatasetError", run.stderr
    assert "model" in message["problems"][0]["message"]
    assert not (tmp_path / "processing/output/check/check.json").exists()
