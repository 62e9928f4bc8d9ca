"""Training on several hosts: as many processes on loopback, and the same through the whole loop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

from algorithms.manifest import load_model
from algorithms.schema import TableSchema
from local.workspace import Workspace
from seed_code.datasets import FOLDER as DATASETS
from steps.container import Paths, write_json
from steps.prepare import prepare_table
from steps.prepared import read_rows
from steps.tables import Options, load_table
from steps.training_rows import read_training_rows, row_hashes
from tests.integration.command import mlops

TASKS: dict[str, Any] = {"breast_cancer": "classification", "diabetes": "regression", "wine": "classification"}
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
EVERY_ROW = {"subsample": 1.0, "n_estimators": 60}
"""Without drawing among rows, which each host would do among its own."""
SHORT = "import steps.collective; steps.collective.TIMEOUT_SECONDS = 4"
RUN = "import sys; from steps.train import main; sys.exit(main())"
IN_ROUND_9 = """
import os, signal, algorithms.xgboost as module
def callback(on_progress, rounds):
    from xgboost.callback import TrainingCallback
    class Ends(TrainingCallback):
        def after_iteration(self, model, epoch, log):
            if epoch == 9: {ending}
            return False
    return Ends()
module._progress_callback = callback
"""


@dataclass
class Trained:
    codes: list[int]
    seconds: float
    folders: list[Path]
    failures: list[dict[str, Any] | None]
    logs: list[str]

    @property
    def model(self) -> Any:
        assert self.codes == [0] * len(self.codes), self.logs
        return load_model(self.folders[0] / "model")

    @property
    def messages(self) -> list[str]:
        return [failure["problems"][0]["message"] if failure else "" for failure in self.failures]


class Cluster:
    """Prepared rows, and hosts that train on them."""

    def __init__(self, folder: Path, raw: Path, task: Any) -> None:
        self.folder, self.raw, self.options = folder, raw, Options(task)
        self.started: list[subprocess.Popen[bytes]] = []

    def prepared(self, instances: int) -> Path:
        paths = Paths(self.folder / f"prepared-{instances}")
        if not paths.root.exists():
            shutil.copytree(self.raw, paths.processing_input("raw"))
            prepare_table(paths, self.options, instances)
        return paths.processing_output("train")

    def schema(self) -> TableSchema:
        return TableSchema.model_validate_json((self.prepared(1) / "schema.json").read_bytes())

    def test_rows(self) -> Any:
        return load_table(self.prepared(1).parent / "test/test.parquet", self.schema())

    def train(self, instances: int, hyperparameters: Any = None, patches: Any = None, **more: Any) -> Trained:
        """Trains on so many hosts. `patches`: rank -> code that this host begins with."""
        rows, names = self.prepared(instances), [f"algo-{number}" for number in range(1, instances + 1)]
        base = self.folder / f"run-{len(list(self.folder.iterdir()))}"
        parts = sorted((rows / "rows").glob("*")) if instances > 1 else [rows / "train.parquet"]
        folders = [base / name for name in names]
        for rank, folder in enumerate(folders):
            paths = Paths(folder)
            settings = {"algorithm": "xgboost", "hyperparameters": json.dumps(hyperparameters or {}), "seed": "0"}
            write_json(paths.hyperparameters, {**settings, **more.get("settings", {})})
            write_json(paths.hosts, {"current_host": names[rank], "hosts": names, "network_interface_name": "lo"})
            for channel in ("train", "schema"):
                paths.channel(channel).mkdir(parents=True)
            for part in more.get("share", lambda parts, rank: parts[rank::instances])(parts, rank):
                shutil.copy(part, paths.channel("train"))
            shutil.copy(rows / "schema.json", paths.channel("schema"))
        return self._run(folders, patches or {}, more.get("left", []))

    def _run(self, folders: list[Path], patches: dict[int, str], left: list[int]) -> Trained:
        """`left`: ranks whose end is not waited for."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            place = f"127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        for rank, folder in enumerate(folders):
            environment = {**os.environ, "MLOPS_FIRST_HOST": place, "MLOPS_ML_ROOT": str(folder), **ONE_THREAD}
            command = [sys.executable, "-c", f"{patches.get(rank, '')}\n{RUN}"]
            with (folder / "log").open("wb") as log:
                self.started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        own = self.started[-len(folders) :]
        codes = [-1 if rank in left else process.wait(60) for rank, process in enumerate(own)]
        failures = [Paths(folder).failure for folder in folders]
        return Trained(
            codes,
            time.monotonic() - began,
            folders,
            [json.loads(file.read_bytes()) if file.exists() else None for file in failures],
            [(folder / "log").read_text() for folder in folders],
        )

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made: list[Cluster] = []

    def make(dataset: str | Path, task: Any = None) -> Cluster:
        folder = tmp_path / f"cluster-{len(made)}"
        folder.mkdir()
        raw = dataset if isinstance(dataset, Path) else DATASETS / dataset
        made.append(Cluster(folder, raw, task or TASKS[str(dataset)]))
        return made[-1]

    yield make
    for each in made:
        each.close()


