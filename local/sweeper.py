"""Calls the sweep: what a schedule does on AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from lambda_bridge import handler
from local.bridge import Context
from local.store import now

OURS_SECONDS = 15.0
"""Of the local repository: a question costs nothing."""
POLLING_SECONDS = 10.0
"""Of a real repository from which no delivery has come: as long as nothing changed, a question costs nothing of the
rate limit."""
HINTED_SECONDS = 300.0
"""Of a real repository whose webhook reaches us."""


class Sweeper:
    """Sweeps at once and then every `seconds`, or after the pause that GitHub wants."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.last: datetime | None = None
        """When it ended last."""
        self._clock = clock
        self._due = clock()

    def run_due(self) -> bool:
        """Sweeps if it is time. Where that raises, it stays due: the pause is the caller's."""
        if self._clock() < self._due:
            return False
        answer = handler.sweep({}, Context("sweep"))
        self._due = self._clock() + max(self.seconds, float(answer["wait"]))
        self.last = now()
        return True

    def seconds_until_due(self) -> float:
        """Until the next time."""
        return max(0.0, self._due - self._clock())
