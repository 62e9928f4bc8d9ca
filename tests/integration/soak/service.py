"""The service as a process that dies again and again."""

from __future__ import annotations

import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import requests

SECRET, TOKEN = "the webhook's secret", "token-of-owner"
QUICK = Path(__file__).parents[1] / "quick"
PROJECT = Path(__file__).parents[3]
LONGEST_WAIT_SECONDS, PAUSE_SECONDS = 120, 0.1
T = TypeVar("T")


@dataclass(frozen=True)
class Moment:
    """Before or after the `count`-th call of a name, in one process."""

    call: str
    count: int
    when: str


def until(check: Callable[[], T | None], what: Callable[[], str]) -> T:
    """Asks again and again."""
    pause = threading.Event()
    for _ in range(int(LONGEST_WAIT_SECONDS / PAUSE_SECONDS)):
        found = check()
        if found:
            return found
        pause.wait(PAUSE_SECONDS)
    raise AssertionError(what())


class Service:
    """Starts at once, with the first of `moments`; each further start takes the next one."""

    def __init__(self, folder: Path, moments: Sequence[Moment], sweep_seconds: float) -> None:
        self.folder, self.workspace = folder, folder / "workspace"
        self.moments = list(moments)
        self.killed = 0
        """How often it was."""
        self.url = ""
        self._sweep_seconds = sweep_seconds
        self.start()

    def start(self) -> None:
        """Starts it; it may be dead when this returns."""
        moment = self.moments.pop(0) if self.moments else None
        given = {
            "calls": str(self.folder / "calls"),
            "moment": moment and [moment.call, moment.count, moment.when],
            "port": int(self.url.rpartition(":")[2] or 0),
            "quick": str(QUICK),
            "sweep_seconds": self._sweep_seconds,
            "users": [f"owner:admin:{TOKEN}"],
            "workspace": str(self.workspace),
        }
        command = [sys.executable, str(Path(__file__).with_name("killed.py")), json.dumps(given)]
        (self.folder / "output").write_text("")
        with (self.folder / "output").open("ab") as output, (self.folder / "errors").open("ab") as errors:
            self._process = subprocess.Popen(command, cwd=PROJECT, env=_environment(), stdout=output, stderr=errors)
        self.url = until(lambda: self._address() or (not self.alive and self.url), self.errors)

    def _address(self) -> str | None:
        """From its first line."""
        words = (self.folder / "output").read_text().split()
        return next((word.rstrip(",") for word in words if word.startswith("http://") and word.endswith(",")), None)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def revive(self) -> None:
        """Starts it again after a kill. Anything else that ended it is a failure."""
        assert self._process.returncode == -signal.SIGKILL, self.errors()
        self.killed += 1
        self.start()

    def start_calm(self) -> None:
        """Starts it anew: from now on nobody kills it."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) in (0, -signal.SIGKILL), self.errors()
        self.moments.clear()
        self._sweep_seconds = 0.5
        self.start()

    def stop(self) -> None:
        """As people stop it."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) == 0, self.errors()

    def kill(self) -> None:
        """So that nothing is left behind."""
        self._process.kill()
        self._process.wait()

    def redeliver(self, random: Random, fresh: bool) -> None:
        """Sends every delivery of the local GitHub again, in any order. `fresh`: as ones with other ids."""
        rows = self.rows("SELECT guid, event, body FROM github_deliveries")
        random.shuffle(rows)
        for guid, event, body in rows:
            headers = {
                "content-type": "application/json",
                "x-github-event": event,
                "x-github-delivery": str(uuid.UUID(int=random.getrandbits(128))) if fresh else guid,
                "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, sha256).hexdigest(),
            }
            answer = requests.post(f"{self.url}/webhook", data=body, headers=headers, timeout=30)
            assert answer.status_code == 202, answer.text

    def rows(self, query: str) -> list[Any]:
        """Of its database."""
        with sqlite3.connect(f"file:{self.workspace / 'mlops.db'}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()

    def health(self) -> dict[str, Any]:
        """What `/healthz` tells."""
        found: dict[str, Any] = requests.get(f"{self.url}/healthz", timeout=30).json()
        return found

    def calls(self) -> Counter[str]:
        """How often which call was made, over all processes."""
        return Counter((self.folder / "calls").read_text().split("\n")[:-1])

    def errors(self) -> str:
        """The end of what it wrote."""
        return (self.folder / "errors").read_text()[-8000:]


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "MLOPS_", "SLACK_", "COV"))
    }
    return {**kept, "GITHUB_WEBHOOK_SECRET": SECRET}
