"""Logging to MLflow beside everything else: in a process of its own, and never in the way of a run.

On where MLFLOW_TRACKING_URI is set. What was not logged, because MLflow could not be reached or the process was killed,
is logged the next time: the records in training_history/ say what there is.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from algorithms.errors import MissingExtraError
from local.mlflow_log import SQLITE, VARIABLE, records
from local.objects import BUCKET
from local.pauses import Pauses

LOG = logging.getLogger(__name__)
LONGEST_SECONDS = 300
DATABASE = "mlflow.db"


def is_on() -> bool:
    """Whether attempts are logged."""
    return bool(os.environ.get(VARIABLE))


def log_now(root: Path, uri: str | None = None) -> str | None:
    """Logs what is missing of a workspace, and waits for it. Returns what went wrong, on one line."""
    command = [sys.executable, "-m", "local.mlflow_log", str(root / "github"), "--models", str(_models(root))]
    environment = {**os.environ, **({VARIABLE: uri} if uri else {})}
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"MLflow: not logged, got {type(error).__name__}. The next run logs it."
    if done.returncode == 0:
        return None
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"MLflow: not logged, got: {reason[:300]}. The next run logs it."


def _models(root: Path) -> Path:
    return root / "s3" / BUCKET / "models"


class Tracker:
    """The piece of work of `mlops up` that logs what is new."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._logged = -1
        self._pauses = Pauses()

    def run_due(self) -> bool:
        """Logs, if there are records that were not looked at."""
        there = len(records(self._root / "github"))
        if there == self._logged or not self._pauses.is_due(VARIABLE):
            return False
        problem = log_now(self._root)
        if problem is None:
            self._logged = there
            self._pauses.forget(VARIABLE)
        else:
            LOG.warning("%s", problem)
            self._pauses.failed(VARIABLE)
        return problem is None

    def seconds_until_due(self) -> float | None:
        """After a failure the end of its pause; else it is woken."""
        return self._pauses.seconds_until_due([VARIABLE]) if len(self._pauses) else None


def ui(root: Path, port: int) -> list[str] | str:
    """The command that serves MLflow's pages for a workspace, or where they are already.

    Without MLFLOW_TRACKING_URI the workspace has a database of its own, which is brought up to date first. Raises
    MissingExtraError.
    """
    uri = os.environ.get(VARIABLE)
    if uri and uri.startswith(("http://", "https://")):
        return f"MLflow is at {uri}"
    if uri and uri.startswith("arn:"):
        name = uri.rpartition("/")[2]
        return f"aws sagemaker create-presigned-mlflow-tracking-server-url --tracking-server-name {name}"
    if find_spec("mlflow") is None:
        raise MissingExtraError("mlflow", "`mlops ui`")
    if uri is None:
        uri = f"{SQLITE}{root.absolute() / DATABASE}"
        log_now(root, uri)
    options = ["--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "server", *options]