class TestSameModel:
    @pytest.mark.parametrize("name", TASKS)
    def test_with_every_row_the_trees_are_those_of_one_host(self, cluster, name):
        hosts = cluster(name)
        models = [hosts.train(instances, EVERY_ROW).model for instances in (1, 2, 3)]
        trees = [model._estimator.get_booster().get_dump(with_stats=True) for model in models]
        assert trees[0] == trees[1] == trees[2]
        metrics = [model.evaluate(hosts.test_rows()).metrics for model in models]
        assert metrics[0] == metrics[1] == metrics[2]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("name", "metric", "tolerance"), [("breast_cancer", "roc_auc", 0.01), ("diabetes", "r2", 0.1)]
    )
    def test_where_each_host_draws_among_its_own_rows_the_metrics_are_close(self, cluster, name, metric, tolerance):
        hosts = cluster(name)
        found = [hosts.train(instances).model.evaluate(hosts.test_rows()).metrics[metric] for instances in (1, 2, 3)]
        assert max(found) - min(found) <= tolerance, found

    @pytest.mark.slow
    def test_the_same_again(self, cluster):
        hosts = cluster("wine")
        boosters = [(hosts.train(3).folders[0] / "model/booster.ubj").read_bytes() for _ in range(2)]
        assert boosters[0] == boosters[1]

    def test_messy_columns_become_the_same_features(self, cluster, tmp_path):
        random = np.random.default_rng(0)
        rows = 203
        frame = pd.DataFrame(
            {
                "number": np.where(random.random(rows) < 0.2, np.nan, random.lognormal(1, 2, rows)),
                "rare": np.where(np.arange(rows) == 150, "only here", "often"),
                "category": random.choice(["a", "b", "c", None], rows),
                "text": random.choice(["a red car drives by", "blue houses stand", "red houses burn down"], rows),
                "flag": random.random(rows) < 0.3,
                "target": random.choice(["no", "yes"], rows),
            }
        )
        frame["target"] = np.where(frame["number"].fillna(0) > 3, "yes", frame["target"])
        (tmp_path / "raw").mkdir()
        frame.to_csv(tmp_path / "raw/train.csv", index=False)
        hosts = cluster(tmp_path / "raw", "classification")
        more = {"settings": {"preprocessing": '{"outliers": "iqr", "missing": "mean"}'}}
        models = [hosts.train(instances, EVERY_ROW, **more).model for instances in (1, 3)]
        test = hosts.test_rows()
        matrices = [np.asarray(model.features.transform(test.X)) for model in models]
        np.testing.assert_array_equal(*matrices)
        np.testing.assert_array_equal(*(model.predict(test.X) for model in models))


class TestRows:
    def test_every_row_is_learned_from_once_and_remembered(self, cluster):
        hosts = cluster("wine")
        models = [hosts.train(instances, {**EVERY_ROW, "max_depth": 1}).model for instances in (1, 3)]
        covers = [model._estimator.get_booster().trees_to_dataframe()["Cover"].tolist() for model in models]
        assert covers[0] == covers[1]  # sums over rows
        trained = hosts.train(3, EVERY_ROW)
        whole = read_rows(hosts.prepared(1), hosts.schema())
        split = read_rows(hosts.prepared(3), hosts.schema())
        pd.testing.assert_frame_equal(whole.X, split.X)
        kept = read_training_rows(trained.folders[0] / "model")
        np.testing.assert_array_equal(kept, np.unique(row_hashes(whole, hosts.schema())))

    def test_the_first_host_alone_keeps_the_model_and_tells_progress(self, cluster):
        trained = cluster("wine").train(3, EVERY_ROW)
        assert trained.codes == [0, 0, 0]
        kept = [sorted(path.name for path in (folder / "model").iterdir()) for folder in trained.folders]
        assert kept == [["booster.ubj", "manifest.json", "model.skops", "training_rows.npy"], [], []]
        assert ["progress: 60/60 round" in log for log in trained.logs] == [True, False, False]

    @pytest.mark.parametrize(
        ("share", "word"),
        [
            (lambda parts, rank: parts, "InternalError"),
            (lambda parts, rank: parts[rank + 1 :: 2], "InternalError"),
            (lambda parts, rank: parts if rank == 0 else [], "PlatformError"),
        ],
        ids=["replicated", "one lost", "none for one"],
    )
    def test_rows_that_are_not_shared_out_once_are_refused_by_all(self, cluster, share, word):
        trained = cluster("wine").train(2, share=share)
        assert trained.codes == [1, 1]
        assert [failure["error"] for failure in trained.failures if failure] == [word] * 2


