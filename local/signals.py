"""SIGINT and SIGTERM. `mlops run`: they cancel, and a cancelled run is told to its end. `mlops up`: they end it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Both raise KeyboardInterrupt, also where a shell started the process with SIGINT ignored, as behind `&`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Both wait until the block is done, and raise KeyboardInterrupt then."""
    seen: list[int] = []
    before = {number: signal.signal(number, lambda got, _: seen.append(got)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if seen:
        raise KeyboardInterrupt


@contextmanager
def signals_ignored() -> Iterator[None]:
    """Neither does anything: the run is being cancelled already."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_stop() -> Iterator[threading.Event]:
    """An event that both set. The second signal ends the process at once, as a kill does."""
    stop = threading.Event()

    def signalled(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, signalled) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
