"""Forks steps from a process that has the libraries loaded: `python warm_server.py CONTROL PARENT FAMILY`.

The server itself runs no step and reads no data, so that each step begins as clean as a new interpreter. CONTROL is
one end of a socket pair: a request is a JSON object with two descriptors, for the step's output and for the news of it
(`pid N`, at its end `code N`, a line each). PARENT is the read end of a pipe whose write end only the runner
holds: with the runner go the server, the steps, and what they started. FAMILY names the libraries. They are loaded one
by one while nobody asks, so that the first step waits for none that it does not need; after that the next step's
processes are made before it is asked for. When CONTROL is closed the server ends with its last step.
Linux only: forking is not safe elsewhere.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import runpy
import select
import signal
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

FIRST_USE = "local.first_use"
TABLES = (
    *("numpy", "pandas", "pyarrow.parquet", "pydantic", "steps.tables", "sklearn.model_selection", "scipy.stats"),
    *("steps.quality", "steps.splitting", "algorithms.registry", "algorithms.random_forest", "algorithms.skops_io"),
    *("sklearn.compose", "sklearn.ensemble", "sklearn.impute", "sklearn.linear_model", "sklearn.metrics"),
    *("sklearn.pipeline", "sklearn.preprocessing", "steps.training_rows", "pyarrow.dataset", "steps.model_archive"),
    *("pandas.core.arrays.arrow.extension_types", "multiprocessing.dummy", "matplotlib.figure"),
    *("matplotlib.backends.backend_agg", "steps.report", "steps.figures", "xgboost", FIRST_USE),
)
"""In the order in which steps need them; but no module that is run as a step."""
AGENTS = (
    *("numpy", "pydantic", "algorithms.validation", "algorithms.reinforcement", "algorithms.episodes", "scipy.stats"),
    *("gymnasium.envs.classic_control", "torch", "stable_baselines3", "algorithms.stable_baselines", "torch._dynamo"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "steps.report", "steps.figures"),
)
"""torch's optimisers import `torch._dynamo` when the first of them is made."""
FAMILIES = {"tables": TABLES, "agents": AGENTS}
LONGEST_REQUEST = 2**20
"""Bytes; the kernel's own limit of a message is lower (net.core.wmem_max)."""
NICE = 5
"""Steps leave the cores to who answers people."""


class Waiting(NamedTuple):
    """The processes of a step that has not been asked for: the leader, and where the step hears what it is."""

    leader: int
    place: socket.socket


class Server:
    """Answers requests until the runner is gone, or wants no more."""

    def __init__(self, control: socket.socket, parent: int, libraries: tuple[str, ...]) -> None:
        self._control: socket.socket | None = control
        self._parent = parent
        self._libraries = list(libraries)
        self._news: dict[int, tuple[int, int]] = {}
        """Descriptor of a step's leader -> its process id, and where to tell its end."""
        self._waiting: Waiting | None = None

    def serve(self) -> None:
        """One thing at a time: an end, a request, a library, the next step's processes."""
        while self._control is not None or self._news:
            ready = self._ready()
            if self._parent in ready:
                return
            for ended in [each for each in ready if each in self._news]:
                self._tell_end(ended, *self._news.pop(ended))
            if self._control is None:
                continue
            if self._control.fileno() in ready:
                self._answer(self._control)
            elif self._libraries:
                _load(self._libraries.pop(0))
            elif self._waiting is None:
                self._waiting = self._fork()

    def _ready(self) -> list[int]:
        control = [] if self._control is None else [self._control.fileno()]
        idle = self._control is None or (not self._libraries and self._waiting is not None)
        return select.select([*control, self._parent, *self._news], [], [], None if idle else 0)[0]

    def _answer(self, control: socket.socket) -> None:
        leader, place = self._waiting = self._waiting or self._fork()  # first: it must not hold what comes now
        request, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 2)
        if not request:
            self._end(control)
            return
        output, told = descriptors
        self._waiting = None
        with place, suppress(OSError):
            place.recv(1)
            os.write(told, f"pid {leader}\n".encode())
            socket.send_fds(place, [request], [output])
        os.close(output)
        self._news[os.pidfd_open(leader)] = (leader, told)

    def _end(self, control: socket.socket) -> None:
        """No more requests: the processes that wait for one end with the socket."""
        control.close()
        self._control = None
        if self._waiting is not None:
            self._waiting.place.close()

    def _fork(self) -> Waiting:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        leader = os.fork()
        if leader == 0:
            try:
                ours.close()
                self._forget()
                _lead(theirs, self._parent)
            finally:  # whatever goes wrong: never a second server
                os._exit(os.EX_OSERR)
        theirs.close()
        return Waiting(leader, ours)

    def _forget(self) -> None:
        """In a fork: closes what is the server's alone."""
        if self._control is not None:
            self._control.close()
        for descriptor in (*self._news, *(told for _, told in self._news.values())):
            os.close(descriptor)

    @staticmethod
    def _tell_end(descriptor: int, leader: int, told: int) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
        os.close(descriptor)
        with suppress(BrokenPipeError):
            os.write(told, f"code {code}\n".encode())
        os.close(told)


def _load(library: str) -> None:
    """One that is not installed, or is broken, is the step's to complain of."""
    with suppress(Exception):
        module = import_module(library)
        if library == FIRST_USE:
            module.first_use()
    gc.freeze()  # what is loaded is never looked at again, so that its pages stay shared


def _lead(place: socket.socket, parent: int) -> NoReturn:
    """The leader of the step's process group: ends with the step, or ends the group when the runner is gone.

    It says so once the group is there, so that nobody ends a group that is not.
    """
    os.setsid()
    place.send(b".")
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    step = os.fork()
    if step == 0:
        os.close(parent)
        _run(place)
    place.close()
    ended = os.pidfd_open(step)
    ready, _, _ = select.select([parent, ended], [], [])
    if ended not in ready:
        os.killpg(0, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(step, 0)[1])
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


def _run(place: socket.socket) -> NoReturn:
    """The step, as `python -m MODULE ARGUMENTS` would be, once it is asked for."""
    message, descriptors, _, _ = socket.recv_fds(place, LONGEST_REQUEST, 1)
    if not message:
        os._exit(0)
    place.close()
    request = json.loads(message)
    _enter(request, descriptors[0])
    sys.argv = [request["module"], *request["arguments"]]
    code = _exit_code(request["module"])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _enter(request: dict[str, object], output: int) -> None:
    """The step's folder, environment, streams and memory limit."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    tempfile.tempdir = None
    memory: int = request["memory"]  # type: ignore[assignment]
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _exit_code(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return (stop.code or 0) & 0xFF
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    Server(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), FAMILIES[sys.argv[3]]).serve()
    os._exit(0)