class TestFailures:
    @pytest.mark.parametrize("rank", [0, 1, 3])
    def test_a_killed_host_ends_all_at_once_with_a_message(self, cluster, rank):
        ending = IN_ROUND_9.format(ending="os.kill(os.getpid(), signal.SIGKILL)")
        trained = cluster("wine").train(4, patches={rank: ending})
        assert trained.seconds < 20
        assert trained.codes == [-signal.SIGKILL if place == rank else 1 for place in range(4)]
        expected = f"hosts: algo-{rank + 1} ended before the training was done. Its log says why."
        assert trained.messages == ["" if place == rank else expected for place in range(4)]

    @pytest.mark.parametrize("rank", [0, 2])
    def test_a_host_that_fails_tells_all_why(self, cluster, rank):
        failing = IN_ROUND_9.format(ending='raise MemoryError("mine")')
        trained = cluster("wine").train(3, patches={rank: failing})
        assert (trained.codes, trained.seconds < 20) == ([1, 1, 1], True)
        assert {failure["error"] for failure in trained.failures if failure} == {"ResourceError"}
        assert len(set(trained.messages)) == 1

    @pytest.mark.slow
    def test_a_frozen_host_ends_the_others_after_a_time_limit(self, cluster):
        frozen = IN_ROUND_9.format(ending="os.kill(os.getpid(), signal.SIGSTOP)")
        hosts = cluster("wine")
        trained = hosts.train(3, patches={0: SHORT, 1: SHORT + frozen, 2: SHORT}, left=[1])
        assert [trained.codes[0], trained.codes[2]] == [1, 1]
        assert trained.seconds < 30
        for place in (0, 2):
            assert trained.messages[place].startswith("hosts: the connection to another host broke, or it did not")

    def test_a_damaged_file_of_rows_is_told_by_all(self, cluster):
        hosts = cluster("wine")
        parts = sorted((hosts.prepared(2) / "rows").iterdir())
        parts[1].write_bytes(b"PAR1")
        trained = hosts.train(2)
        assert trained.codes == [1, 1]
        assert {failure["error"] for failure in trained.failures if failure} == {"InternalError"}

    def test_an_algorithm_for_one_host_is_refused(self, cluster):
        trained = cluster("wine").train(2, settings={"algorithm": "random_forest"})
        assert trained.codes == [1, 1]
        assert trained.messages == ["instance_count: must be 1 for random_forest, got 2. Leave it out."] * 2

    @pytest.mark.parametrize("content", ["{}", '{"current_host": "algo-9", "hosts": ["algo-1", "algo-2"]}', "nothing"])
    def test_a_resource_configuration_that_is_none_fails_before_any_row_is_read(self, tmp_path, content):
        paths = Paths(tmp_path)
        write_json(paths.hyperparameters, {"algorithm": "xgboost"})
        paths.hosts.write_text(content)
        environment = {**os.environ, "MLOPS_ML_ROOT": str(tmp_path)}
        done = subprocess.run([sys.executable, "-m", "steps.train"], env=environment, capture_output=True, check=False)
        assert done.returncode == 1
        assert json.loads(paths.failure.read_bytes())["error"] == "InternalError"


ISSUE = """learning_type: supervised
algorithm: xgboost
dataset_id: {dataset}
instance_count: {count}
hyperparameters: {{n_estimators: {rounds}, subsample: 1.0}}
evaluation_threshold: 0.5
"""


def body(folder: Path, **given: Any) -> Path:
    path = folder / f"issue-{given['count']}.md"
    path.write_text(ISSUE.format(**{"dataset": "breast_cancer", "rounds": 40, **given}))
    return path


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    monkeypatch.setenv("MLOPS_REPORT", "none")


