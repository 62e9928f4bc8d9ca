"""The running executions of a workspace: started, stopped, waited for, and resumed after an interruption."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from algorithms.cores import usable_cores
from local.definitions import parse
from local.events import Event, ExecutionChanged, Listener
from local.executions import Execution, Executions
from local.jobs import Jobs
from local.registry import Registry
from local.scheduler import Scheduler
from local.step_runner import Services
from local.store import now
from local.workers import PROJECT, Workers
from local.workspace import Workspace

LOG = logging.getLogger(__name__)
NEAR, FAR = 5, 10
"""The first few in the queue hear of each move, of the others every tenth place does."""


@dataclass(frozen=True)
class EngineOptions:
    """How the engine works on this machine.

    Parameters
    ----------
    parallel : how many executions, and how many steps, run side by side; each may use its share of the cores
    python_path : folders from which entry points are imported
    clock, pause : the time, and `pause(event, seconds)`, which waits until the event or that long; for tests
    """

    parallel: int = field(default_factory=usable_cores)
    python_path: Sequence[Path] = (PROJECT,)
    clock: Callable[[], datetime] = now
    pause: Callable[[threading.Event, float], object] = threading.Event.wait


class Engine:
    """Runs executions in threads of this process. `listener` hears of every event, after it is stored."""

    def __init__(self, workspace: Workspace, options: EngineOptions, listener: Listener | None) -> None:
        self._listener = listener
        self._workers = Workers(max(1, usable_cores() // options.parallel), options.python_path)
        self.executions = Executions(workspace.store, options.clock)
        self.registry = Registry(workspace.store, options.clock)
        self._services = Services(
            executions=self.executions,
            registry=self.registry,
            objects=workspace.objects,
            jobs=Jobs(workspace.objects, self._workers, workspace.jobs),
            logs=workspace.logs,
            clock=options.clock,
            pause=options.pause,
            emit=self._emit,
        )
        self._pool = ThreadPoolExecutor(options.parallel, thread_name_prefix="step")
        self._places = options.parallel
        self._guard = threading.RLock()
        self._turn = threading.Condition(self._guard)
        self._queue: list[str] = []
        """Executions that wait for a place, in the order in which they came."""
        self._active: dict[str, tuple[Scheduler, Future[None]]] = {}
        self._closed = False

    def start(self, execution: Execution) -> None:
        """Runs an execution in the background, unless it has ended or runs already.

        As many as `parallel` run at a time; the others wait their turn, so that what was started first ends first.
        """
        with self._guard:
            if execution.ended or self._closed or self._is_active(execution.id) or execution.id in self._queue:
                return
            self._queue.append(execution.id)
        self._emit(ExecutionChanged(execution.arn, execution.status))
        self._start_next()

    def position(self, execution: str) -> int | None:
        """The place of an execution in the queue, from 1 on; None: it does not wait."""
        with self._guard:
            return self._queue.index(execution) + 1 if execution in self._queue else None

    def queue_length(self) -> int:
        """How many executions wait for a place."""
        return len(self._queue)

    def resume(self, only: str | None = None) -> list[Execution]:
        """Goes on with the executions that were interrupted, or with `only` one. Returns them, oldest first."""
        unfinished = [found for found in self.executions.unfinished() if only in (None, found.id)]
        for execution in unfinished:
            self.start(execution)
        return unfinished

    def stop(self, execution: Execution) -> None:
        """Asks an execution to stop; its running steps are ended. One that waits its turn need not wait for that."""
        self.executions.request_stop(execution.id)
        self._emit(ExecutionChanged(execution.arn, "Stopping"))
        if self._is_active(execution.id):
            self._active[execution.id][0].stop()
        else:
            self._launch(execution.id)

    def wait(self, execution: str, timeout_seconds: float | None = None) -> None:
        """Waits until an execution ends. Raises TimeoutError, and whatever stopped the runner itself."""
        with self._turn:
            if not self._turn.wait_for(lambda: execution not in self._queue, timeout_seconds):
                raise TimeoutError
        active = self._active.get(execution)
        if active is not None:
            active[1].result(timeout_seconds)

    def close(self) -> None:
        """Ends the running steps and leaves their executions, and those in the queue, to `resume`."""
        with self._turn:
            self._closed = True
            self._queue.clear()
            self._turn.notify_all()
        for scheduler, _ in list(self._active.values()):
            scheduler.close()
        self._workers.close()
        for _, future in list(self._active.values()):
            future.exception()
        self._pool.shutdown()

    def _is_active(self, execution: str) -> bool:
        """Whether it runs. One that a defect or a full disk interrupted does not, and can be started again."""
        found = self._active.get(execution)
        return found is not None and not found[1].done()

    def _start_next(self) -> None:
        """Starts what has waited longest, as long as there are places. Those that still wait have moved up.

        Far back in the queue that is told of a few only: it changes with each one that leaves.
        """
        moved = False
        while identifier := self._next():
            moved |= self._launch(identifier)
        if moved:
            for waiting in [*self._queue[:NEAR], *self._queue[NEAR::FAR]]:
                self._emit(ExecutionChanged(self.executions.get(waiting).arn, "Executing"))

    def _next(self) -> str | None:
        with self._guard:
            busy = sum(not future.done() for _, future in self._active.values())
            return self._queue[0] if self._queue and busy < self._places else None

    def _launch(self, identifier: str) -> bool:
        """Starts an execution now. False: somebody else did so first."""
        execution = self.executions.get(identifier)
        with self._turn:
            if identifier in self._queue:
                self._queue.remove(identifier)
            if execution.ended or self._closed or self._is_active(identifier):
                return False
            definition = parse(execution.definition)
            scheduler = Scheduler(execution, definition, self._services, self._workers, self._pool)
            future: Future[None] = Future()
            self._active[identifier] = (scheduler, future)
            self._turn.notify_all()
        threading.Thread(target=self._drive, args=(scheduler, future, execution), name=identifier).start()
        return True

    def _drive(self, scheduler: Scheduler, future: Future[None], execution: Execution) -> None:
        try:
            scheduler.run()
        except BaseException as error:  # a defect or a full disk: `wait` raises it, and the execution can be resumed
            LOG.exception("execution %s was interrupted", execution.arn)
            scheduler.close()
            future.set_exception(error)
        else:
            future.set_result(None)
            self._active.pop(execution.id)
        self._start_next()

    def _emit(self, event: Event) -> None:
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception:
            LOG.exception("the listener failed on %s", event)
