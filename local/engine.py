"""The running executions of a workspace: started, stopped, waited for, and resumed after an interruption."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

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


@dataclass(frozen=True)
class EngineOptions:
    """How the engine works on this machine.

    Parameters
    ----------
    parallel : how many steps run side by side; each may use its share of the cores
    python_path : folders from which entry points are imported
    clock, pause : the time, and `pause(event, seconds)`, which waits until the event or that long; for tests
    """

    parallel: int = os.cpu_count() or 1
    python_path: Sequence[Path] = (PROJECT,)
    clock: Callable[[], datetime] = now
    pause: Callable[[threading.Event, float], object] = threading.Event.wait


class Engine:
    """Runs executions in threads of this process. `listener` hears of every event, after it is stored."""

    def __init__(self, workspace: Workspace, options: EngineOptions, listener: Listener | None) -> None:
        self._listener = listener
        self._workers = Workers(max(1, (os.cpu_count() or 1) // options.parallel), options.python_path)
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
        self._guard = threading.Lock()
        self._active: dict[str, tuple[Scheduler, Future[None]]] = {}

    def start(self, execution: Execution) -> None:
        """Runs an execution in the background, unless it has ended or runs already."""
        with self._guard:
            if execution.ended or execution.id in self._active:
                return
            definition = parse(execution.definition)
            scheduler = Scheduler(execution, definition, self._services, self._workers, self._pool)
            future: Future[None] = Future()
            self._active[execution.id] = (scheduler, future)
        self._emit(ExecutionChanged(execution.arn, execution.status))
        threading.Thread(target=self._drive, args=(scheduler, future, execution), name=execution.id).start()

    def resume(self, only: str | None = None) -> list[Execution]:
        """Goes on with the executions that were interrupted, or with `only` one. Returns them, oldest first."""
        unfinished = [found for found in self.executions.unfinished() if only in (None, found.id)]
        for execution in unfinished:
            self.start(execution)
        return unfinished

    def stop(self, execution: Execution) -> None:
        """Asks an execution to stop; its running steps are ended."""
        self.executions.request_stop(execution.id)
        self._emit(ExecutionChanged(execution.arn, "Stopping"))
        active = self._active.get(execution.id)
        if active is None:
            self.start(self.executions.get(execution.id))
        else:
            active[0].stop()

    def wait(self, execution: str, timeout_seconds: float | None = None) -> None:
        """Waits until an execution ends. Raises TimeoutError, and whatever stopped the runner itself."""
        active = self._active.get(execution)
        if active is not None:
            active[1].result(timeout_seconds)

    def close(self) -> None:
        """Ends the running steps and leaves their executions to `resume`."""
        for scheduler, _ in list(self._active.values()):
            scheduler.close()
        self._workers.close()
        for _, future in list(self._active.values()):
            future.exception()
        self._pool.shutdown()

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

    def _emit(self, event: Event) -> None:
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception:
            LOG.exception("the listener failed on %s", event)