class TestLoop:
    def test_an_issue_with_three_instances_is_registered_and_can_be_reproduced(self, tmp_path):
        runs = {}
        for count in (1, 3):
            done = mlops("run", body(tmp_path, count=count), "--workspace", tmp_path / "ws", "--json")
            assert done.exit_code == 0, done.output
            runs[count] = json.loads(done.output)
        assert runs[1]["attempts"][0]["metrics"] == runs[3]["attempts"][0]["metrics"]
        assert "288 h of `ml.m5.large` (Train)" in runs[3]["comments"][0]
        logs = sorted(path.name for path in (tmp_path / "ws/logs/issue-2-attempt-1").iterdir())
        assert logs == ["Evaluate.log", "Prepare.log", "Train-algo-2.log", "Train-algo-3.log", "Train.log"]
        record = tmp_path / "ws/github" / runs[3]["history"][0]
        again = mlops("reproduce", record, "--workspace", tmp_path / "ws", "--json")
        assert (again.exit_code, json.loads(again.output)["status"]) == (0, "same"), again.output

    def test_a_dataset_of_many_files_is_that_of_one(self, tmp_path):
        frame = pd.read_csv(DATASETS / "breast_cancer/train.csv")
        (tmp_path / "data/train").mkdir(parents=True)
        for number in range(5):
            block = frame.iloc[number * len(frame) // 5 : (number + 1) * len(frame) // 5]
            block.to_parquet(tmp_path / f"data/train/part-{number}.parquet", index=False)
        (tmp_path / "data/train/_SUCCESS").touch()
        shutil.copy(DATASETS / "breast_cancer/metadata.json", tmp_path / "data")
        options = ("--workspace", tmp_path / "ws", "--json")
        many = mlops("run", body(tmp_path, dataset="many", count=2), "--data", tmp_path / "data", *options)
        one = mlops("run", body(tmp_path, count=1), *options)
        metrics = [json.loads(done.output)["attempts"][0]["metrics"] for done in (many, one)]
        assert metrics[0] == metrics[1]

    @pytest.mark.parametrize("name", ["Train-algo-2", "Train"])
    def test_a_host_that_is_killed_fails_the_step_and_leaves_no_process(self, tmp_path, name):
        workspace = tmp_path / "ws"
        process = start(tmp_path, workspace)
        host = host_process(workspace, "algo-2" if name.endswith("2") else "")
        host.kill()
        output, _ = process.communicate(timeout=60)
        report = json.loads(output)
        assert (process.returncode, report["status"]) == (1, "failed")
        assert any("killed by signal 9" in text for text in report["comments"]), report["comments"]
        assert steps_below(workspace) == {}

    def test_an_interrupt_ends_all_hosts(self, tmp_path):
        workspace = tmp_path / "ws"
        process = start(tmp_path, workspace)
        host_process(workspace, "algo-3")
        process.send_signal(signal.SIGINT)
        assert json.loads(process.communicate(timeout=60)[0])["status"] == "cancelled"
        assert steps_below(workspace) == {}

    def test_a_kill_of_the_runner_ends_all_hosts(self, tmp_path):
        workspace = tmp_path / "ws"
        process = start(tmp_path, workspace)
        host_process(workspace, "algo-3")
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 10
        while steps_below(workspace):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        Workspace(workspace, "test").close()


def start(folder: Path, workspace: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "local.cli", "run", str(body(folder, count=3, rounds=5000)), "--json"]
    return subprocess.Popen(
        [*command, "--workspace", str(workspace)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def steps_below(workspace: Path) -> dict[int, str]:
    """The processes of steps in this workspace, with the folders that they work in."""
    found = {process.pid: folder_of(process) for process in psutil.process_iter()}
    return {pid: folder for pid, folder in found.items() if folder.startswith(str(workspace))}


def folder_of(process: psutil.Process) -> str:
    try:
        return process.cwd() if process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:
        return ""


def host_process(workspace: Path, name: str) -> psutil.Process:
    """The process of a host, the first one for no name, once all hosts are training."""
    log = workspace / "logs/issue-1-attempt-1/Train.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and "progress:" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = steps_below(workspace)
    assert len(found) == 3
    (pid,) = (
        pid for pid, folder in found.items() if Path(folder).name.partition("algo-")[2] == name.removeprefix("algo-")
    )
    return psutil.Process(pid)
