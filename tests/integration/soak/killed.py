"""A program: `mlops up` with quick steps that kills itself before or after a chosen call. `Service` starts it.

It writes the name of each call that leaves the process, or is stored, to a file before it is made.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from github.Requester import Requester

from lambda_bridge.git_history import GitHubHistory
from local import service
from local.engine import EngineOptions
from local.github import LocalGitHub
from local.inbox import Inbox
from local.ledger import LocalLedger
from local.notices import LocalNotices
from local.run_records import RunRecords
from local.sagemaker import LocalSageMaker
from local.step_functions import LocalStepFunctions
from local.up import read_options, serve

CALLS: dict[type, tuple[str, ...]] = {
    Requester: ("requestJson",),
    RunRecords: ("save",),
    LocalStepFunctions: ("start_execution", "send_task_success", "send_task_failure"),
    LocalSageMaker: (
        "start_pipeline_execution",
        "stop_pipeline_execution",
        "create_model_package_group",
        "update_model_package",
    ),
    LocalLedger: ("remember", "add_start"),
    Inbox: ("add", "delivered"),
    GitHubHistory: ("commit",),
    LocalGitHub: ("delivered",),
    LocalNotices: ("tell",),
}
"""Every outward call; of GitHub's those that change something, named by method and path."""


class Killer:
    """`moment`: the name of a call, which one of them, and `before` or `after`; or nothing, then nobody is killed."""

    def __init__(self, calls: Path, moment: list[Any] | None) -> None:
        self._calls = calls.open("a", buffering=1)
        self._name, self._count, self._when = moment or ("", 0, "")
        self._made: Counter[str] = Counter()
        self._guard = threading.Lock()

    def wrap(self, owner: type, method: str) -> None:
        """Puts itself around a method."""
        setattr(owner, method, self._wrapped(owner, method, getattr(owner, method)))

    def _wrapped(self, owner: type, method: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **keys: Any) -> Any:
            name = _github(*arguments[1:3]) if owner is Requester else f"{owner.__name__}.{method}"
            doomed = name is not None and self._is_doomed(name)
            if doomed and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return function(*arguments, **keys)
            finally:
                if doomed:
                    os.kill(os.getpid(), signal.SIGKILL)

        return wrapped

    def _is_doomed(self, name: str) -> bool:
        with self._guard:
            self._made[name] += 1
            self._calls.write(f"{name}\n")
            return name == self._name and self._made[name] == self._count


def _github(verb: str, url: str) -> str | None:
    """`POST comments` and the like; None for a question."""
    words = [word for word in url.split("?")[0].split("/")[3:] if word.isalpha() and word.islower()]
    return None if verb == "GET" else f"{verb} {words[-1]}"


def main() -> None:
    """Serves until it is killed or stopped."""
    given = json.loads(sys.argv[1])
    killer = Killer(Path(given["calls"]), given["moment"])
    for owner, methods in CALLS.items():
        for method in methods:
            killer.wrap(owner, method)
    service.OURS_SECONDS = given["sweep_seconds"]
    options = read_options(Path(given["workspace"]), "127.0.0.1", given["port"], given["users"], None)
    serve(options, lambda line: print(line, flush=True), EngineOptions(parallel=2, python_path=(Path(given["quick"]),)))


if __name__ == "__main__":
    main()
