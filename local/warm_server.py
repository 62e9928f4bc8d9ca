"""Forks steps from a process that has the libraries loaded: `python warm_server.py CONTROL PARENT`.

The server itself runs no step and reads no data, so that each step begins as clean as a new interpreter. CONTROL is
one end of a socket pair: a request is a JSON object with two descriptors, for the step's output and for the news of it
(`pid N`, at its end `code N`, a line each). PARENT is the read end of a pipe whose write end only the runner
holds: with the runner go the server, the steps, and what they started. Libraries are loaded one by one while nobody
asks, so that the first step waits for none that it does not need. Linux only: forking is not safe elsewhere.
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
from typing import NoReturn

LIBRARIES = (
    *("numpy", "pandas", "pyarrow.parquet", "pydantic", "sklearn.model_selection", "scipy.stats", "skops.io"),
    *("sklearn.compose", "sklearn.ensemble", "sklearn.impute", "sklearn.linear_model", "sklearn.metrics"),
    *("sklearn.pipeline", "sklearn.preprocessing", "matplotlib.figure", "matplotlib.backends.backend_agg", "xgboost"),
)
"""In the order in which steps need them."""
LONGEST_REQUEST = 2**20
"""Bytes; the kernel's own limit of a message is lower (net.core.wmem_max)."""
NICE = 5
"""Steps leave the cores to who answers people."""


def serve(control: socket.socket, parent: int) -> NoReturn:
    """Answers requests until the runner is gone."""
    libraries = list(LIBRARIES)
    news: dict[int, tuple[int, int]] = {}
    """Descriptor of a step's leader -> its process id, and where to tell its end."""
    while True:
        ready, _, _ = select.select([control.fileno(), parent, *news], [], [], 0 if libraries else None)
        if parent in ready:
            os._exit(0)
        for ended in [each for each in ready if each in news]:
            _tell_end(ended, *news.pop(ended))
        if control.fileno() in ready:
            _start(control, parent, news)
        elif libraries:
            _load(libraries.pop(0))


def _load(library: str) -> None:
    """One that is not installed, or is broken, is the step's to complain of."""
    with suppress(Exception):
        import_module(library)
    gc.freeze()  # what is loaded is never looked at again, so that its pages stay shared


def _start(control: socket.socket, parent: int, news: dict[int, tuple[int, int]]) -> None:
    request, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 2)
    if not request:
        os._exit(0)
    output, told = descriptors
    leader = os.fork()
    if leader == 0:
        try:
            for descriptor in (control.fileno(), *news, *(place for _, place in news.values())):
                os.close(descriptor)
            _lead(json.loads(request), output, told, parent)
        finally:  # whatever goes wrong: never a second server
            os._exit(os.EX_OSERR)
    os.close(output)
    news[os.pidfd_open(leader)] = (leader, told)


def _tell_end(descriptor: int, leader: int, told: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
    os.close(descriptor)
    with suppress(BrokenPipeError):
        os.write(told, f"code {code}\n".encode())
    os.close(told)


def _lead(request: dict[str, object], output: int, told: int, parent: int) -> NoReturn:
    """The leader of the step's process group: ends with the step, or ends the group when the runner is gone.

    It tells its process id once the group is there, so that nobody ends a group that is not.
    """
    os.setsid()
    os.write(told, f"pid {os.getpid()}\n".encode())
    os.close(told)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    step = os.fork()
    if step == 0:
        os.close(parent)
        _run(request, output)
    os.close(output)
    ended = os.pidfd_open(step)
    ready, _, _ = select.select([parent, ended], [], [])
    if ended not in ready:
        os.killpg(0, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(step, 0)[1])
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


def _run(request: dict[str, object], output: int) -> NoReturn:
    """The step, as `python -m MODULE ARGUMENTS` would be."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    tempfile.tempdir = None
    arguments: list[str] = request["arguments"]  # type: ignore[assignment]
    sys.argv = [str(request["module"]), *arguments]
    code = _exit_code(str(request["module"]))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


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
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
