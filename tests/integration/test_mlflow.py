"""Attempts in MLflow: every one once, whatever happens, and never in the way of a run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient

from tests.integration.service.process import Service, Switches
from tests.integration.service.world import until

STARTER = Path(__file__).parents[2] / "seed_code/starter/issues/iris-random-forest.md"
GROUP = "supervised-random-forest-iris-5b4d5b"


def mlops(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.cli", *words]
    variables = {**os.environ, "MLOPS_REPORT": "brief", **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def log(folder: Path, uri: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.mlflow_log", str(folder), "--models", str(folder / "none")]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def runs(uri: str) -> list:
    client = MlflowClient(uri)
    return [run for one in client.search_experiments() for run in client.search_runs([one.experiment_id])]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with one registered attempt, and the store that it was logged to."""
    folder = tmp_path_factory.mktemp("trained")
    uri = f"sqlite:///{folder / 'store.db'}"
    done = mlops("run", str(STARTER), "--workspace", str(folder / "ws"), "--json", MLFLOW_TRACKING_URI=uri)
    assert done.returncode == 0, done.stderr
    return folder, uri, json.loads(done.stdout)


def test_an_attempt_is_logged_with_everything(trained):
    folder, uri, report = trained
    (run,) = runs(uri)
    assert (run.info.run_name, run.info.status) == ("issue-1-attempt-1", "FINISHED")
    assert run.data.params["algorithm"] == "random_forest"
    assert run.data.metrics["accuracy"] == pytest.approx(report["attempts"][0]["primary"]["value"])
    assert run.data.metrics["baseline_accuracy"] < run.data.metrics["accuracy"]
    assert run.data.tags["mlops.model_package_arn"] == report["model_package_arn"]
    client = MlflowClient(uri)
    assert client.get_experiment(run.info.experiment_id).name.startswith("supervised-random-forest-iris")
    names = {each.path for each in client.list_artifacts(run.info.run_id)}
    assert {"record.json", "README.md", "model"} <= names
    assert any(name.endswith(".png") for name in names)
    assert [each.path for each in client.list_artifacts(run.info.run_id, "model")] == ["model/model.tar.gz"]
    assert (folder / "mlartifacts").is_dir()


def test_again_logs_nothing(trained):
    folder, uri, _ = trained
    assert log(folder / "ws/github", uri).stdout == "0 attempts logged\n"
    assert len(runs(uri)) == 1


def test_what_was_left_in_the_middle_is_made_anew(trained, tmp_path):
    folder, _, _ = trained
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    client = MlflowClient(uri)
    made = client.create_experiment(json.loads(next((folder / "ws/github").rglob("record.json")).read_text())
                                    ["parameters"]["ModelPackageGroupName"])  # fmt: skip
    client.create_run(made, tags={"mlops.run_id": "issue-1-attempt-1"})
    assert log(folder / "ws/github", uri).stdout == "1 attempts logged\n"
    (run,) = runs(uri)
    assert (run.info.status, run.data.metrics["accuracy"] > 0) == ("FINISHED", True)


@pytest.mark.parametrize("uri", ["sqlite:////proc/nowhere/all.db", "http://127.0.0.1:9", "nonsense://x"])
def test_a_store_that_cannot_be_reached_is_in_nobodys_way(tmp_path, uri):
    given = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "2"}
    done = mlops("run", str(STARTER), "--workspace", str(tmp_path / "ws"), "--json", **given)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "registered"
    assert "MLflow: not logged" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_service_logs_what_is_new_and_what_was_missed(tmp_path):
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    service = Service(tmp_path, [], None, {}, Switches())
    from tests.integration.board.conftest import Visitor

    visitor = Visitor(service.url)
    first = visitor.open(hyperparameters="n_estimators: 10")
    until(lambda: "mlops:waiting" in visitor.get(f"/issues/{first}").text, "the wait")
    service.stop()
    service = Service(tmp_path, [], None, {"MLFLOW_TRACKING_URI": uri}, Switches())
    visitor = Visitor(service.url)
    visitor.open()
    found = until(lambda: len(known := runs(uri)) == 2 and known, "two runs in MLflow")
    until(lambda: {run.info.status for run in runs(uri)} == {"FINISHED"}, "their end")
    assert {run.data.tags["mlops.status"] for run in found} == {"below_threshold", "registered"}
    assert requests.get(f"{service.url}/healthz", timeout=10).json()["status"] == "ok"
    service.stop()


def test_its_pages_are_opened_for_a_workspace(trained):
    folder, _, _ = trained
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "local.cli", "ui", "--workspace", str(folder / "ws"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"MLflow: http://127.0.0.1:{port}\n"
        asked = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search"

        def answer():
            try:
                return requests.post(asked, json={"max_results": 10}, timeout=5).json()["experiments"]
            except (OSError, ValueError, KeyError):
                time.sleep(0.2)
                return None

        assert any(one["name"].startswith("supervised-random-forest-iris") for one in until(answer, "the pages"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("https://mlflow.example.org", "MLflow is at https://mlflow.example.org"),
        ("arn:aws:sagemaker:eu-west-1:1:mlflow-tracking-server/team", "--tracking-server-name team"),
    ],
)
def test_pages_that_are_elsewhere_are_named(tmp_path, uri, told):
    done = mlops("ui", "--workspace", str(tmp_path), MLFLOW_TRACKING_URI=uri)
    assert (done.returncode, told in done.stdout) == (0, True)


def test_without_the_extra_one_line_says_what_to_install(tmp_path):
    code = "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n, *a: n != 'mlflow' and f(n, *a) or None"
    program = f"{code}\nfrom local.cli import main; main(['ui', '--workspace', {str(tmp_path)!r}])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "`mlops ui` needs the extra 'mlflow': pip install -c constraints.txt -e '.[mlflow]'\n"
