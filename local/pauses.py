"""When something that failed may be tried again: after a pause that doubles each time, for each thing by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0


class Pauses:
    """The pauses of things by their key. Not for two threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[Hashable, tuple[int, float]] = {}
        """How often it failed, and until when it rests."""

    def is_due(self, key: Hashable) -> bool:
        """Whether it may be tried now."""
        return self._seconds(key) <= 0

    def failed(self, key: Hashable) -> float:
        """It failed: the seconds of its pause."""
        times = self.times(key) + 1
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(times - 1, 30), LONGEST_PAUSE_SECONDS)
        self._failed[key] = (times, self._clock() + pause)
        return pause

    def times(self, key: Hashable) -> int:
        """How often it failed in a row."""
        return self._failed.get(key, (0, 0.0))[0]

    def forget(self, key: Hashable) -> None:
        """It succeeded, or is given up."""
        self._failed.pop(key, None)

    def seconds_until_due(self, keys: Iterable[Hashable]) -> float | None:
        """Until the first of them may be tried; None: there is none."""
        return min((max(0.0, self._seconds(key)) for key in keys), default=None)

    def __len__(self) -> int:
        return len(self._failed)

    def _seconds(self, key: Hashable) -> float:
        return self._failed.get(key, (0, self._clock()))[1] - self._clock()
