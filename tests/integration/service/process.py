"""`mlops up` in a process of its own, with steps of milliseconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

QUICK = Path(__file__).parents[1] / "quick"
PROJECT = Path(__file__).parents[3]
STARTING_SECONDS, STOPPING_SECONDS = 60, 30
SET_HERE = ("GITHUB_", "MLOPS_", "SLACK_", "COV")
"""Variables that the tests decide on. Coverage is measured by tests in this process: it makes a service slow."""
RUNNER = """
import json, sys
from datetime import timedelta
from pathlib import Path
from lambda_bridge import handler
from local import store

given, quick, arguments = json.loads(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
if given["days_ahead"]:
    now = store.now
    store.now = lambda: now() + timedelta(days=given["days_ahead"])
if given["lose_pipeline_events"]:
    handler.pipeline_event = lambda event, context: None

from local import sweeper
if given["sweep_seconds"]:
    for name in ("OURS_SECONDS", "POLLING_SECONDS", "HINTED_SECONDS"):
        setattr(sweeper, name, given["sweep_seconds"])

from local.engine import EngineOptions
from local.up import read_options, serve
folder = Path(arguments["workspace"])
options = read_options(folder, "127.0.0.1", arguments["port"], arguments["users"], arguments["github"])
serve(options, lambda line: print(line, flush=True), EngineOptions(parallel=2, python_path=(quick,)))
"""


@dataclass(frozen=True)
class Switches:
    """What is different from `mlops up` as people start it.

    Parameters
    ----------
    sweep_seconds : between sweeps; None: as it is
    days_ahead : of the service's clock
    lose_pipeline_events : nothing is heard of what pipelines do
    """

    sweep_seconds: float | None = None
    days_ahead: float = 0
    lose_pipeline_events: bool = False


class Service:
    """Starts at once. It keeps its port and its workspace when it is started again."""

    def __init__(
        self, folder: Path, users: Sequence[str], github: str | None, environment: Mapping[str, str], switches: Switches
    ) -> None:
        self._folder = folder
        self._arguments = {"workspace": str(folder / "workspace"), "port": 0, "users": list(users), "github": github}
        self._environment = {**_clean(os.environ), **environment}
        self.workspace = folder / "workspace"
        self._start(switches)

    def _start(self, switches: Switches) -> None:
        command = [sys.executable, "-c", RUNNER, json.dumps(asdict(switches)), str(QUICK), json.dumps(self._arguments)]
        with (self._folder / "stderr").open("ab") as errors:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.url = self._address()
        self._arguments["port"] = int(self.url.rpartition(":")[2])

    def _address(self) -> str:
        """What the first line with an address says."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            for word in line.split():
                if word.startswith("http://127.0.0.1:"):
                    return "/".join(word.rstrip(",.").split("/")[:3])
        raise AssertionError(f"the service did not start: {self.errors()}")

    def restart(self, switches: Switches) -> None:
        """Stops it as people do, and starts it again."""
        self.stop()
        self._start(switches)

    def stop(self) -> None:
        """SIGTERM: it ends in time and without a complaint."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOPPING_SECONDS)
        finally:
            self._process.kill()
            self._process.communicate()
        assert code == 0, self.errors()

    def errors(self) -> str:
        """The end of what it wrote to standard error."""
        return (self._folder / "stderr").read_text()[-5000:]

    def log(self) -> list[dict[str, Any]]:
        """Its structured log."""
        return [json.loads(line) for line in (self._folder / "workspace/logs/bridge.log").read_text().splitlines()]

    def health(self) -> dict[str, Any]:
        """What `/healthz` tells."""
        found: dict[str, Any] = requests.get(f"{self.url}/healthz", timeout=10).json()
        return found

    def memory(self) -> int:
        """Bytes of its resident set, without the steps."""
        return int(psutil.Process(self._process.pid).memory_info().rss)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(SET_HERE)}
