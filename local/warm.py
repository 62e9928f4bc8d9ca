"""Starts steps from a server that has the libraries loaded (see `local.warm_server`)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

SERVER = Path(__file__).with_name("warm_server.py")


class WarmProcess:
    """A running step, with what `subprocess.Popen` has of it. `pid` is that of its process group."""

    def __init__(self, output: int, news: int) -> None:
        self._news = os.fdopen(news, "rb")
        self.stdout: IO[bytes] = os.fdopen(output, "rb")
        begun = self._hear("pid")
        if begun is None:
            self._news.close()
            self.stdout.close()
            raise ConnectionError("the server of warm steps has ended")
        self.pid = begun

    def wait(self) -> int:
        """The exit code; minus the signal's number after a signal, SIGKILL where the server itself is gone."""
        with self._news:
            code = self._hear("code")
        return -signal.SIGKILL if code is None else code

    def _hear(self, what: str) -> int | None:
        """The next piece of news; None where it is none, or of another kind."""
        kind, _, number = self._news.readline().decode().partition(" ")
        return int(number) if kind == what else None


class WarmServer:
    """The server, in a process of its own that ends with this one.

    Parameters
    ----------
    environment : of the server; the number of threads in it holds for the steps too
    parent_end : the read end of a pipe whose write end only this process holds
    """

    def __init__(self, environment: Mapping[str, str], parent_end: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        command = [sys.executable, str(SERVER), str(theirs.fileno()), str(parent_end)]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own file, no shell)
                command,
                cwd="/",
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs.fileno(), parent_end),
            )

    def start(self, module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> WarmProcess:
        """Starts `python -m MODULE ARGUMENTS`. Raises OSError where the server cannot: it has ended."""
        request = {"module": module, "arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        ours, output = os.pipe()
        news, told = os.pipe()
        try:
            with self._turn:
                socket.send_fds(self._control, [json.dumps(request).encode()], [output, told])
        except OSError:
            os.close(ours)
            os.close(news)
            raise
        finally:
            os.close(output)
            os.close(told)
        return WarmProcess(ours, news)

    def close(self) -> None:
        """Ends the server; the steps are ended by who started them."""
        with suppress(OSError):
            self._control.close()
        self._process.kill()
        self._process.wait()
