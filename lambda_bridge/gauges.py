"""What the alarms look at besides counts: who waits, and for how long. Pure but for its ports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lambda_bridge.ports import HOUR, Ports


def gauges(ports: Ports) -> dict[str, float]:
    """Metrics by name, as they are now: `WaitingRuns`, and in hours `OldestWaitHours` and `OldestTrainingHours`.

    0 where nobody waits. Raises PlatformError.
    """
    now = ports.clock()
    waits = [run.asked or run.started for run in ports.runs.unfinished() if run.state == "waiting"]
    trainings = [execution.started for execution in ports.pipelines.running()]
    return {
        "WaitingRuns": float(len(waits)),
        "OldestWaitHours": _oldest(waits, now),
        "OldestTrainingHours": _oldest(trainings, now),
    }


def _oldest(moments: Iterable[datetime], now: datetime) -> float:
    return max(((now - moment) / HOUR for moment in moments), default=0.0)
