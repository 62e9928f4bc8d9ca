"""Steps that are forked from a server: as clean as those of a new interpreter, and gone like them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import workers as module
from local.warm import WarmProcess, WarmServer
from local.workers import Job, Outcome, Workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux alone")
PROJECT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent / "warm"
PATIENCE = 60


@pytest.fixture(scope="module", autouse=True)
def _project() -> Iterator[None]:
    """Steps of the project alone are forked; here its code is a folder with one module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PROJECT", FOLDER)
        yield


def new_workers() -> Workers:
    return Workers(threads=1, python_path=(FOLDER,))


@pytest.fixture(scope="module")
def workers(_project: None) -> Iterator[Workers]:
    made = new_workers()
    yield made
    made.close()


class Runner:
    def __init__(self, workers: Workers, folder: Path) -> None:
        self.workers, self.folder, self.lines = workers, folder, list[str]()

    def __call__(self, code: str, name: str = "job", **more: Any) -> Outcome:
        command = ["python", "-m", "executed", code]
        log = self.folder / f"{name}.log"
        job = Job(name, command, self.folder / "ml", self.folder, log, on_line=self.lines.append, **more)
        return self.workers.run(job)


@pytest.fixture
def run(workers: Workers, tmp_path: Path) -> Runner:
    return Runner(workers, tmp_path)


def until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def warm_server(workers: Workers) -> WarmServer:
    return workers._warm._servers["tables"][0]


def server_of(workers: Workers) -> psutil.Process:
    return psutil.Process(warm_server(workers)._process.pid)


def server_started(workers: Workers, request: dict[str, object]) -> WarmProcess:
    return warm_server(workers).start(request)


def test_steps_are_forked_from_the_server(run: Runner) -> None:
    run("import os; print(os.getppid())")
    leader = run.lines[0]
    run("import os; print(os.getppid())")
    assert run.lines[1] != leader
    assert server_of(run.workers).is_running()


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('a word')", 1),
        ("raise ValueError('wrong')", 1),
        ("import os; os._exit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 15)", -15),
        ("import os; os.abort()", -6),
    ],
)
def test_the_end_is_told(run: Runner, code: str, exit_code: int) -> None:
    assert run(code) == Outcome(exit_code)


def test_output_comes_in_order_and_goes_to_the_log(run: Runner) -> None:
    run("import sys; print('out', flush=True); print('error', file=sys.stderr); print('last', end='')")
    assert run.lines == ["out", "error", "last"]
    assert (run.folder / "job.log").read_text() == "out\nerror\nlast"


def test_an_error_is_told_with_its_traceback(run: Runner) -> None:
    run("raise ValueError('wrong')")
    assert run.lines[0].startswith("Traceback")
    assert run.lines[-1] == "ValueError: wrong"


