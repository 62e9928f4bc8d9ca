"""The processes of A3C: how they start, what they tell, and that none outlives the training, however it ends.

They are forked from a server process that has loaded torch, and which never trains itself: it dies with this process.
Where the server's socket would have too long a name, each is started anew, which takes some seconds more.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import multiprocessing

from algorithms.actor_learner import ActorLearner, DivergedError, Shared, Task

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

LONGEST_FOLDER = 107 - len("/pymp-12345678/listener-12345678")
"""Bytes of the folder of temporary files, so that a socket in it has at most the 107 of unix(7), sun_path."""

PATIENCE = 0.1
"""Seconds after which `news` comes back with None."""


class WorkerError(RuntimeError):
    """A worker failed; the message holds its traceback, or how its process ended."""


@dataclass(frozen=True)
class Snapshot:
    """The first worker's weights, and the steps of all workers until then."""

    steps: int
    weights: Any


@dataclass(frozen=True)
class Played:
    """The episodes of a worker, told when its work is done (see `ActorLearner.played`)."""

    episodes: list[tuple[int, float, int]]


@dataclass(frozen=True)
class Failure:
    """What a worker tells before it ends."""

    text: str
    diverged: bool


@contextmanager
def started(tasks: Sequence[Task], shared: Shared) -> Iterator[dict[Connection, BaseProcess]]:
    """One process for each task, killed at the end of the block if it still runs, by where it is heard."""
    context: Any = multiprocessing.get_context(start_method(tempfile.gettempdir()))
    context.set_forkserver_preload(["gymnasium", __name__])
    workers: dict[Connection, BaseProcess] = {}
    try:
        for task in tasks:
            hears, tells = context.Pipe(duplex=False)
            worker: BaseProcess = context.Process(target=run, args=(task, shared, tells), daemon=True)
            worker.start()
            workers[hears] = worker
            tells.close()
        yield workers
    finally:
        for hears, worker in workers.items():
            worker.kill()
            worker.join()
            hears.close()


def start_method(folder: str) -> Literal["forkserver", "spawn"]:
    """How workers start when temporary files lie in `folder`, below which multiprocessing puts the server's socket."""
    return "forkserver" if len(os.fsencode(folder)) <= LONGEST_FOLDER else "spawn"


def news(workers: dict[Connection, BaseProcess]) -> Iterator[Snapshot | Played | None]:
    """Snapshots and episodes, and None every now and then, until all workers have done their work.

    Raises DivergedError, or WorkerError for any other end of a worker.
    """
    running = list(workers)
    while running:
        for hears in connection.wait(running, PATIENCE):
            found = _hear(hears, workers[hears])  # type: ignore[arg-type,index]
            if found is None:
                running.remove(hears)  # type: ignore[arg-type]
            yield found
        yield None


def _hear(hears: Connection, worker: BaseProcess) -> Snapshot | Played | None:
    """What the worker tells; None when it has ended as it should."""
    try:
        told = hears.recv()
    except EOFError:
        worker.join()
        if worker.exitcode != 0:
            raise WorkerError(f"a3c: a worker ended with exit code {worker.exitcode}") from None
        return None
    if isinstance(told, Failure):
        raise DivergedError(told.text) if told.diverged else WorkerError(f"a3c: a worker failed\n{told.text}")
    found: Snapshot | Played = told
    return found


def run(task: Task, shared: Shared, tells: Connection) -> None:
    """The whole life of a worker."""
    _die_with_parent()
    torch.set_num_threads(1)
    try:
        learner = ActorLearner(task, shared)
        while learner.work():
            if learner.due():
                weights = shared.weights.numpy().copy()
                tells.send(Snapshot(int(shared.steps.sum()), weights))
        tells.send(Played(learner.played))
    except Exception as error:
        tells.send(Failure(traceback.format_exc(), isinstance(error, DivergedError)))
    finally:
        tells.close()


def _die_with_parent() -> None:
    """Ctrl-C is the parent's to hear, which then kills the workers; its own end, even by a kill, ends them at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_and_exit, daemon=True).start()


def _wait_and_exit() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
