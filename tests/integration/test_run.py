"""`mlops run` as a person uses it: from an issue file to a registered model, a refusal, or a resumed run."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import main
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

STARTER = Path(__file__).parents[2] / "seed_code/starter/issues"
KEYS = ["status", "issue", "problems", "attempts", "model_package_arn", "model_data", "history", "comments"]
FOREST = "learning_type: supervised\nalgorithm: random_forest\nhyperparameters: {n_estimators: 5}\n"


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "workspace"


@pytest.fixture
def issue(tmp_path):
    def write(body, name="issue.md"):
        path = tmp_path / name
        path.write_text(body)
        return path

    return write


def run(workspace, path, *options):
    result = CliRunner().invoke(main, ["run", str(path), "--workspace", str(workspace), "--json", *map(str, options)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


def packages(workspace):
    with Workspace(workspace) as opened, LocalSageMaker(opened) as sagemaker:
        return sagemaker.list_model_packages()["ModelPackageSummaryList"]


def test_a_good_issue_ends_in_a_registered_model(workspace, monkeypatch):
    monkeypatch.setenv("MLOPS_REPORT", "full")
    code, report = run(workspace, STARTER / "iris-random-forest.md")
    assert code == 0
    assert list(report) == KEYS
    assert (report["status"], report["issue"], report["problems"]) == ("registered", 1, [])
    (path,) = report["history"]
    record = json.loads((workspace / "github" / path).read_text())
    assert record["metrics"]["primary"].items() >= report["attempts"][0]["primary"].items()
    assert record["model_package_arn"] == report["model_package_arn"]
    folder = (workspace / "github" / path).parent
    pictures = sorted(file.name for file in folder.glob("*.png"))
    assert pictures[:2] == ["calibration.png", "confusion_matrix.png"]
    for name in pictures:
        assert f"]({name})" in (folder / "README.md").read_text()
        assert any(str(folder / name) in comment for comment in map(str, report["comments"]))
    (attempt,) = report["attempts"]
    assert attempt["hyperparameters"] == {"n_estimators": 100, "max_depth": 10, "min_samples_split": 2}
    assert attempt["primary"]["name"] == "accuracy"
    assert 0.85 <= attempt["primary"]["value"] <= 1
    assert attempt["passed"]
    assert {"precision", "recall", "f1", "roc_auc"} <= set(attempt["metrics"])
    assert report["model_package_arn"].endswith(":model-package/supervised-random-forest-iris-5b4d5b/1")
    assert (workspace / "s3" / report["model_data"].removeprefix("s3://")).is_file()
    assert [comment.splitlines()[0] for comment in report["comments"]] == [
        "### Training `random_forest` on `iris`, attempt 1 of at most 4",
        "### Attempt 1: registered ✅",
        "### Registered ✅",
    ]
    assert packages(workspace)[0]["ModelApprovalStatus"] == "PendingManualApproval"


def test_below_the_threshold_nothing_is_registered(workspace, issue):
    body = "learning_type: supervised\nalgorithm: linear_regression\ndataset_id: diabetes\nevaluation_threshold: 0.9\n"
    code, report = run(workspace, issue(body))
    assert (code, report["status"], report["model_package_arn"]) == (3, "below_threshold", None)
    assert report["attempts"][0]["primary"]["name"] == "r2"
    assert not report["attempts"][0]["passed"]
    assert "Nothing was registered" in report["comments"][-1]
    assert packages(workspace) == []


def test_a_second_run_re_uses_prepare_repeats_the_result_and_is_compared_with_the_approved_version(workspace, issue):
    path = issue(f"{FOREST}dataset_id: iris\n")
    _, first = run(workspace, path)
    with Workspace(workspace) as opened, LocalSageMaker(opened) as sagemaker:
        sagemaker.update_model_package(ModelPackageArn=first["model_package_arn"], ModelApprovalStatus="Approved")
    code, second = run(workspace, path)
    assert (code, second["issue"]) == (0, 2)
    assert "re-used" in second["comments"][0]
    assert [second["attempts"][0][key] for key in ("primary", "metrics")] == [
        first["attempts"][0][key] for key in ("primary", "metrics")
    ]
    evaluation = json.loads((workspace / "s3/mlops-local/evaluations/issue-2-attempt-1/evaluation.json").read_text())
    assert evaluation["comparison"]["model_package_arn"] == first["model_package_arn"]
    assert evaluation["comparison"]["primary"]["value"] == first["attempts"][0]["primary"]["value"]
    assert evaluation["comparison"]["difference"] == 0
    assert f"The approved version stays `{first['model_package_arn']}`" in second["comments"][-1]


INVALID = {
    "keys": (
        "learning_type: supervised\nalgorithm: xgbost\nseed: -1\nk: 3\n",
        {"algorithm", "dataset_id", "seed", "k"},
    ),
    "anchor": ("a: &x 1\nb: *x\n", {"body"}),
    "no such dataset": (f"{FOREST}dataset_id: irsi\n", {"dataset_id"}),
    "no label": ("---\nlabels: [bug]\n---\na: 1\n", {"labels"}),
    "metric of another task": (f"{FOREST}dataset_id: iris\nevaluation_metric: rmse\n", {"evaluation_metric"}),
}


@pytest.mark.parametrize(("body", "keys"), INVALID.values(), ids=INVALID)
def test_an_invalid_request_names_every_problem_and_starts_nothing(workspace, issue, body, keys):
    code, report = run(workspace, issue(body))
    assert (code, report["status"], report["attempts"]) == (2, "invalid", [])
    assert {problem["key"] for problem in report["problems"]} == keys
    assert all(problem["message"] for problem in report["problems"])
    refused = "### This request cannot start" if report["issue"] is None else "### Ended: the request or its dataset is"
    assert report["comments"][-1].startswith(refused)
    assert (report["issue"] is None) == (keys != {"evaluation_metric"}), "found once the dataset's metadata is read"
    assert not (workspace / "s3/mlops-local/models").is_dir() or packages(workspace) == []


HOSTILE_DATA = {
    "empty": b"",
    "header_only": b"a,b,target\n",
    "ragged": b"a,b,target\n" + b"1,2,x\n1,3,y\n" * 20 + b"1,2,3,4\n",
    "latin_1": b"a,b,target\n" + "1,2,café\n3,4,thé\n".encode("latin-1") * 20,
    "utf_16": ("a,b,target\n" + "1,2,x\n3,4,y\n" * 20).encode("utf-16"),
    "nul_bytes": b"a,b,target\n" + b"1,2,\x00\n" * 20,
    "binary": bytes(range(256)) * 50,
    "one_class": b"a,target\n" + b"1,x\n2,x\n" * 20,
    "continuous": b"a,target\n" + b"".join(b"%d,%d.5\n" % (i, i) for i in range(60)),
    "twice_a_column": b"a,a,target\n" + b"1,2,x\n3,4,y\n" * 20,
    "no_features": b"target\n" + b"x\ny\n" * 20,
    "no_target_values": b"a,target\n" + b"1,\n2,\n" * 20,
}


@pytest.mark.parametrize("name", HOSTILE_DATA)
def test_a_dataset_that_cannot_be_used_ends_as_invalid(workspace, issue, tmp_path, name):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.csv").write_bytes(HOSTILE_DATA[name])
    path = issue(f"{FOREST}dataset_id: {name}\ntask_type: classification\n")
    code, report = run(workspace, path, "--data", tmp_path / "data")
    assert (code, report["status"]) == (2, "invalid")
    assert report["problems"]
    assert "Traceback" not in json.dumps(report)
    assert packages(workspace) == []


def test_a_hostile_column_name_does_not_reach_the_terminal(workspace, issue, tmp_path):
    hostile = "\x1b]0;pwned\x07"
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.csv").write_text(f"{hostile},target\nsmall,x\n" + "1,x\n2,y\n" * 20)
    (tmp_path / "data/metadata.json").write_text(json.dumps({"columns": {hostile: {"type": "number"}}}))
    path = issue(f"{FOREST}dataset_id: hostile\ntask_type: classification\n")
    options = ["--data", str(tmp_path / "data"), "--workspace", str(workspace)]
    result = CliRunner().invoke(main, ["run", str(path), *options])
    assert result.exit_code == 2
    assert "pwned" in result.stderr
    assert result.output.replace("\n", "").isprintable()


def test_a_workspace_that_is_in_use_is_left_alone(workspace):
    with Workspace(workspace, "somebody"):
        code, report = run(workspace, STARTER / "iris-random-forest.md")
    assert (code, report["status"]) == (1, "failed")
    assert "is held by somebody (process" in report["problems"][0]["message"]


def test_an_extra_that_is_missing_is_named_after_the_body_was_validated(workspace, issue, monkeypatch):
    monkeypatch.setattr("algorithms.environments.find_spec", lambda name: None)
    code, report = run(workspace, STARTER / "cartpole-ppo.md")
    assert (code, report["status"]) == (1, "failed")
    assert report["problems"][0]["message"].endswith("pip install -c constraints.txt -e '.[rl]'")
    assert run(workspace, issue("learning_type: reinforcement\nalgorithm: ppo\n"))[0] == 2


def start(workspace, path):
    command = [sys.executable, "-m", "local.cli", "run", str(path), "--workspace", str(workspace), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


@pytest.fixture
def slow_issue(issue):
    """An issue whose training lasts long enough to be interrupted."""
    return issue(f"{FOREST.replace('5', '400')}dataset_id: digits\n")


@pytest.mark.slow
def test_a_killed_run_is_resumed_with_the_same_issue_and_registers_once(workspace, slow_issue):
    process = start(workspace, slow_issue)
    wait_for(workspace / "logs/issue-1-attempt-1/Train.log")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    code, report = run(workspace, slow_issue)
    assert (code, report["status"], report["issue"]) == (0, "registered", 1)
    assert len(packages(workspace)) == 1
    steps = (
        sqlite3.connect(workspace / "mlops.db").execute("SELECT name, attempts FROM steps ORDER BY started").fetchall()
    )
    assert dict(steps)["Prepare"] == 1
    assert run(workspace, slow_issue)[1]["issue"] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_and_leaves_nothing_to_resume(workspace, slow_issue, number):
    process = start(workspace, slow_issue)
    wait_for(workspace / "logs/issue-1-attempt-1/Train.log")
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    report = json.loads(output)
    assert report["status"] == "cancelled"
    assert report["comments"][-1].startswith("### Ended: cancelled")
    assert packages(workspace) == []
    row = sqlite3.connect(workspace / "mlops.db").execute("SELECT state FROM run_records").fetchone()
    assert row == ("ended",)
    assert report["attempts"][0]["passed"] is False
    assert len(report["history"]) == 1


def test_an_unfinished_run_on_other_data_is_cancelled_and_a_new_one_begins(workspace, slow_issue, tmp_path):
    process = start(workspace, slow_issue)
    wait_for(workspace / "logs/issue-1-attempt-1/Train.log")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (tmp_path / "data").mkdir()
    digits = (STARTER.parent / "datasets/digits/train.csv").read_text().splitlines(keepends=True)
    (tmp_path / "data/train.csv").write_text("".join(digits[:300]))
    code, report = run(workspace, slow_issue, "--data", tmp_path / "data")
    assert (code, report["issue"]) == (0, 2)
    assert len(packages(workspace)) == 1
    database = sqlite3.connect(workspace / "mlops.db")
    assert database.execute("SELECT state FROM run_records ORDER BY issue").fetchall() == [("ended",), ("ended",)]
    statuses = database.execute("SELECT status FROM executions ORDER BY created").fetchall()
    assert statuses == [("Stopped",), ("Succeeded",)]
    assert "re-used" not in report["comments"][0]


@pytest.mark.parametrize("damage", ["a file", "no database"])
def test_a_workspace_that_cannot_be_used_is_told_in_one_problem(workspace, damage):
    if damage == "a file":
        workspace.write_text("")
    else:
        workspace.mkdir()
        (workspace / "mlops.db").write_bytes(b"x" * 10_000)
    code, report = run(workspace, STARTER / "iris-random-forest.md")
    assert (code, report["status"], [problem["key"] for problem in report["problems"]]) == (1, "failed", ["workspace"])
    assert f"workspace {workspace}: cannot be used, got " in report["problems"][0]["message"]
