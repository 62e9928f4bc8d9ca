"""Real processes: that is this module's job."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import workers as module
from local.workers import Job, Outcome, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=3)
    yield made
    made.close()


class Runner:
    def __init__(self, workers: Workers, folder: Path) -> None:
        self.workers, self.folder, self.lines = workers, folder, list[str]()

    def __call__(self, code: str, *arguments: str, **more: Any) -> Outcome:
        command = ["python", "-c", code, *arguments]
        job = Job("job", command, self.folder / "ml", self.folder, self.folder / "job.log", **more)
        return self.workers.run(job)


@pytest.fixture
def run(workers: Workers, tmp_path: Path) -> Runner:
    return Runner(workers, tmp_path)


def test_output_goes_to_the_log_and_to_the_listener(run: Runner) -> None:
    lines: list[str] = []
    code = (
        "import sys; print('out'); print('error', file=sys.stderr); print('x' * 5000);sys.stdout.buffer.write(b'\\xff')"
    )
    assert run(code, on_line=lines.append) == Outcome(0)
    assert lines == ["out", "error", "x" * 4096, "x" * 904, "\ufffd"]
    assert (run.folder / "job.log").read_bytes() == b"out\nerror\n" + b"x" * 5000 + b"\n\xff"


def test_a_log_has_a_limit(run: Runner, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MAX_LOG_BYTES", 10)
    assert run("for _ in range(9): print('12345')") == Outcome(0)
    assert (run.folder / "job.log").read_text() == "12345\n"


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("pass", 0), ("exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9), ("import os; os.abort()", -6)],
)
def test_the_exit_code_is_the_command_s_own(run: Runner, code: str, exit_code: int) -> None:
    assert run(code).exit_code == exit_code
    assert not list(run.folder.glob("core*"))


def test_the_environment(run: Runner, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    code = "import os; print(*(f'{k}={v}' for k, v in os.environ.items()), sep='\\n')"
    lines: list[str] = []
    run(code, on_line=lines.append, environment={"OWN": "1", "HOME": "/root", "PYTHONPATH": "/evil"})
    seen = dict(line.split("=", 1) for line in lines)
    assert "AWS_SECRET_ACCESS_KEY" not in seen
    assert (seen["OWN"], seen["OMP_NUM_THREADS"], seen["MLOPS_ML_ROOT"]) == ("1", "3", str(run.folder / "ml"))
    assert seen["HOME"].startswith(str(run.folder))
    assert "/evil" not in seen["PYTHONPATH"]
    assert set(seen) <= {
        *module.PASSED_ON,
        *module.THREAD_VARIABLES,
        *("HOME", "TMPDIR", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "OWN"),
        "MLOPS_ML_ROOT",
    }


def test_no_shell_reads_the_arguments(run: Runner) -> None:
    lines: list[str] = []
    run("import sys; print(sys.argv[1])", "$(touch x); `id` && ' \"", on_line=lines.append)
    assert lines == ["$(touch x); `id` && ' \""]


def test_files_of_the_working_directory_are_not_imported(run: Runner) -> None:
    (run.folder / "json.py").write_text("raise SystemExit(9)")
    assert run("import json") == Outcome(0)


def test_python_is_this_one(run: Runner) -> None:
    lines: list[str] = []
    run("import sys; print(sys.executable)", on_line=lines.append)
    assert lines == [sys.executable]


def test_a_time_limit_ends_the_whole_group(run: Runner) -> None:
    code = "import subprocess, time; subprocess.Popen(['sleep', '65']); time.sleep(65)"
    assert run(code, time_limit_seconds=1).timed_out
    assert_gone([str(process.pid) for process in psutil.process_iter() if of_folder(process, run.folder)])


def test_what_a_step_leaves_behind_is_ended(run: Runner) -> None:
    pids: list[str] = []
    code = "import subprocess; print(subprocess.Popen(['sleep', '66']).pid, flush=True)"
    assert run(code, on_line=pids.append) == Outcome(0)
    assert len(pids) == 1
    assert_gone(pids)


def test_a_child_that_left_the_group_does_not_hold_the_runner(run: Runner, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "ESCAPED_SECONDS", 0.1)
    pids: list[str] = []
    code = "import subprocess; print(subprocess.Popen(['sleep', '30'], start_new_session=True).pid, flush=True)"
    assert run(code, on_line=pids.append) == Outcome(0)
    escaped = psutil.Process(int(pids[0]))
    assert escaped.status() != psutil.STATUS_ZOMBIE
    escaped.kill()


def test_stop_ends_a_running_job(run: Runner) -> None:
    def stop(_: str) -> None:
        run.workers.stop("job")

    assert run("import time; print(1, flush=True); time.sleep(67)", on_line=stop).stopped


def test_a_cancelled_job_does_not_start(run: Runner) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert run("open('started', 'w')", cancelled=cancelled) == Outcome(None, stopped=True)
    assert not (run.folder / "started").exists()


def test_stopping_nothing_is_no_error(workers: Workers) -> None:
    workers.stop("nothing")


def test_nothing_starts_after_close(run: Runner) -> None:
    for _ in range(2):
        run.workers.close()
    assert run("pass") == Outcome(None, stopped=True)


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EAGAIN])
def test_a_machine_that_cannot_start_a_process(run: Runner, monkeypatch: Any, number: int) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(module.subprocess, "Popen", refuse)
    outcome = run("pass")
    assert outcome.start_error is not None
    assert outcome.start_error.errno == number


def of_folder(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in process.environ().get("MLOPS_ML_ROOT", "")
    except psutil.Error:
        return False


def assert_gone(pids: list[str]) -> None:
    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != "zombie" for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)
