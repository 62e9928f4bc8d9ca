"""The runner is killed at a chosen moment; what is left must be whole, and go on to the same end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.workspace import Workspace, WorkspaceBusyError

PROJECT = Path(__file__).parents[2]
TOKEN = "issue-1-attempt-1".ljust(32, "0")
RUNNER = """
import os, sys
from pathlib import Path
from local.events import StepChanged
from local.executions import Executions
from local.registry import Registry
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

root, definition, moment, name, status, token = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), 9)

def listen(event):
    if moment == "event" and getattr(event, "step", "") == name:
        told = event.status if isinstance(event, StepChanged) else "Output"
        if told == status:
            die()

def kill_around(owner, method, matches):
    original = getattr(owner, method)
    def wrapped(self, *args, **kwargs):
        if moment == "before" and method == name and matches(args):
            die()
        result = original(self, *args, **kwargs)
        if moment == "after" and method == name and matches(args):
            die()
        return result
    setattr(owner, method, wrapped)

kill_around(Registry, "register", lambda args: True)
kill_around(Executions, "create", lambda args: True)
kill_around(Executions, "end_step", lambda args: args[1] == status)
kill_around(Executions, "finish", lambda args: True)

with Workspace(Path(root), "mlops run") as workspace, LocalSageMaker(workspace, listen) as client:
    client.upsert_pipeline("toy", Path(definition).read_text())
    started = client.start_pipeline_execution(PipelineName="toy", ClientRequestToken=token)
    client.wait(started["PipelineExecutionArn"])
