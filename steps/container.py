"""The SageMaker container contract: where a step's files lie, and how it tells progress and failure.

Folders, `hyperparameters.json` and `output/failure`: "How Amazon SageMaker Processes Training Output" and "Use Your
Own Training Algorithms"; `output/message`: DescribeProcessingJob, ExitMessage (SageMaker Developer Guide).
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import time
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from algorithms.errors import MissingExtraError, PlatformError, Problem, RequestError
from steps.memory import used_up
from steps.unprivileged import give_up_root

ROOT_VARIABLE = "MLOPS_ML_ROOT"
MESSAGE_BYTES = 1000
"""Length of a failure message. The service keeps the first 1,024 characters."""
TEXT_BYTES = {"key": 80, "value": 120, "message": 600}
"""Longest JSON text of each part of a problem in a failure message: one problem always fits."""

DISK_ADVICE = "On SageMaker the operator sets a larger volume_size_gb; on this machine free some space."


@dataclass(frozen=True)
class Paths:
    """The files of one container, below `/opt/ml` or the root that `MLOPS_ML_ROOT` names."""

    root: Path = Path("/opt/ml")

    @classmethod
    def from_environment(cls) -> Paths:
        """The root that `MLOPS_ML_ROOT` names; SageMaker's where it is unset."""
        return cls(Path(os.environ.get(ROOT_VARIABLE, "/opt/ml")))

    @property
    def hyperparameters(self) -> Path:
        """The training job's hyperparameters."""
        return self.root / "input/config/hyperparameters.json"

    @property
    def hosts(self) -> Path:
        """Which hosts the training job has."""
        return self.root / "input/config/resourceconfig.json"

    @property
    def model(self) -> Path:
        """Train writes the model here; SageMaker packs it as model.tar.gz."""
        return self.root / "model"

    @property
    def failure(self) -> Path:
        """Why a training job failed (its FailureReason)."""
        return self.root / "output/failure"

    @property
    def message(self) -> Path:
        """Why a processing job failed (its ExitMessage)."""
        return self.root / "output/message"

    def channel(self, name: str) -> Path:
        """The folder of a training channel."""
        return self.root / "input/data" / name

    def processing_input(self, name: str) -> Path:
        """The folder of a processing job's input."""
        return self.root / "processing/input" / name

    def processing_output(self, name: str) -> Path:
        """The folder that becomes a processing job's output."""
        return self.root / "processing/output" / name


def read_hyperparameters(path: Path) -> dict[str, str]:
    """The training job's hyperparameters: a flat mapping of strings."""
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise ValueError(f"{path.name}: must map names to strings")
    return values


def read_arguments(parser: ArgumentParser, argv: Sequence[str] | None) -> Namespace:
    """Container arguments, which come as pairs `--name value`. A value may start with a hyphen.

    Raises ValueError: the arguments are the pipeline's, so a wrong one is a defect of ours.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    joined = [f"{name}={value}" for name, value in zip(given[::2], given[1::2], strict=False)]
    try:
        return parser.parse_args(joined + given[2 * len(joined) :])
    except SystemExit as stop:
        raise ValueError(f"container arguments: refused by {parser.prog}") from stop


def write_json(path: Path, value: Any) -> None:
    """Writes strict JSON (NaN and infinity raise ValueError) and renames it into place."""
    text = json.dumps(value, allow_nan=False, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(text + "\n")
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def run_step(step: Callable[[Paths], None], failure_file: Callable[[Paths], Path]) -> int:
    """The one error boundary of a step: runs it, and turns whatever it raises into a failure file.

    Returns the exit code: 0, or 1 after a failure.
    """
    paths = Paths.from_environment()
    try:
        give_up_root(paths.root)
        step(paths)
    except Exception as error:
        report_failure(error, failure_file(paths))
        return 1
    return 0


def report_failure(error: Exception, path: Path) -> None:
    """Writes the failure file. The traceback of an error that is not the requester's goes to standard error."""
    name, problems = describe(error, Paths.from_environment().root, training=path.name == "failure")
    if not isinstance(error, RequestError | MissingExtraError):
        traceback.print_exception(error)
    for problem in problems:
        print(f"{name}: {problem.message}", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(failure_message(name, problems))


def describe(error: Exception, folder: Path, *, training: bool) -> tuple[str, list[Problem]]:
    """The class of a failure, which says who acts next, and its problems. `folder` : has the step's inputs.

    Memory and disk are no PlatformError: another try on the same machine ends in the same way.
    """
    if isinstance(error, RequestError):
        return type(error).__name__, error.problems
    if isinstance(error, PlatformError | MissingExtraError):
        return type(error).__name__, [Problem("", None, str(error))]
    if isinstance(error, MemoryError):
        return "ResourceError", [Problem("", None, used_up(folder, training=training))]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "ResourceError", [Problem("", None, f"disk: full. {DISK_ADVICE}")]
    text = f"step: stopped by {type(error).__name__}, a defect of the program. The step's log has the details."
    return "InternalError", [Problem("", type(error).__name__, text)]


def failure_message(name: str, problems: Sequence[Problem]) -> bytes:
    """At most 1,000 bytes of JSON `{"error", "problems", "more"}`; `more` counts the problems that did not fit."""
    kept: list[dict[str, Any]] = []
    message = _encode(name, kept, len(problems))
    for problem in problems:
        longer = [*kept, _shortened(problem)]
        attempt = _encode(name, longer, len(problems) - len(longer))
        if len(attempt) > MESSAGE_BYTES:
            break
        kept, message = longer, attempt
    return message


def _encode(name: str, problems: list[dict[str, Any]], more: int) -> bytes:
    return _json({"error": name, "problems": problems, "more": more})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _shortened(problem: Problem) -> dict[str, Any]:
    value = problem.value if _is_plain(problem.value) else str(problem.value)
    parts = {"key": problem.key, "value": value, "message": problem.message}
    return {part: _fit(text, TEXT_BYTES[part]) for part, text in parts.items()}


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, int) and abs(value) < 2**63)


def _fit(value: Any, limit: int) -> Any:
    """The value, or the start of its text, so that its JSON has at most `limit` bytes."""
    if len(_json(value)) <= limit:
        return value
    text = str(value)[:limit]
    while len(_json(text + "…")) > limit:
        text = text[:-1]
    return text + "…"


class ProgressPrinter:
    """Prints the first step of a training, the last, and at most one each `interval` seconds in between."""

    def __init__(self, interval: float = 0.2, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next = float("-inf")

    def __call__(self, done: int, total: int, unit: str) -> None:
        """Prints a line such as `progress: 37/100 round`."""
        now = self._clock()
        if now >= self._next or done >= total:
            self._next = now + self._interval
            print(f"progress: {done}/{total} {unit}", flush=True)


print_progress = ProgressPrinter()
"""Tells the progress of training on standard output, where the local runner reads it."""
