"""The webhook function: how long it takes to import, and to decide about a delivery.

`python benchmarks/webhook.py` delivers signed webhooks to the handler and writes `results/webhook.md`. GitHub's part,
the database's and the workflow's are the local ones; the time in them is measured and taken off, since on AWS it is
the network's. "Cold" is the first delivery of a process; the import comes before it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

PROJECT = Path(__file__).parents[1]
RUNS = 5
DELIVERIES = 40
ISSUE = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\n"
WRONG = "learning_type: supervised\nalgorithm: random_forrest\nhyperparameters: {n_estimators: -1}\n"
IMPORT = "import time; start = time.perf_counter(); import lambda_bridge.handler; print(time.perf_counter() - start)"
COLD = "from benchmarks.webhook import deliveries; print(deliveries({body!r}, 1)[0][1])"
HEADER = ("what", "median ms")
ADAPTERS = ("issues", "history", "runs", "workflow", "pipelines", "registry", "artifacts", "ledger")

sys.path[:0] = [str(PROJECT)]


def main() -> None:
    """Measures, prints and writes."""
    from benchmarks.tools.measuring import bars, table, write

    found = {"import, a fresh process": median(in_process(IMPORT) for _ in range(RUNS))}
    found["a request that starts: cold"] = median(in_process(COLD.format(body=ISSUE)) for _ in range(RUNS))
    for name, body in (("a request that starts", ISSUE), ("a request with three mistakes", WRONG)):
        times = deliveries(body, DELIVERIES)
        found[f"{name}: all of it, warm"] = median(whole for whole, _ in times)
        found[f"{name}: the decision, warm"] = median(own for _, own in times)
    milliseconds = {what: 1000 * value for what, value in found.items()}
    rows = [(what, f"{value:.1f}") for what, value in milliseconds.items()]
    fastest = milliseconds["a request that starts: the decision, warm"]
    second = f"{1000 / fastest:,.0f} such decisions a second and core."
    figure = bars("webhook", "The webhook function", milliseconds, "milliseconds")
    write("webhook", "The webhook function", __doc__, table(HEADER, rows), second, figure)


def in_process(code: str) -> float:
    """The number that a fresh process prints."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def deliveries(body: str, count: int) -> list[tuple[float, float]]:
    """For each of so many new issues: the seconds of the delivery that is acted on, and those without the adapters'."""
    from lambda_bridge import handler
    from local.bridge import deliver
    from local.github.users import OWNER
    from local.loop import Loop
    from local.workspace import Workspace

    with (
        tempfile.TemporaryDirectory() as folder,
        Workspace(Path(folder), "benchmark") as workspace,
        Loop(workspace, None, "benchmark", None) as loop,
    ):
        clock = Clock()
        timed: dict[str, Any] = {name: Timed(getattr(loop.bridge.ports, name), clock) for name in ADAPTERS}
        handler.use(replace(loop.bridge.ports, **timed), loop.github.repository)
        found = []
        for _ in range(count):
            loop.repository_of(OWNER).create_issue(title="An issue", body=body, labels=["mlops:train"])
            waiting = loop.github.waiting()
            events = [loop.github.delivery(number) for number in waiting]
            found.append(max(timing(partial(deliver, event.headers, event.body), clock) for event in events))
            for number in waiting:
                loop.github.delivered(number)
        return found


def timing(call: Callable[[], object], clock: Clock) -> tuple[float, float]:
    """Seconds in all, and without those in adapters."""
    before, start = clock.seconds, time.perf_counter()
    call()
    whole = time.perf_counter() - start
    return whole, whole - (clock.seconds - before)


class Clock:
    """Seconds that were spent in adapters."""

    def __init__(self) -> None:
        self.seconds = 0.0


class Timed:
    """An adapter whose calls are timed."""

    def __init__(self, adapter: object, clock: Clock) -> None:
        self._adapter = adapter
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._adapter, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self._clock.seconds += time.perf_counter() - start

        return timed


if __name__ == "__main__":
    main()
