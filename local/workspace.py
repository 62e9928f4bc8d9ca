"""The workspace: one folder that holds everything of the local mode, used by one process at a time."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from local.objects import BUCKET, ObjectStore, finish_replacements
from local.store import Store
from pipelines.settings import NO_MODEL


class WorkspaceBusyError(Exception):
    """Another process holds the workspace. The message says which one; the CLI ends with exit code 1."""


class Workspace:
    """Opens a workspace folder and holds it until `close`. Leftovers of a process that was killed are removed.

    The operating system frees the lock when its holder ends, however it ends.

    Parameters
    ----------
    root : the folder; made if it does not exist
    command : what is told to a second process, such as `mlops run`; never a whole command line, which may hold secrets

    Raises WorkspaceBusyError, and local.store.StoreVersionError if a newer version wrote the database.
    """

    def __init__(self, root: Path, command: str = "") -> None:
        self.root = root.absolute()
        self.root.mkdir(parents=True, exist_ok=True)
        self._holder = self.root / "lock.json"
        self._lock = FileLock(self.root / "lock", timeout=0)
        self._acquire(command or Path(sys.argv[0]).name)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        finish_replacements(self._staging)
        for leftover in (self.jobs, self._staging):
            shutil.rmtree(leftover, ignore_errors=True)
            leftover.mkdir(exist_ok=True)
        self.store = Store(self.root / "mlops.db")
        self.objects = ObjectStore(self.root / "s3", self._staging)
        no_model = f"s3://{BUCKET}/{NO_MODEL}"
        if not self.objects.exists(no_model):
            self.objects.put_bytes(b"", no_model)

    @property
    def jobs(self) -> Path:
        """The folders of running jobs."""
        return self.root / "jobs"

    @property
    def logs(self) -> Path:
        """What the steps printed: `<run id or execution id>/<step>.log`."""
        return self.root / "logs"

    @property
    def _staging(self) -> Path:
        return self.root / "staging"

    def close(self) -> None:
        """Lets the workspace go."""
        self.store.close()
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _acquire(self, command: str) -> None:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise WorkspaceBusyError(self._busy_text()) from error
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self._holder.write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))

    def _busy_text(self) -> str:
        holder: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            holder = json.loads(self._holder.read_text())
        who = "{command} (process {pid}) since {since}".format(**holder) if holder else "another process"
        return f"{self.root}: is held by {who}. Wait until it ends, or give another --workspace."
