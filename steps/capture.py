"""Captures what was asked and answered, as SageMaker does: JSON Lines below `yyyy/mm/dd/hh/`, in UTC.

The format is that of "Capture data from real-time endpoint" (SageMaker Developer Guide), which Model Monitor reads. On
an endpoint the service captures by itself; this is for one machine.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

LOG = logging.getLogger(__name__)
ENCODINGS = {"text/csv": "CSV", "application/json": "JSON", "application/jsonlines": "JSON"}
"""Media type -> how its text stands in the file; others are Base64."""


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class DataCapture:
    """Appends one line for each answered request. A disk that refuses ends the capture, never the service.

    Parameters
    ----------
    folder : made where it does not exist; files in it are readable by this account only
    clock : the time in UTC
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = now) -> None:
        self._folder, self._clock = folder, clock
        self._lock = Lock()
        self._file: Path | None = None
        self._broken = False

    def add(self, asked: tuple[str, bytes], answered: tuple[str, bytes], inference_id: str | None = None) -> None:
        """Writes one event. `asked` and `answered` are media type and body; `inference_id` is the caller's own."""
        time = self._clock()
        line = json.dumps(event(asked, answered, inference_id, time)) + "\n"
        with self._lock:
            if self._broken:
                return
            try:
                _append(self._path(time), line.encode())
            except OSError as error:
                self._broken = True
                LOG.error("capture: stopped, %s cannot be written (%s)", self._folder, error.strerror)

    def _path(self, time: datetime) -> Path:
        """A file for each hour and process."""
        hour = self._folder / f"{time:%Y/%m/%d/%H}"
        if self._file is None or self._file.parent != hour:
            self._file = hour / f"{time:%M-%S}-{time.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        return self._file


def event(asked: tuple[str, bytes], answered: tuple[str, bytes], inference_id: str | None, time: datetime) -> Any:
    """The JSON object of one request."""
    named = {} if inference_id is None else {"inferenceId": inference_id}
    return {
        "captureData": {"endpointInput": _side(*asked, "INPUT"), "endpointOutput": _side(*answered, "OUTPUT")},
        "eventMetadata": {"eventId": str(uuid.uuid4()), **named, "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }


def _side(content_type: str, body: bytes, mode: str) -> dict[str, str]:
    encoding = ENCODINGS.get(content_type.partition(";")[0].strip().lower(), "BASE64")
    data = b64encode(body).decode() if encoding == "BASE64" else body.decode()
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(line)
