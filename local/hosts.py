"""The hosts of a training job as processes of this machine: each has its own `/opt/ml`, log and share of data.

On SageMaker a host's name resolves to its address. Here it does not: `MLOPS_FIRST_HOST` says where the first host
listens, a free port of 127.0.0.1 (see `steps.hosts`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from local.workers import Job, Outcome, Workers
from steps.hosts import FIRST_HOST_VARIABLE

GRACE_SECONDS = 5.0
"""After one host has failed: how long the others have to say what they know of it."""
POLL_SECONDS = 0.2


def host_names(count: int) -> list[str]:
    """As on SageMaker: algo-1, algo-2..."""
    return [f"algo-{number}" for number in range(1, count + 1)]


def resource_config(name: str, names: Sequence[str]) -> dict[str, Any]:
    """The content of resourceconfig.json on one host."""
    return {"current_host": name, "hosts": list(names), "network_interface_name": "lo"}


def host_log(log: Path, name: str) -> Path:
    """The log of another host than the first one, which has the step's own."""
    return log.with_stem(f"{log.stem}-{name}")


def meeting_place() -> dict[str, str]:
    """The variable that tells hosts where to meet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return {FIRST_HOST_VARIABLE: f"127.0.0.1:{server.getsockname()[1]}"}


def run_together(workers: Workers, jobs: Sequence[Job]) -> tuple[Job, Outcome]:
    """Runs all hosts to their ends; where one fails or is stopped, all are ended.

    Returns the host that counts, with its outcome: the one that failed first, before all others one that was killed
    from outside; the first host where all is well.
    """
    if len(jobs) == 1:
        return jobs[0], workers.run(jobs[0])
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = {pool.submit(workers.run, job): job for job in jobs}
        ended = _first_failure(list(running), jobs[0].cancelled)
        if ended is not None:
            _end(workers, running)
    outcomes = [(job, future.result()) for future, job in running.items()]
    failed = [found for found in outcomes if found[1] != Outcome(0) and not found[1].stopped]
    killed = [found for found in failed if (found[1].exit_code or 0) < 0]
    first = [(running[ended], ended.result())] if ended is not None and ended.done() else []
    return [*killed, *(found for found in first if found in failed), *failed, *first, *outcomes][0]


def _first_failure(running: list[Future[Outcome]], cancelled: threading.Event) -> Future[Outcome] | None:
    """The host that did not end well; any one where the job is cancelled. None: all have ended well."""
    left = set(running)
    while left:
        done, left = wait(left, POLL_SECONDS, FIRST_COMPLETED)
        for future in done:
            if future.exception() is not None or future.result() != Outcome(0):
                return future
        if cancelled.is_set() and left:
            return next(iter(left))
    return None


def _end(workers: Workers, running: dict[Future[Outcome], Job]) -> None:
    """Ends what is left: at once where the job was stopped, else after a while."""
    stopped = any(future.done() and not future.exception() and future.result().stopped for future in running)
    cancelled = any(job.cancelled.is_set() for job in running.values())
    wait(running, 0 if stopped or cancelled else GRACE_SECONDS)
    for future, job in running.items():
        if not future.done():
            workers.stop(job.name)
