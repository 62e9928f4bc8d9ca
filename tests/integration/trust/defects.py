"""Imported by the process of `mlops up`: each of the calls below fails once there, with every secret in the error.

It stands for libraries that put what they were given into their errors. Each failure is noted in the file `defects`,
and everything that is printed in the file `stdout`, beside the workspace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from local import pauses
from local.artifacts import LocalArtifacts
from local.inbox import Inbox
from local.ledger import LocalLedger
from local.notices import LocalNotices
from local.run_records import RunRecords
from local.sagemaker import LocalSageMaker
from local.service import Service
from local.step_functions import LocalStepFunctions

CALLS: dict[type, tuple[str, ...]] = {
    GitHubIssues: ("permission", "read", "newest_start", "labelled", "comments", "write", "react", "set_label"),
    GitHubHistory: ("commit",),
    RunRecords: ("get", "save", "in_group"),
    LocalLedger: ("handled", "add_start"),
    Inbox: ("add", "delivered"),
    LocalNotices: ("tell",),
    LocalArtifacts: ("read",),
    LocalSageMaker: ("start_pipeline_execution", "describe_pipeline_execution", "list_pipeline_executions"),
    LocalStepFunctions: ("start_execution",),
    Service: ("health",),
}
TIMES = 1
LONGEST_PAUSE_SECONDS = 0.2
"""After a failure, so that the test does not wait for what people would."""


class Both:
    """Standard output, and a file."""

    def __init__(self, path: Path) -> None:
        self._file, self._output = path.open("a"), sys.stdout

    def write(self, text: str) -> int:
        self._file.write(text)
        return self._output.write(text)

    def flush(self) -> None:
        self._file.flush()
        self._output.flush()


def broken(function: Callable[..., Any], name: str, secrets: str, note: Path) -> Callable[..., Any]:
    """The function, after it failed."""
    left = iter(range(TIMES))

    def call(*arguments: Any, **keys: Any) -> Any:
        if next(left, None) is None:
            return function(*arguments, **keys)
        with note.open("a") as file:
            file.write(f"{name}\n")
        raise RuntimeError(f"{name} was called with {secrets}", secrets)

    return call


def plant(folder: Path, secrets: str, only: str | None = None) -> None:
    """Breaks everything, or one call only."""
    pauses.FIRST_PAUSE_SECONDS = pauses.LONGEST_PAUSE_SECONDS = LONGEST_PAUSE_SECONDS
    sys.stdout = Both(folder / "stdout")  # type: ignore[assignment]
    for owner, methods in CALLS.items():
        for method in methods:
            name = f"{owner.__name__}.{method}"
            if only in (None, name):
                setattr(owner, method, broken(getattr(owner, method), name, secrets, folder / "defects"))


def names() -> set[str]:
    """Of everything that is broken."""
    return {f"{owner.__name__}.{method}" for owner, methods in CALLS.items() for method in methods}


def plant_as_told() -> None:
    """In the process of the service: `Service` hands it over what it starts, and this the secrets."""
    plant(Path(json.loads(sys.argv[3])["workspace"]).parent, json.loads(sys.argv[4]))
