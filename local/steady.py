"""Work that goes on although something of it failed: what a queue with retries and an alarm does on AWS."""

from __future__ import annotations

import logging
from collections.abc import Callable

from algorithms.errors import PlatformError
from local.pauses import Pauses
from local.worker import Worker

LOG = logging.getLogger(__name__)


class Steady:
    """A worker of the service. A piece of work that raises is logged, and done again after a growing pause.

    `failing` tells how often in a row; parameters as those of `local.worker.Worker`.
    """

    def __init__(self, name: str, run_due: Callable[[], bool], seconds_until_due: Callable[[], float | None]) -> None:
        self.name = name
        self._run = run_due
        self._due = seconds_until_due
        self._pauses = Pauses()
        self._worker = Worker(self._run_due, self._seconds_until_due, name)
        self.start, self.wake = self._worker.start, self._worker.wake
        self.stop, self.close = self._worker.stop, self._worker.close

    @property
    def failing(self) -> int:
        """How often in a row the work failed; at least once where the thread has ended by that."""
        return max(self._pauses.times(self.name), int(self._worker.broken))

    def _run_due(self) -> bool:
        if not self._pauses.is_due(self.name):
            return False
        try:
            done = self._run()
        except PlatformError as error:
            LOG.warning("%s: done again in %.1f s: %s", self.name, self._pauses.failed(self.name), error)
            return False
        except Exception:
            self._failed()
            return False
        self._pauses.forget(self.name)
        return done

    def _seconds_until_due(self) -> float | None:
        if not self.failing:
            try:
                return self._due()
            except Exception:
                self._failed()
        return self._pauses.seconds_until_due([self.name])

    def _failed(self) -> None:
        LOG.exception("%s: failed, done again in %.1f s", self.name, self._pauses.failed(self.name))
