"""Signals interrupt, wait or are ignored, and are as before afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from local.signals import SIGNALS, signals_ignored, signals_interrupt, signals_stop, signals_wait

pytestmark = pytest.mark.usefixtures("unchanged")


@pytest.fixture
def unchanged():
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupt(number):
    with pytest.raises(KeyboardInterrupt), signals_interrupt():
        os.kill(os.getpid(), number)


def test_interrupt_where_the_shell_ignores_sigint():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), signals_interrupt():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", SIGNALS)
def test_wait_lets_the_block_finish_first(number):
    done = []

    def interrupted():
        with signals_interrupt(), signals_wait():
            os.kill(os.getpid(), number)
            done.append("block")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["block"]


def test_ignored():
    with signals_interrupt(), signals_ignored():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", SIGNALS)
def test_stop_is_told(number):
    with signals_stop() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(30)


def test_the_second_stop_ends_the_process():
    code = """
import os, signal
from local.signals import signals_stop
with signals_stop() as stop:
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.wait(30)
    os.kill(os.getpid(), signal.SIGINT)
    stop.clear()
    stop.wait()
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 128 + signal.SIGINT