"""
MOMENTS = {
    "before_prepare_runs": ("event", "Prepare", "Executing"),
    "prepare_stored_but_not_told": ("before", "end_step", "Prepare"),
    "between_prepare_and_train": ("event", "Prepare", "Succeeded"),
    "while_training": ("event", "Train", "Output"),
    "train_told": ("after", "end_step", "Train"),
    "before_deciding": ("before", "end_step", "CheckScore"),
    "after_deciding": ("after", "end_step", "CheckScore"),
    "before_registering": ("before", "register", ""),
    "right_after_registering": ("after", "register", ""),
    "registration_told": ("after", "end_step", "RegisterModel"),
    "before_the_end": ("before", "finish", ""),
}
STUBBORN = """
import signal, subprocess
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen(['sleep', '64'])
"""
WAIT_IF_FIRST = """
marker = pathlib.Path({marker!r})
first = not marker.exists()
marker.touch()
print('progress: 1/2 round', flush=True)
time.sleep(64 if first else 0)
child.kill()
"""


def start_runner(root: Path, definition: Path, moment: tuple[str, str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUNNER, str(root), str(definition), *moment, TOKEN]
    return subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE)


@pytest.fixture
def definition(tmp_path: Path, build: Any) -> Path:
    """The whole toy pipeline; its training ignores polite signals, has a child, and hangs the first time."""
    train = STUBBORN + WAIT_IF_FIRST.format(marker=str(tmp_path / "trained")) + build.train_code
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(build.whole(train=train)))
    return path


@pytest.fixture
def root(tmp_path: Path, build: Any) -> Path:
    """A workspace with the toy dataset."""
    with Workspace(tmp_path / "ws") as workspace:
        workspace.objects.put_bytes(b"a\n1\n", f"{build.bucket}/raw/data.csv")
    return tmp_path / "ws"


class TestKill:
    @pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
    def test_goes_on_to_the_same_end(
        self, make_machine: Any, definition: Path, root: Path, tmp_path: Path, moment: tuple[str, str, str]
    ) -> None:
        if moment[:2] != ("event", "Train"):
            (tmp_path / "trained").touch()
        runner = start_runner(root, definition, moment)
        assert runner.wait(60) == -signal.SIGKILL
        assert_no_process_of(root)
        machine = make_machine()
        [arn] = machine.sagemaker.resume()
        assert machine.sagemaker.wait(arn, 60)["PipelineExecutionStatus"] == "Succeeded"
        assert_whole(machine, arn)

    def test_succeeded_steps_are_kept(self, make_machine: Any, definition: Path, root: Path) -> None:
        assert start_runner(root, definition, MOMENTS["while_training"]).wait(60) == -signal.SIGKILL
        machine = make_machine()
        [arn] = machine.sagemaker.resume()
        machine.sagemaker.wait(arn, 60)
        counts = {name: step["AttemptCount"] for name, step in machine.steps(arn).items()}
        assert counts == {"Prepare": 1, "Train": 2, "Evaluate": 1, "CheckScore": 1, "RegisterModel": 1}

    def test_a_start_that_was_stored_is_not_started_twice(
        self, make_machine: Any, definition: Path, root: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "trained").touch()
        assert start_runner(root, definition, ("after", "create", "")).wait(60) == -signal.SIGKILL
        machine = make_machine()
        again = machine.sagemaker.start_pipeline_execution(PipelineName="toy", ClientRequestToken=TOKEN)
        assert machine.sagemaker.wait(again["PipelineExecutionArn"], 60)["PipelineExecutionStatus"] == "Succeeded"
        assert len(machine.sagemaker.list_pipeline_executions(PipelineName="toy")["PipelineExecutionSummaries"]) == 1

    def test_a_stop_that_was_asked_for_is_kept(self, make_machine: Any, definition: Path, root: Path) -> None:
        assert start_runner(root, definition, MOMENTS["while_training"]).wait(60) == -signal.SIGKILL
        machine = make_machine()
        [execution] = machine.sagemaker._executions.unfinished()
        machine.sagemaker._executions.request_stop(execution.id)
        machine.sagemaker.resume()
        assert machine.sagemaker.wait(execution.arn, 60)["PipelineExecutionStatus"] == "Stopped"
        assert machine.steps(execution.arn)["Train"]["StepStatus"] == "Stopped"

    def test_an_execution_that_nobody_resumed_can_be_stopped(
        self, make_machine: Any, definition: Path, root: Path
    ) -> None:
        assert start_runner(root, definition, MOMENTS["between_prepare_and_train"]).wait(60) == -signal.SIGKILL
        machine = make_machine()
        [execution] = machine.sagemaker._executions.unfinished()
        machine.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
        assert machine.sagemaker.wait(execution.arn, 60)["PipelineExecutionStatus"] == "Stopped"
        assert list(machine.steps(execution.arn)) == ["Prepare"]


class TestLock:
    def test_a_second_process_is_told_who_holds_it_until_a_kill(self, definition: Path, root: Path) -> None:
        runner = start_runner(root, definition, ("never", "", ""))
        trained = definition.with_name("trained")
        wait_until(trained.exists)
        with pytest.raises(WorkspaceBusyError, match=rf"is held by mlops run \(process {runner.pid}\) since 20"):
            Workspace(root)
        runner.kill()
        runner.wait()
        Workspace(root).close()
        assert_no_process_of(root)


def assert_whole(machine: Any, arn: str) -> None:
    """One model, its files, and nothing else."""
    execution = arn.rpartition("/")[2]
    assert len(machine.sagemaker.list_model_packages()["ModelPackageSummaryList"]) == 1
    assert machine.keys("out/") == [
        f"out/{execution}/Evaluate/evaluation/evaluation.json",
        f"out/{execution}/Prepare/train/data.csv",
    ]
    assert machine.keys("models/") == [
        "models/none/empty",
        f"models/pipelines-{execution}-Train/output/model.tar.gz",
    ]
    folders = {path.name: list(path.iterdir()) for path in machine.workspace.root.iterdir() if path.is_dir()}
    assert (folders["jobs"], folders["staging"]) == ([], [])


def assert_no_process_of(root: Path) -> None:
    """Steps end when the runner is gone; they get a moment for it."""
    wait_until(lambda: not processes_of(root))


def processes_of(root: Path) -> list[int]:
    """Processes that were started for a step of this workspace, whatever they have become."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and str(root) in process.environ().get("MLOPS_ML_ROOT", ""):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_until(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
