"""A connection from each host to the first one, which ends when a process ends: no host waits for one that died.

XGBoost's collective alone notices such an end on the neighbours in its ring; the others wait for its time limit, and
some beyond. Here the first host tells all, and each of them leaves at once, with the same failure message. The lines
that go over a connection: the host's name; the port of the service; at last `done`, or `failed` and the message.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from algorithms.errors import PlatformError
from steps.hosts import Hosts

START_SECONDS = 600.0
"""How long hosts wait for each other in the beginning: instances do not start at the same moment."""
HELLO_SECONDS = 10.0
RETRY_SECONDS = 0.1
LONGEST_LINE = 2000
"""Bytes; a failure message has 1,000 at most."""
DONE, FAILED = b"done", b"failed "


class Watch:
    """The connections of this host; after `meet`, `first_address` is the IP address that the first host listens on.

    Parameters
    ----------
    hosts : all hosts
    report : tells on this host why it failed, and returns the failure message
    leave : keeps the failure message, and ends this process. Called once, maybe from another thread
    """

    def __init__(self, hosts: Hosts, report: Callable[[Exception], bytes], leave: Callable[[bytes], None]) -> None:
        self._hosts = hosts
        self._report, self._leave = report, leave
        self._others: dict[str, socket.socket] = {}
        self._ending = threading.Lock()
        self.first_address = ""

    def meet(self, start_service: Callable[[str], int]) -> int:
        """Waits until all hosts are there. Returns the port of the service that the first host starts on its address.

        Raises PlatformError if they are not there in time.
        """
        deadline = time.monotonic() + START_SECONDS
        try:
            port = self._invite(start_service, deadline) if self._hosts.rank == 0 else self._join(deadline)
        except TimeoutError as error:
            raise PlatformError(f"hosts: {error} within {START_SECONDS:g} seconds. Try again.") from error
        for name, connection in self._others.items():
            threading.Thread(target=self._listen, args=(name, connection), daemon=True).start()
        return port

    def close(self) -> None:
        """Says that this host is done: from now on it may end."""
        self._end(DONE)

    def fail(self, error: Exception) -> None:
        """Leaves, unless that is under way already. The other hosts are told why, and leave too."""
        with self._ending:
            self._go(self._report(error))

    def _go(self, message: bytes) -> None:
        self._end(FAILED + message)
        self._leave(message)

    def _end(self, word: bytes) -> None:
        for connection in self._others.values():
            with suppress(OSError):
                connection.sendall(word + b"\n")

    def _invite(self, start_service: Callable[[str], int], deadline: float) -> int:
        with _retried(lambda: socket.create_server(self._hosts.meeting_place()), deadline, "no address") as server:
            self.first_address = server.getsockname()[0]
            port = start_service(self.first_address)
            missing = set(self._hosts.names[1:])
            while missing:
                server.settimeout(_left(deadline, f"{', '.join(sorted(missing))} did not come"))
                with suppress(TimeoutError):
                    connection, _ = server.accept()
                    missing.discard(self._greeted(connection, missing))
        self._end(str(port).encode())
        return port

    def _greeted(self, connection: socket.socket, missing: set[str]) -> str:
        """The host that has connected; "" for a stranger, who is sent away."""
        with suppress(OSError):
            connection.settimeout(HELLO_SECONDS)
            name = _read_line(connection).decode("ascii", "replace")
            if name in missing:
                self._others[name] = _lasting(connection)
                return name
        connection.close()
        return ""

    def _join(self, deadline: float) -> int:
        first, place = self._hosts.names[0], self._hosts.meeting_place()
        silent = f"{first} did not answer"
        connection = _retried(lambda: socket.create_connection(place, HELLO_SECONDS), deadline, silent)
        self.first_address = connection.getpeername()[0]
        connection.sendall(f"{self._hosts.current}\n".encode())
        connection.settimeout(_left(deadline, silent))
        answer = _read_line(connection)
        if not answer.isdigit():
            raise PlatformError(f"hosts: {first} ended before all hosts were there. Its log says why.")
        self._others[first] = _lasting(connection)
        return int(answer)

    def _listen(self, name: str, connection: socket.socket) -> None:
        """Waits for the last word of another host. None at all means that its process, or its machine, is gone."""
        try:
            word = _read_line(connection)
        except OSError:
            word = b""
        if word.startswith(FAILED):
            with self._ending:
                self._go(word.removeprefix(FAILED))
        elif word != DONE:
            self.fail(PlatformError(f"hosts: {name} ended before the training was done. Its log says why."))


def _left(deadline: float, what: str) -> float:
    """Seconds until the deadline. Raises TimeoutError after it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(what)
    return left


def _retried(connect: Callable[[], socket.socket], deadline: float, what: str) -> socket.socket:
    """Names resolve, and hosts listen, some time after this one has started."""
    while True:
        try:
            return connect()
        except OSError:
            time.sleep(min(RETRY_SECONDS, _left(deadline, what)))


def _read_line(connection: socket.socket) -> bytes:
    """One line, without its end; nothing at the end of the connection or for a line that is too long."""
    line = b""
    while len(line) < LONGEST_LINE:
        byte = connection.recv(1)
        if byte in (b"", b"\n"):
            return line if byte else b""
        line += byte
    return b""


KEEP_ALIVE: dict[Literal["TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"], int] = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 6,
}
"""A machine that is gone without a word is noticed after 90 seconds."""


def _lasting(connection: socket.socket) -> socket.socket:
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if hasattr(socket, name):  # Linux has them all
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection
