"""Notices of the local mode: lines of JSON in the workspace's log, and Slack where its address is set."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from lambda_bridge.ports import Notice
from lambda_bridge.slack import post
from local.store import now, to_text

LOG = logging.getLogger(__name__)


class LocalNotices:
    """Appends to a file. `slack` is the address of an incoming webhook."""

    def __init__(self, path: Path, slack: str | None = None, clock: Callable[[], datetime] = now) -> None:
        self._path = path
        self._slack = slack
        self._clock = clock

    def tell(self, notice: Notice) -> None:
        """See `lambda_bridge.ports.Notices`."""
        try:
            self._append(notice)
        except OSError as error:
            LOG.warning("a notice could not be written: %s", error)
        if self._slack:
            post(self._slack, notice)

    def _append(self, notice: Notice) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": to_text(self._clock()), **asdict(notice)}) + "\n")
