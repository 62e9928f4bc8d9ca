"""steps.watch, with hosts that are threads: who is told what."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from algorithms.errors import DatasetError, PlatformError
from steps import watch as module
from steps.container import describe, failure_message
from steps.hosts import FIRST_HOST_VARIABLE, Hosts
from steps.watch import Watch

NAMES = ("algo-1", "algo-2", "algo-3")
SERVICE_PORT = 1234


class Host:
    """One host: the messages with which it has left."""

    def __init__(self, name: str, names: tuple[str, ...] = NAMES) -> None:
        self.left: list[bytes] = []
        self.gone = threading.Event()
        self.watch = Watch(Hosts(name, names), self.report, self.leave)
        self.port: int | None = None
        self.error: Exception | None = None

    def report(self, error: Exception) -> bytes:
        return failure_message(*describe(error, Path(), training=True))

    def leave(self, message: bytes) -> None:
        """A process that ends never comes back from here."""
        self.left.append(message)
        self.close()
        self.gone.set()
        threading.Event().wait()

    def fail(self, error: Exception) -> None:
        threading.Thread(target=self.watch.fail, args=(error,), daemon=True).start()

    def close(self) -> None:
        """What the system does when a process ends."""
        for connection in self.watch._others.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def die(self) -> None:
        """As if killed: its threads say nothing any more."""
        self.watch._ending.acquire()
        self.close()

    def meet(self) -> None:
        try:
            self.port = self.watch.meet(lambda _: SERVICE_PORT)
        except Exception as error:
            self.error = error

    @property
    def message(self) -> str:
        assert self.gone.wait(5)
        (message,) = self.left
        return str(json.loads(message)["problems"][0]["message"])


@pytest.fixture(autouse=True)
def _place(monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv(FIRST_HOST_VARIABLE, f"127.0.0.1:{port}")
    monkeypatch.setattr(module, "START_SECONDS", 5.0)


def met(*names: str) -> list[Host]:
    hosts = [Host(name) for name in names]
    threads = [threading.Thread(target=host.meet) for host in hosts]
    for thread in reversed(threads):  # the first host comes last
        thread.start()
    for thread in threads:
        thread.join()
    return hosts


def test_all_learn_the_service_and_nobody_leaves_after_the_end():
    hosts = met(*NAMES)
    assert [(host.port, host.watch.first_address) for host in hosts] == [(SERVICE_PORT, "127.0.0.1")] * 3
    for host in hosts:
        host.watch.close()
    for host in hosts:
        host.close()
    time.sleep(0.2)
    assert [host.left for host in hosts] == [[], [], []]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_end_of_one_is_told_to_all_others(place):
    hosts = met(*NAMES)
    hosts[place].die()
    for host in hosts[:place] + hosts[place + 1 :]:
        assert host.message == f"hosts: {NAMES[place]} ended before the training was done. Its log says why."


@pytest.mark.parametrize("place", [0, 1, 2])
def test_all_leave_with_the_failure_of_the_one_that_failed(place):
    hosts = met(*NAMES)
    hosts[place].fail(DatasetError.of("target", "é", 'target: is "wrong".\nMend it.'))
    assert [host.message for host in hosts] == ['target: is "wrong".\nMend it.'] * 3
    assert len({host.left[0] for host in hosts}) == 1


def test_strangers_are_sent_away(monkeypatch):
    monkeypatch.setattr(module, "HELLO_SECONDS", 0.2)
    first, second = Host("algo-1", NAMES[:2]), Host("algo-2", NAMES[:2])
    thread = threading.Thread(target=first.meet)
    thread.start()
    for hello in (b"algo-9\n", b"", b"\xff\n", b"x" * 5000, b"algo-1\n"):
        with module._retried(
            lambda: socket.create_connection(first.watch._hosts.meeting_place()), time.monotonic() + 5, ""
        ) as stranger:
            stranger.sendall(hello)
            stranger.settimeout(5)
            with suppress(ConnectionResetError):
                assert stranger.recv(1) == b""
    second.meet()
    thread.join()
    assert (first.port, second.port) == (SERVICE_PORT, SERVICE_PORT)


def test_a_host_that_never_comes_is_named(monkeypatch):
    monkeypatch.setattr(module, "START_SECONDS", 0.5)
    first, second = met("algo-1", "algo-3")
    assert isinstance(first.error, PlatformError)
    assert str(first.error) == "hosts: algo-2 did not come within 0.5 seconds. Try again."
    assert isinstance(second.error, PlatformError)


def test_a_first_host_that_never_listens(monkeypatch):
    monkeypatch.setattr(module, "START_SECONDS", 0.3)
    (second,) = met("algo-2")
    assert str(second.error) == "hosts: algo-1 did not answer within 0.3 seconds. Try again."