def test_a_step_sees_what_a_new_interpreter_would_see(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    code = (
        "import json, os, sys, tempfile; print(json.dumps({'env': dict(os.environ), 'argv': sys.argv[1:], "
        "'name': __name__, 'cwd': os.getcwd(), 'tmp': tempfile.gettempdir(), 'stdin': sys.stdin.read()}))"
    )
    run(code, environment={"DATASET_DIGEST": "abc"})
    seen = json.loads(run.lines[0])
    assert (seen["name"], seen["argv"], seen["cwd"], seen["stdin"]) == ("__main__", [code], str(run.folder), "")
    assert seen["tmp"] == seen["env"]["TMPDIR"] == str(run.folder / "home")
    assert (seen["env"]["DATASET_DIGEST"], seen["env"]["OMP_NUM_THREADS"]) == ("abc", "1")
    assert seen["env"]["MLOPS_ML_ROOT"] == str(run.folder / "ml")
    assert "AWS_SECRET_ACCESS_KEY" not in seen["env"]
    assert not {name for name in seen["env"] if name.startswith(("GITHUB", "MLOPS_"))} - {
        "MLOPS_ML_ROOT",
        "MLOPS_REPORT",
    }


def test_nothing_of_one_step_is_there_in_the_next(run: Runner) -> None:
    run("import builtins, os, sys, numpy\nbuiltins.x = numpy.x = 1; os.environ['LEFT'] = '1'; sys.path.append('/left')")
    found = "hasattr(builtins, 'x'), hasattr(numpy, 'x'), 'LEFT' in os.environ, '/left' in sys.path"
    run(f"import builtins, os, sys, numpy; print([{found}])")
    assert run.lines == ["[False, False, False, False]"]


def test_a_step_holds_no_descriptor_of_another(run: Runner) -> None:
    other = threading.Thread(target=Runner(run.workers, run.folder), args=("import time; time.sleep(60)", "other"))
    other.start()
    until(lambda: "other" in run.workers._running)
    run("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))")
    run.workers.stop("other")
    other.join(PATIENCE)
    kinds = json.loads(run.lines[0])
    assert kinds[:3] == [0, 1, 2]
    assert len(kinds) <= 8  # and the folder that is listed, and what the libraries hold


def test_the_libraries_are_there_already(run: Runner) -> None:
    def loaded() -> bool:
        run.lines.clear()
        run("import sys; print('pandas' in sys.modules and 'skops.io' in sys.modules)")
        return run.lines == ["True"]

    until(loaded)


def test_a_changed_file_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has loaded `steps.tables`; a step that runs meanwhile keeps it, and the next one sees the new file."""
    project = tmp_path / "project"
    (project / "steps").mkdir(parents=True)
    (project / "executed.py").write_text((FOLDER / "executed.py").read_text())
    (project / "steps/tables.py").write_text("value = 'old'")
    monkeypatch.setattr(module, "PROJECT", project)
    workers, ended = Workers(threads=1, python_path=(project,)), list[Outcome]()
    run, other = Runner(workers, tmp_path), Runner(workers, tmp_path)
    waits = "import steps.tables as t; print(t.value, flush=True); input_ = __import__('time').sleep(3); print(t.value)"
    try:
        until(lambda: run("import sys; print('steps.tables' in sys.modules)") and run.lines[-1] == "True")
        first = server_of(workers)
        running = threading.Thread(target=lambda: ended.append(other(waits, "other")))
        running.start()
        until(lambda: other.lines == ["old"])
        (project / "steps/tables.py").write_text("value = 'new one'")
        run("import steps.tables; print(steps.tables.value)")
        running.join(PATIENCE)
        assert (run.lines[-1], other.lines, ended) == ("new one", ["old", "old"], [Outcome(0)])
        assert server_of(workers) != first
        until(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE)
    finally:
        workers.close()


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_step_hears_of_the_end_of_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(module.sys, "platform", platform)
    workers = Workers(threads=1, python_path=(FOLDER,), memory_bytes=2**30)
    code = "try:\n    bytes(2**31)\nexcept MemoryError:\n    print('heard', len(bytes(2**28)))"
    run = Runner(workers, tmp_path)
    try:
        assert run(code) == Outcome(0)
        assert run.lines == [f"heard {2**28}"]
    finally:
        workers.close()


def test_a_time_limit_ends_the_whole_group(run: Runner) -> None:
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    assert run(code, time_limit_seconds=1.0) == Outcome(-9, timed_out=True)
    until(lambda: not psutil.pid_exists(int(run.lines[0])))


def test_what_a_step_leaves_behind_is_ended(run: Runner) -> None:
    assert run("import subprocess; print(subprocess.Popen(['sleep', '60']).pid)") == Outcome(0)
    until(lambda: not psutil.pid_exists(int(run.lines[0])))


def test_stop_ends_a_running_step(run: Runner) -> None:
    ended: list[Outcome] = []
    running = threading.Thread(target=lambda: ended.append(run("import time; print(1, flush=True); time.sleep(60)")))
    running.start()
    until(lambda: run.lines)
    run.workers.stop("job")
    running.join(PATIENCE)
    assert ended == [Outcome(-9, stopped=True)]


def test_steps_run_side_by_side(run: Runner) -> None:
    ended: list[Outcome] = []
    code = "import time; print('here', flush=True); time.sleep(1)"
    threads = [
        threading.Thread(target=lambda name=f"side-{number}": ended.append(run(code, name))) for number in range(3)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(run.lines) == 3 or len(ended) == 3)
    for thread in threads:
        thread.join(PATIENCE)
    assert ended == [Outcome(0)] * 3


def test_without_its_server_a_step_starts_cold(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workers = new_workers()
    run = Runner(workers, tmp_path)
    try:
        run("pass")
        server_of(workers).kill()
        warm_server(workers)._process.wait()
        assert run("print('cold')") == Outcome(0)
        assert run.lines[-1] == "cold"
        assert "steps start cold" in caplog.text
        assert run("print('warm again')") == Outcome(0)
        assert server_of(workers).is_running()
    finally:
        workers.close()


def test_a_step_is_killed_with_its_server(tmp_path: Path) -> None:
    """As by the system, short of memory: the step ends, nobody waits for it for ever."""
    workers, ended = new_workers(), list[Outcome]()
    run = Runner(workers, tmp_path)
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    running = threading.Thread(target=lambda: ended.append(run(code)))
    running.start()
    try:
        until(lambda: run.lines)
        server_of(workers).kill()
        running.join(PATIENCE)
        assert ended == [Outcome(-9)]
        until(lambda: not psutil.pid_exists(int(run.lines[0])))
    finally:
        workers.close()


def test_close_ends_server_and_steps(tmp_path: Path) -> None:
    workers, ended = new_workers(), list[Outcome]()
    run = Runner(workers, tmp_path)
    running = threading.Thread(target=lambda: ended.append(run("import time; print(1, flush=True); time.sleep(60)")))
    running.start()
    until(lambda: run.lines)
    server = server_of(workers)
    workers.close()
    running.join(PATIENCE)
    assert ended == [Outcome(-9, stopped=True)]
    until(lambda: not server.is_running())


PARENT = """
import sys, threading
from pathlib import Path
from local import workers
folder, workers.PROJECT = Path(sys.argv[1]), Path(sys.argv[2])
code = '''
import os, subprocess, time
print(os.getpid(), subprocess.Popen(["sleep", "60"]).pid, flush=True)
time.sleep(60)
'''
job = workers.Job("job", ["python", "-m", "executed", code], folder / "ml", folder, folder / "log",
                  on_line=lambda line: print(line, flush=True))
workers.Workers(threads=1, python_path=(workers.PROJECT,)).run(job)
"""


def test_all_are_gone_when_the_runner_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(FOLDER)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        step, child = map(int, parent.stdout.readline().split())
        family = [psutil.Process(step), psutil.Process(child), *psutil.Process(parent.pid).children(recursive=True)]
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE)
        until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))


def test_another_folder_or_command_is_not_forked(tmp_path: Path) -> None:
    workers = Workers(threads=1, python_path=(tmp_path,))
    (tmp_path / "own.py").write_text("print('own')")
    job = Job("job", ["python", "-m", "own"], tmp_path / "ml", tmp_path, tmp_path / "log")
    try:
        assert workers.run(job) == Outcome(0)
        assert not workers._warm._servers
    finally:
        workers.close()


def test_a_folder_that_is_gone_ends_the_step_and_not_the_server(run: Runner) -> None:
    server = server_of(run.workers)
    environment = run.workers._environment(Job("x", [], run.folder, run.folder, run.folder / "log"))
    request = {"module": "executed", "arguments": ["pass"], "folder": str(run.folder / "gone"), "memory": 2**30}
    started = server_started(run.workers, {**request, "environment": environment})
    assert started.wait() == os.EX_OSERR
    started.stdout.close()
    assert run("print('next')") == Outcome(0)
    assert server_of(run.workers) == server


def test_a_request_that_is_too_long_starts_cold(tmp_path: Path) -> None:
    workers = new_workers()
    try:
        assert Runner(workers, tmp_path)("pass", environment={"LONG": "x" * 100_000}) == Outcome(0)
        job = Job(
            "job", ["python", "-m", "executed", "pass", *["y" * 100_000] * 5], tmp_path, tmp_path, tmp_path / "log"
        )
        assert workers.run(job) == Outcome(0)
    finally:
        workers.close()


def test_the_module_that_is_not_there(run: Runner) -> None:
    job = Job("job", ["python", "-m", "steps.nothing"], run.folder / "ml", run.folder, run.folder / "log")
    assert run.workers.run(job).exit_code == 1
    assert "No module named steps.nothing" in (run.folder / "log").read_text()


def test_a_platform_without_safe_forks_starts_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "platform", "darwin")
    workers = new_workers()
    run = Runner(workers, tmp_path)
    try:
        assert run("print('cold')") == Outcome(0)
        assert not workers._warm._servers
    finally:
        workers.close()
