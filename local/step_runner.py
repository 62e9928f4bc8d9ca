"""Runs one step of an execution: expressions, cache, attempts, and what each type of step does."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local.arns import execution_arn, job_arn, job_name, pipeline_arn
from local.cache import cache_key, outputs_exist
from local.conditions import ConditionError, all_met
from local.definitions import Definition, Step
from local.events import Event, StepChanged, StepOutput, StepProgress
from local.executions import Execution, Executions, StepEnd, StepRecord
from local.expressions import ExpressionError, Scope, resolve, to_string
from local.jobs import InterruptedStepError, JobContext, Jobs, StepFailedError
from local.objects import ObjectStore, ObjectStoreError, join
from local.registry import Registry, RegistryError
from local.retries import delay_before_retry
from local.tuning import tuning

PROGRESS = re.compile(r"progress: (\d{1,12})/(\d{1,12}) (\w{1,32})", re.ASCII)
MAX_PROPERTY_FILE_BYTES = 2 * 2**20
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_MALFORMED = (LookupError, TypeError, AttributeError)
"""What a definition of another shape raises."""
JOB_KINDS = {
    "Processing": ("ProcessingJob", "processing-job"),
    "Training": ("TrainingJob", "training-job"),
    "Tuning": ("TuningJob", "hyper-parameter-tuning-job"),
}


@dataclass(frozen=True)
class Services:
    """What the steps of every execution share. `pause(event, seconds)` waits, or returns when the event is set."""

    executions: Executions
    registry: Registry
    objects: ObjectStore
    jobs: Jobs
    logs: Path
    clock: Callable[[], datetime]
    pause: Callable[[threading.Event, float], object]
    emit: Callable[[Event], None]


class StepRunner:
    """The steps of one execution. `halted` is set when it must stop; `properties` grows as steps succeed."""

    def __init__(self, execution: Execution, definition: Definition, services: Services) -> None:
        self._execution = execution
        self._services = services
        self._steps = {step.name: step for step in definition.all_steps()}
        self._properties: dict[str, Mapping[str, Any]] = {}
        self.halted = threading.Event()

    def restore(self, record: StepRecord) -> None:
        """Makes the properties of a step that has succeeded available to the others."""
        self._properties[record.name] = record.properties

    def run(self, step: Step) -> StepRecord:
        """Runs a step to its end. Raises InterruptedStepError, after which it can be run again from scratch."""
        started = self._services.clock()
        retries = 0
        while True:
            if self.halted.is_set():
                raise InterruptedStepError(step.name)
            attempt, end = self._attempt(step)
            if isinstance(end, StepEnd):
                return self._finish(step, attempt, end)
            elapsed = (self._services.clock() - started).total_seconds()
            delay = delay_before_retry(step.retry_policies, retries, elapsed) if end.transient else None
            if delay is None:
                return self._finish(step, attempt, StepEnd("Failed", failure_reason=str(end)))
            retries += 1
            self._services.pause(self.halted, delay)

    def job_name(self, step: Step) -> str:
        """The name of a step's job."""
        return job_name(self._execution.id, step.name)

    def log_file(self, step: Step) -> Path:
        """Where a step's output goes: below the run's id if the pipeline has a parameter RunId."""
        run_id = str(self._execution.parameters.get("RunId", ""))
        return self._services.logs / (run_id if RUN_ID.fullmatch(run_id) else self._execution.id) / f"{step.name}.log"

    def _attempt(self, step: Step) -> tuple[int, StepEnd | StepFailedError]:
        """One attempt: its number, and how it ended."""
        try:
            arguments = self._resolve(step)
        except StepFailedError as error:
            return self._begin(step, None), error
        key = cache_key(step, arguments)
        cached = self._find_cached(step, key)
        attempt = self._begin(step, key)
        if cached is not None:
            return attempt, cached
        try:
            return attempt, _EXECUTE[step.type](self, step, arguments)
        except StepFailedError as error:
            return attempt, error
        except _MALFORMED as error:
            return attempt, StepFailedError(f"arguments: are not those of a {step.type} step, {error!r}.")

    def _resolve(self, step: Step) -> dict[str, Any]:
        try:
            arguments: dict[str, Any] = resolve(step.own_arguments, self._scope())
        except (ExpressionError, ObjectStoreError) as error:
            raise StepFailedError(str(error)) from error
        except _MALFORMED as error:
            raise StepFailedError(f"arguments: hold an expression that is none, {error!r}.") from error
        return arguments

    def _find_cached(self, step: Step, key: str | None) -> StepEnd | None:
        if key is None:
            return None
        found = self._services.executions.find_cached(
            self._execution.pipeline, step.name, key, step.cache_config.expire_after
        )
        if found is None or not outputs_exist(found[1].properties, self._services.objects):
            return None
        return StepEnd("Succeeded", found[1].properties, found[1].metadata, cache_source=found[0])

    def _begin(self, step: Step, key: str | None) -> int:
        metadata = {}
        if step.type in JOB_KINDS:
            name, kind = JOB_KINDS[step.type]
            metadata = {name: {"Arn": job_arn(kind, self.job_name(step))}}
        attempt = self._services.executions.begin_attempt(self._execution.id, step, metadata, key)
        self._services.emit(StepChanged(self._execution.arn, step.name, "Executing", attempt))
        return attempt

    def _finish(self, step: Step, attempt: int, end: StepEnd) -> StepRecord:
        record = self._services.executions.end_step(self._execution.id, step.name, end)
        if record.status == "Succeeded":
            self.restore(record)
        cached = record.cache_source is not None
        event = StepChanged(self._execution.arn, step.name, record.status, attempt, cached, record.failure_reason)
        self._services.emit(event)
        return record

    def _context(self, step: Step) -> JobContext:
        def tell(line: str) -> None:
            match = PROGRESS.fullmatch(line)
            arn = self._execution.arn
            self._services.emit(
                StepProgress(arn, step.name, int(match[1]), int(match[2]), match[3])
                if match
                else StepOutput(arn, step.name, line)
            )

        family = "agents" if "Environment" in self._execution.parameters else "tables"
        return JobContext(self.job_name(step), self.log_file(step), tell, self.halted, family)

    def _process(self, step: Step, arguments: Mapping[str, Any]) -> StepEnd:
        return StepEnd("Succeeded", self._services.jobs.processing(arguments, self._context(step)))

    def _train(self, step: Step, arguments: Mapping[str, Any]) -> StepEnd:
        return StepEnd("Succeeded", self._services.jobs.training(arguments, self._context(step)))

    def _tune(self, step: Step, arguments: Mapping[str, Any]) -> StepEnd:
        return StepEnd("Succeeded", tuning(self._services.jobs, arguments, self._context(step)))

    def _decide(self, _: Step, arguments: Mapping[str, Any]) -> StepEnd:
        try:
            outcome = str(all_met(arguments["Conditions"]))
        except ConditionError as error:
            raise StepFailedError(str(error)) from error
        return StepEnd("Succeeded", {"Outcome": outcome}, {"Condition": {"Outcome": outcome}})

    def _register(self, step: Step, arguments: Mapping[str, Any]) -> StepEnd:
        for container in (arguments.get("InferenceSpecification") or {}).get("Containers", []):
            model = container.get("ModelDataUrl")
            if model and not self._services.objects.exists(model):
                raise StepFailedError(f"ModelDataUrl: there is no object {model}.")
        token = f"{self._execution.id}/{step.name}"
        try:
            arn = self._services.registry.register(arguments, token, make_group=True)
        except RegistryError as error:
            raise StepFailedError(str(error)) from error
        except sqlite3.OperationalError as error:
            raise StepFailedError(f"registry: {error}.", transient=True) from error
        return StepEnd("Succeeded", {**arguments, "ModelPackageArn": arn}, {"RegisterModel": {"Arn": arn}})

    def _fail(self, _: Step, arguments: Mapping[str, Any]) -> StepEnd:
        message = to_string(arguments["ErrorMessage"])
        return StepEnd("Failed", metadata={"Fail": {"ErrorMessage": message}}, failure_reason=message)

    def _scope(self) -> Scope:
        execution = self._execution
        variables = {
            "CurrentDateTime": self._services.clock().isoformat(),
            "PipelineArn": pipeline_arn(execution.pipeline),
            "PipelineExecutionArn": execution_arn(execution.pipeline, execution.id),
            "PipelineExecutionId": execution.id,
            "PipelineName": execution.pipeline,
            "StartDateTime": execution.created.isoformat(),
        }
        properties = dict(self._properties)
        return Scope(execution.parameters, variables, properties, self._read_property_file, self._read_object)

    def _read_property_file(self, step: str, name: str) -> str:
        try:
            file = self._steps[step].property_file(name)
            output = self._properties[step]["ProcessingOutputConfig"]["Outputs"][file.output_name]
        except KeyError:
            raise ExpressionError(f"property file {name!r}: step {step!r} has none of that name.") from None
        return self._read_object(join(output["S3Output"]["S3Uri"], file.file_path))

    def _read_object(self, uri: str) -> str:
        return self._services.objects.read(uri, MAX_PROPERTY_FILE_BYTES).decode(errors="replace")


_EXECUTE: dict[str, Callable[[StepRunner, Step, Mapping[str, Any]], StepEnd]] = {
    "Processing": StepRunner._process,
    "Training": StepRunner._train,
    "Tuning": StepRunner._tune,
    "Condition": StepRunner._decide,
    "RegisterModel": StepRunner._register,
    "Fail": StepRunner._fail,
}
