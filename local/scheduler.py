"""Runs an execution: which steps may start, in what order, and how the execution ends.

Every transition is stored before the next one starts, so that an execution that was interrupted goes on where it was:
steps that have succeeded are kept, the others run again from scratch.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from local.definitions import Definition, Step
from local.events import ExecutionChanged, ExecutionStatus, StepChanged
from local.executions import Execution, StepRecord
from local.jobs import InterruptedStepError
from local.step_runner import Services, StepRunner
from local.workers import Workers


class Scheduler:
    """One execution. `pool` bounds how many steps run side by side, over all executions."""

    def __init__(
        self, execution: Execution, definition: Definition, services: Services, workers: Workers, pool: Executor
    ) -> None:
        self._execution = execution
        self._services = services
        self._workers = workers
        self._pool = pool
        self._steps = StepRunner(execution, definition, services)
        self._waiting = list(definition.steps)
        self._running: dict[Future[StepRecord], Step] = {}
        self._succeeded: set[str] = set()
        self._failed: list[StepRecord] = []
        self._closed = False

    def run(self) -> None:
        """Runs the execution to its end, or until `close`."""
        self._restore()
        if self._services.executions.get(self._execution.id).status == "Stopping":
            self._steps.halted.set()
        while self._start_ready() or self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._collect(self._running.pop(future), future)
        if not self._closed:
            self._finish()

    def stop(self) -> None:
        """Ends the running steps; the execution becomes Stopped."""
        self._steps.halted.set()
        for step in list(self._running.values()):
            self._workers.stop(self._steps.job_name(step))

    def close(self) -> None:
        """Ends the running steps without a word: as a kill would, so that the execution can be resumed."""
        self._closed = True
        self.stop()

    def _restore(self) -> None:
        records = {record.name: record for record in self._services.executions.steps(self._execution.id)}
        self._failed = [record for record in records.values() if record.status == "Failed"]
        position = 0
        while position < len(self._waiting):
            record = records.get(self._waiting[position].name)
            if record is not None and record.status == "Succeeded":
                self._steps.restore(record)
                self._succeed(self._waiting.pop(position), record)
            else:
                position += 1

    def _start_ready(self) -> bool:
        """Starts every step that may start. False if there is none."""
        if self._failed or self._steps.halted.is_set():
            return False
        ready = [step for step in self._waiting if step.dependencies <= self._succeeded]
        for step in ready:
            self._waiting.remove(step)
            self._running[self._pool.submit(self._steps.run, step)] = step
        return bool(ready)

    def _collect(self, step: Step, future: Future[StepRecord]) -> None:
        try:
            record = future.result()
        except InterruptedStepError:
            return
        if record.status == "Succeeded":
            self._succeed(step, record)
        else:
            self._failed.append(record)

    def _succeed(self, step: Step, record: StepRecord) -> None:
        self._succeeded.add(step.name)
        if step.type == "Condition":
            self._waiting += step.branch(record.properties["Outcome"] == "True")

    def _finish(self) -> None:
        for name in self._services.executions.stop_steps(self._execution.id):
            self._services.emit(StepChanged(self._execution.arn, name, "Stopped", 1))
        status: ExecutionStatus = "Failed" if self._failed else "Succeeded"
        reason = None
        if self._failed:
            first = self._failed[0]
            reason = f"Step failure: {first.name}: {first.failure_reason}"
        ended = self._services.executions.finish(self._execution.id, status, reason)
        self._services.emit(ExecutionChanged(ended.arn, ended.status))
