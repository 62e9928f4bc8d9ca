"""One processing or training job under the SageMaker container contract, with a folder in the place of `/opt/ml`.

Folders and files: "How Amazon SageMaker AI Provides Training Information", "Processing with Your Own Container"
(SageMaker Developer Guide). Inputs are read-only; outputs are stored only after the process has succeeded.
Neither is copied where the file system can share the bytes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from local.archives import pack
from local.arns import job_arn
from local.expressions import to_string
from local.hosts import host_log, host_names, meeting_place, resource_config, run_together
from local.objects import ObjectStore, ObjectStoreError, join, regular_files
from local.workers import Job, OnLine, Outcome, Workers
from pipelines.consistency import MOST_INSTANCES

ML_ROOT = PurePosixPath("/opt/ml")
MAX_MESSAGE_CHARACTERS = 1024
"""Length of FailureReason and ExitMessage that the service keeps."""
TRANSIENT = {errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EMFILE, errno.ENFILE}
"""The machine is short of something: worth another try, as a capacity error of the service is."""

Arguments = Mapping[str, Any]
"""The resolved arguments of a step: a CreateProcessingJob or CreateTrainingJob request without its name."""


class StepFailedError(Exception):
    """A step failed. The text is its FailureReason; `transient` if a retry policy may apply."""

    def __init__(self, reason: str, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(reason)


class InterruptedStepError(Exception):
    """The process was ended because somebody stopped the execution or closed the runner."""


@dataclass(frozen=True)
class JobContext:
    """What a job needs besides its arguments: its name, its log, who listens, and the event that cancels it.

    `family`: the libraries that it uses (`local.workers.Job`).
    """

    name: str
    log: Path
    on_line: OnLine
    cancelled: threading.Event
    family: str = "tables"


class Jobs:
    """Runs jobs in folders below `folder`."""

    def __init__(self, objects: ObjectStore, workers: Workers, folder: Path) -> None:
        self._objects = objects
        self._workers = workers
        self._folder = folder

    def processing(self, arguments: Arguments, context: JobContext) -> dict[str, Any]:
        """Runs a processing job. Returns its properties; raises StepFailedError, InterruptedStepError."""
        outputs = (arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or []
        inputs = arguments.get("ProcessingInputs") or []
        with self._job_folder(context.name) as root:
            _write(root / "config/processingjobconfig.json", {**arguments, "ProcessingJobName": context.name})
            _write(root / "config/resourceconfig.json", _HOST)
            for given in inputs:
                source = given["S3Input"]
                self._fetch(given["InputName"], source["S3Uri"], _below(root, source["LocalPath"]), source)
            folders = {output["OutputName"]: _below(root, output["S3Output"]["LocalPath"]) for output in outputs}
            for folder in folders.values():
                folder.mkdir(parents=True, exist_ok=True)
            command = arguments["AppSpecification"]
            self._run(command, root, root / "output/message", arguments, context)
            for name, folder in folders.items():
                _require_files(folder, f"output {name!r}")
            for output in outputs:
                self._objects.put_folder(folders[output["OutputName"]], output["S3Output"]["S3Uri"])
        return _processing_properties(arguments, inputs, outputs, context.name)

    def training(self, arguments: Arguments, context: JobContext) -> dict[str, Any]:
        """Runs a training job. Returns its properties; raises StepFailedError, InterruptedStepError."""
        with self.trained(arguments, context) as root:
            uri = self.store_model(root, arguments["OutputDataConfig"], context.name)
        return {
            **arguments,
            "TrainingJobName": context.name,
            "TrainingJobArn": job_arn("training-job", context.name),
            "TrainingJobStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": uri},
        }

    @contextmanager
    def trained(
        self, arguments: Arguments, context: JobContext, more: Mapping[str, object] | None = None
    ) -> Iterator[Path]:
        """Runs a training job's processes, one for each instance, and yields the first one's `/opt/ml` with the model.

        It is removed after that. `more`: further files of `input/config`. Raises StepFailedError, InterruptedStepError.
        """
        names = host_names(_instance_count(arguments))
        with self._job_folder(context.name) as root:
            jobs = self._hosts(root, names, arguments, context)
            for name, job in zip(names, jobs, strict=True):
                self._lay_out(job.root, arguments, name, names, more or {})
            job, outcome = run_together(self._workers, jobs)
            _check(outcome, job.root / "output/failure", job)
            _require_files(root / "model", "model")
            yield root

    def _hosts(self, root: Path, names: Sequence[str], arguments: Arguments, context: JobContext) -> list[Job]:
        """One process for each host. The first one has the job's name, log and folder, and alone tells of progress."""
        place = meeting_place() if len(names) > 1 else {}
        first = self._job(arguments["AlgorithmSpecification"], root, arguments, context, place)
        folders = {name: root.parent / name for name in names[1:]}
        others = [
            replace(
                first,
                name=f"{first.name}-{name}",
                root=folder / "ml",
                folder=folder,
                log=host_log(first.log, name),
                on_line=lambda _: None,
            )
            for name, folder in folders.items()
        ]
        return [first, *others]

    def _lay_out(
        self, root: Path, arguments: Arguments, host: str, hosts: Sequence[str], more: Mapping[str, object]
    ) -> None:
        """The files that one host of a training job begins with."""
        channels = arguments.get("InputDataConfig") or []
        parameters = arguments.get("HyperParameters") or {}
        config = root / "input/config"
        _write(config / "hyperparameters.json", {key: to_string(value) for key, value in parameters.items()})
        _write(config / "inputdataconfig.json", {channel["ChannelName"]: _channel(channel) for channel in channels})
        _write(config / "resourceconfig.json", resource_config(host, hosts))
        for name, content in more.items():
            _write(config / name, content)
        for channel in channels:
            name, source = channel["ChannelName"], channel["DataSource"]["S3DataSource"]
            share = (hosts.index(host), len(hosts)) if _distribution(channel) == SHARDED else (0, 1)
            self._fetch(name, source["S3Uri"], _below(root, f"/opt/ml/input/data/{name}"), source, share)
        for folder in ("model", "output/data"):
            (root / folder).mkdir(parents=True)

    @contextmanager
    def _job_folder(self, name: str) -> Iterator[Path]:
        """A fresh `/opt/ml`, removed at the end. A file system that fails becomes a StepFailedError."""
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        try:
            (folder / "ml").mkdir(parents=True)
            yield folder / "ml"
        except ObjectStoreError as error:
            raise StepFailedError(str(error)) from error
        except OSError as error:
            raise StepFailedError(f"job: {error}.", error.errno in TRANSIENT) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fetch(
        self, name: str, uri: str, folder: Path, source: Mapping[str, Any], share: tuple[int, int] = (0, 1)
    ) -> None:
        kind = source.get("S3DataType", "S3Prefix")
        if kind != "S3Prefix":
            raise StepFailedError(f"input {name!r}: S3DataType must be S3Prefix here, got {kind!r}.")
        try:
            self._objects.get(uri, folder, share)
        except ObjectStoreError as error:
            raise StepFailedError(f"input {name!r}: {error}") from error

    def _run(
        self, command: Mapping[str, Any], root: Path, message: Path, arguments: Arguments, context: JobContext
    ) -> None:
        job = self._job(command, root, arguments, context)
        _check(self._workers.run(job), message, job)

    def _job(
        self,
        command: Mapping[str, Any],
        root: Path,
        arguments: Arguments,
        context: JobContext,
        more: Mapping[str, str] = {},
    ) -> Job:
        if not command.get("ContainerEntrypoint"):
            raise StepFailedError("ContainerEntrypoint: is needed to run a job here.")
        environment = arguments.get("Environment") or {}
        limit = (arguments.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds")
        return Job(
            name=context.name,
            command=[to_string(word) for word in (*command["ContainerEntrypoint"], *_words(command))],
            root=root,
            folder=root.parent,
            log=context.log,
            environment={**{key: to_string(value) for key, value in environment.items()}, **more},
            time_limit_seconds=limit,
            on_line=context.on_line,
            cancelled=context.cancelled,
            family=context.family,
        )

    def store_model(self, root: Path, output: Mapping[str, Any], name: str) -> str:
        """Stores the model of a job as the service does. Returns its URI."""
        base = join(output["S3OutputPath"], f"{name}/output")
        if output.get("CompressionType", "GZIP") == "NONE":
            self._objects.put_folder(root / "model", join(base, "model"))
            return join(base, "model/")
        archive = root.parent / "model.tar.gz"
        pack(root / "model", archive)
        self._objects.put_file(archive, join(base, archive.name))
        return join(base, archive.name)


_HOST = resource_config("algo-1", ["algo-1"])
SHARDED = "ShardedByS3Key"


def _distribution(channel: Mapping[str, Any]) -> str:
    return str(channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"))


def _channel(channel: Mapping[str, Any]) -> dict[str, str]:
    """What inputdataconfig.json says of a channel."""
    return {
        "TrainingInputMode": "File",
        "S3DistributionType": _distribution(channel),
        "RecordWrapperType": "None",
    }


def _instance_count(arguments: Arguments) -> int:
    count = (arguments.get("ResourceConfig") or {}).get("InstanceCount", 1)
    if not str(count).isdecimal() or not 0 < int(count) <= MOST_INSTANCES:
        raise StepFailedError(f"InstanceCount: must be a whole number from 1 to {MOST_INSTANCES}, got {count!r}.")
    return int(count)


def _words(command: Mapping[str, Any]) -> Sequence[Any]:
    return command.get("ContainerArguments") or ()


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _below(root: Path, local_path: str) -> Path:
    """The place of a container's path below the job's root."""
    path = PurePosixPath(local_path)
    if ML_ROOT not in path.parents or ".." in path.parts:
        raise StepFailedError(f"LocalPath: must lie below {ML_ROOT}, got {local_path!r}.")
    return root / path.relative_to(ML_ROOT)


def _require_files(folder: Path, what: str) -> None:
    if next(regular_files(folder), None) is None:
        raise StepFailedError(f"{what}: the step ended with exit code 0 but wrote no file there.")


def _processing_properties(
    arguments: Arguments, inputs: Sequence[Any], outputs: Sequence[Any], name: str
) -> dict[str, Any]:
    """As DescribeProcessingJob answers, but inputs and outputs by name, as pipeline expressions refer to them."""
    return {
        **arguments,
        "ProcessingJobName": name,
        "ProcessingJobArn": job_arn("processing-job", name),
        "ProcessingJobStatus": "Completed",
        "ProcessingInputs": {given["InputName"]: given for given in inputs},
        "ProcessingOutputConfig": {"Outputs": {output["OutputName"]: output for output in outputs}},
    }


def _check(outcome: Outcome, message: Path, job: Job) -> None:
    """Raises what the end of the process means."""
    if outcome.stopped:
        raise InterruptedStepError(job.name)
    if outcome.start_error is not None:
        error = outcome.start_error
        raise StepFailedError(f"process: cannot be started, {error.strerror}.", error.errno in TRANSIENT)
    if outcome.timed_out:
        text = f"time limit: the step ran longer than {job.time_limit_seconds} seconds (MaxRuntimeInSeconds)."
        raise StepFailedError(text)
    if outcome.exit_code:
        raise _failure(outcome.exit_code, message, job)


def _failure(code: int, message: Path, job: Job) -> StepFailedError:
    if code < 0:
        name = signal.Signals(-code).name
        hint = " The machine may be out of memory." if -code == signal.SIGKILL else ""
        return StepFailedError(f"process: was killed by signal {-code} ({name}).{hint} See {job.log}.")
    text = _read_message(message)
    if not text:
        reason = f"process: ended with exit code {code} and left no failure message. See {job.log}."
        return StepFailedError(reason, code == os.EX_OSERR)
    return StepFailedError(text, _is_platform_error(text))


def _read_message(path: Path) -> str:
    """The step's own failure message, bounded; empty if it left none, or something that is no regular file."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(4 * MAX_MESSAGE_CHARACTERS).decode(errors="replace")[:MAX_MESSAGE_CHARACTERS].strip()


def _is_platform_error(message: str) -> bool:
    try:
        content = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("error") == "PlatformError"
