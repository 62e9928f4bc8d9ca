"""Starts steps from a server that has the libraries loaded (see `local.warm_server`)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

Sources = frozenset[tuple[str, int]]
SERVER = Path(__file__).with_name("warm_server.py")
LOADED = ("algorithms", "steps")


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
    family : the libraries that it loads, see `local.warm_server`
    environment : of the server; the number of threads in it holds for the steps too
    parent_end : the read end of a pipe whose write end only this process holds
    """

    def __init__(self, family: str, environment: Mapping[str, str], parent_end: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        command = [sys.executable, str(SERVER), str(theirs.fileno()), str(parent_end), family]
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

    def start(self, request: Mapping[str, object]) -> WarmProcess:
        """Starts `python -m MODULE ARGUMENTS`, with the step's `folder`, `environment` and `memory` in bytes.

        Raises OSError where the server cannot: it has ended.
        """
        ours, output = os.pipe()
        news, told = os.pipe()
        try:
            with self._turn:
                socket.send_fds(self._control, [json.dumps(dict(request)).encode()], [output, told])
        except OSError:
            os.close(ours)
            os.close(news)
            raise
        finally:
            os.close(output)
            os.close(told)
        return WarmProcess(ours, news)

    def retire(self) -> None:
        """Takes no more requests: the server ends with its last step."""
        with suppress(OSError):
            self._control.close()

    @property
    def ended(self) -> bool:
        """Whether its process has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Ends the server; the steps are ended by who started them."""
        self.retire()
        self._process.kill()
        self._process.wait()


class WarmServers:
    """A server for each family of libraries, started when it is first needed, and anew when a file has changed.

    Parameters
    ----------
    project : the folder of the modules that a server loads beside the libraries
    environment, parent_end : see WarmServer
    """

    def __init__(self, project: Path, environment: Mapping[str, str], parent_end: int) -> None:
        self._project = project
        self._environment = dict(environment)
        self._parent_end = parent_end
        self._servers: dict[str, tuple[WarmServer, Sources]] = {}
        self._retired: list[WarmServer] = []

    def start(self, family: str, request: Mapping[str, object]) -> WarmProcess:
        """A step of one family, see `WarmServer.start`. After an OSError the next one gets a new server."""
        try:
            return self._server(family).start(request)
        except OSError:
            self._retire(family)
            raise

    def _server(self, family: str) -> WarmServer:
        sources = _sources(self._project)
        if family in self._servers and self._servers[family][1] != sources:
            self._retire(family)
        if family not in self._servers:
            self._servers[family] = (WarmServer(family, self._environment, self._parent_end), sources)
        return self._servers[family][0]

    def _retire(self, family: str) -> None:
        self._retired = [server for server in self._retired if not server.ended]
        if family in self._servers:
            server, _ = self._servers.pop(family)
            server.retire()
            self._retired.append(server)

    def close(self) -> None:
        """Ends them all."""
        for server in (*self._retired, *(server for server, _ in self._servers.values())):
            server.close()


def _sources(project: Path) -> Sources:
    """What may be loaded of the project, and when it was changed, in nanoseconds."""
    files = (file for folder in LOADED for file in project.glob(f"{folder}/*.py"))
    return frozenset((str(file), file.stat().st_mtime_ns) for file in files)
