"""One thread that does what is due, piece by piece, and tells those who wait that something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONGEST_NAP_SECONDS = 60.0


class Worker:
    """Calls `run_due` in its thread until it answers that there is nothing to do, then sleeps until woken or due.

    Parameters
    ----------
    run_due : does one piece of work; False: there was none
    seconds_until_due : until something is due by itself; None: nothing is
    name : of the thread
    """

    def __init__(
        self, run_due: Callable[[], bool], seconds_until_due: Callable[[], float | None], name: str = "bridge"
    ) -> None:
        self._run_due = run_due
        self._seconds_until_due = seconds_until_due
        self._woken = threading.Event()
        self._changed = threading.Condition()
        self._changes = 0
        self._defect: BaseException | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begins to work; again is no harm."""
        if not self._thread.is_alive():
            self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Says that there is something to do. From any thread."""
        self._woken.set()

    def wait(self, until: Callable[[], T | None]) -> T:
        """Waits until `until` answers something; it is asked again after each piece of work. Raises defects."""
        while True:
            changes = self._changes
            if self._defect is not None:
                raise self._defect
            found = until()
            if found is not None:
                return found
            with self._changed:
                while self._changes == changes:
                    self._changed.wait()

    @property
    def broken(self) -> bool:
        """Whether a defect has ended the thread."""
        return self._defect is not None

    def stop(self) -> None:
        """Ends the thread after the piece of work that it does, and does not wait for that."""
        self._closing = True
        self.wake()

    def close(self, seconds: float | None = None) -> bool:
        """Ends the thread after the piece of work that it does. False: that has taken longer than `seconds`."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._closing:
                self._woken.clear()
                if self._run_due():
                    self._tell()
                else:
                    self._nap()
        except BaseException as defect:
            self._defect = defect
            self._tell()

    def _nap(self) -> None:
        seconds = self._seconds_until_due()
        self._woken.wait(LONGEST_NAP_SECONDS if seconds is None else min(seconds, LONGEST_NAP_SECONDS))

    def _tell(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
