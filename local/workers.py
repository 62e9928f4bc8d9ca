"""Runs the process of one step: fresh, scrubbed, in its own process group, gone when it is told to be or its parent is.

The interface is two verbs, `run(job) -> Outcome` and `stop(name)`; another way to start steps can stand behind it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local import machine
from local.warm import WarmProcess, WarmServers

LOG = logging.getLogger(__name__)
ML_ROOT_VARIABLE = "MLOPS_ML_ROOT"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "MLOPS_REPORT")
"""The only variables of this process that a step sees."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
PROJECT = Path(__file__).parents[1]
GUARD = Path(__file__).with_name("guard.py")
MAX_LINE_BYTES = 4096
"""A longer line of output is told in pieces."""
MAX_LOG_BYTES = 50 * 2**20
"""Output beyond this is read and dropped, so that a step cannot fill the disk by talking."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, that one step may allocate: it hears of the end of it before the system kills something."""
ESCAPED_SECONDS = 5
"""How long to read on after the end, if a process that left the group still holds the output open."""

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One process to run.

    `root` takes the place of `/opt/ml`; `folder` is the job's own and its working directory; `on_line` is called with
    each line of output, from another thread. Once `cancelled` is set, the job does not start; `Workers.stop` ends it.
    """

    name: str
    command: Sequence[str]
    root: Path
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit_seconds: float | None = None
    family: str = "tables"
    """The libraries that are loaded already where steps start warm, see `local.warm_server`."""
    on_line: OnLine = lambda _: None
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Outcome:
    """How a process ended. `exit_code` is minus the signal's number after a signal, None if it never started."""

    exit_code: int | None
    timed_out: bool = False
    stopped: bool = False
    start_error: OSError | None = None


class Workers:
    """Runs each job in a fresh process.

    Parameters
    ----------
    threads : how many threads the numeric libraries of a step may use
    python_path : folders from which the entry points are imported
    memory_bytes : what a step may allocate at most; a share of the machine's when left out
    """

    def __init__(
        self, threads: int = 1, python_path: Sequence[Path] = (PROJECT,), memory_bytes: int | None = None
    ) -> None:
        self._threads = threads
        self._python_path = os.pathsep.join(map(str, python_path))
        self._guard = threading.Lock()
        self._running: dict[str, _Process] = {}
        self._closed = False
        self._parent_end, self._own_end = os.pipe()
        self._memory = memory_bytes or int(MEMORY_SHARE * machine.memory_bytes())
        self._warm_steps = sys.platform == "linux" and tuple(python_path) == (PROJECT,)
        self._warm = WarmServers(PROJECT, self._common(), self._parent_end)

    def run(self, job: Job) -> Outcome:
        """Runs a job until it ends, however it ends, and leaves no process of it behind."""
        job.log.parent.mkdir(parents=True, exist_ok=True)
        with job.log.open("ab") as log:
            try:
                process = self._start(job)
            except OSError as error:
                return Outcome(None, start_error=error)
            except _CancelledError:
                return Outcome(None, stopped=True)
            try:
                return process.wait(log)
            finally:
                with self._guard:
                    del self._running[job.name]

    def stop(self, name: str) -> None:
        """Kills the processes of a running job. Does nothing if there is none of that name."""
        with self._guard:
            process = self._running.get(name)
        if process is not None:
            process.stop()

    def close(self) -> None:
        """Kills every running job; none starts any more."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            running = list(self._running.values())
        for process in running:
            process.stop()
        self._warm.close()
        os.close(self._own_end)
        os.close(self._parent_end)

    def _start(self, job: Job) -> _Process:
        with self._guard:
            if self._closed or job.cancelled.is_set():
                raise _CancelledError
            process = _Process(job, self._fork(job) or self._spawn(job))
            self._running[job.name] = process
            return process

    def _fork(self, job: Job) -> WarmProcess | None:
        """The step from the server of warm steps; None for another command, or where there is no server."""
        program, *words = job.command
        if not self._warm_steps or program not in ("python", "python3") or words[:1] != ["-m"] or len(words) < 2:
            return None
        request = {"module": words[1], "arguments": words[2:], "folder": str(job.folder), "memory": self._memory}
        try:
            return self._warm.start(job.family, {**request, "environment": self._environment(job)})
        except OSError as error:
            LOG.warning("steps start cold until there is a new server: %s", error)
            return None

    def _spawn(self, job: Job) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (the definition's own entry point, no shell)
            self._command(job),
            cwd=job.folder,
            env=self._environment(job),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(self._parent_end,),
        )

    def _command(self, job: Job) -> list[str]:
        program, *arguments = job.command
        program = sys.executable if program in ("python", "python3") else program
        return [sys.executable, "-I", "-S", str(GUARD), str(self._parent_end), str(self._memory), program, *arguments]

    def _environment(self, job: Job) -> dict[str, str]:
        home = job.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        own = {"HOME": str(home), "TMPDIR": str(home), ML_ROOT_VARIABLE: str(job.root)}
        return {**self._common(job.environment), **own}

    def _common(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        """What every step sees; `more` wins over what is passed on."""
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **dict.fromkeys(THREAD_VARIABLES, str(self._threads)),
            **more,
            "PYTHONPATH": self._python_path,
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }


class _CancelledError(Exception):
    """The job was cancelled, or the workers were closed, before it began."""


class _Process:
    """One running job: the guard or leader, the step, and whatever the step started, in one process group."""

    def __init__(self, job: Job, process: subprocess.Popen[bytes] | WarmProcess) -> None:
        self._job = job
        self._timed_out = self._stopped = False
        self._process = process

    def wait(self, log: IO[bytes]) -> Outcome:
        """Copies the output until the process ends; then ends what it left behind."""
        timer = threading.Timer(self._job.time_limit_seconds or threading.TIMEOUT_MAX, self._time_out)
        timer.daemon = True
        output = (self._process.stdout, log, self._job.on_line)
        reader = threading.Thread(target=_copy_output, args=output, daemon=True)
        timer.start()
        reader.start()
        code = self._process.wait()
        timer.cancel()
        self._kill()
        reader.join(ESCAPED_SECONDS)
        return Outcome(code, self._timed_out, self._stopped)

    def stop(self) -> None:
        self._stopped = True
        self._kill()

    def _time_out(self) -> None:
        self._timed_out = True
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _copy_output(output: IO[bytes] | None, log: IO[bytes], on_line: OnLine) -> None:
    """From the pipe to the log and to the listener. A full disk does not block the step."""
    if output is None:
        return
    written = 0
    with output:
        while line := output.readline(MAX_LINE_BYTES):
            written += len(line)
            if written <= MAX_LOG_BYTES:
                with suppress(OSError, ValueError):
                    log.write(line)
                    log.flush()
            on_line(line.decode(errors="replace").rstrip("\r\n"))
