"""How much one request may ask for, on a real-time endpoint and in batch transform."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from steps.findings import counted
from steps.refusals import RefusedError

MEBIBYTE = 2**20
BATCH_PAYLOAD_MB = 6
"""What `/execution-parameters` asks for: SageMaker's default."""
MOST_BATCH_MB = 100
"""MaxPayloadInMB, and MaxConcurrentTransforms times MaxPayloadInMB, are at most this (CreateTransformJob)."""


@dataclass(frozen=True)
class Limits:
    """Of one request.

    Parameters
    ----------
    body_bytes : InvokeEndpoint passes on at most 6,291,456
    rows, cells : of its table; a small Parquet file may promise any number
    seconds : until the answer must be there; SageMaker waits 60 s on an endpoint. None: as long as it takes
    """

    body_bytes: int = 6 * MEBIBYTE
    rows: int = 500_000
    cells: int = 10_000_000
    seconds: float | None = 55.0
    batch: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """Batch transform sets SAGEMAKER_BATCH, and SAGEMAKER_MAX_PAYLOAD_IN_MB where the job does (0: any size)."""
        if environment.get("SAGEMAKER_BATCH", "").lower() != "true":
            return cls()
        text = environment.get("SAGEMAKER_MAX_PAYLOAD_IN_MB", "")
        megabytes = min(int(text), MOST_BATCH_MB) if text.isdecimal() else BATCH_PAYLOAD_MB
        return cls((megabytes or MOST_BATCH_MB) * MEBIBYTE, 5_000_000, 50_000_000, None, batch=True)

    def check_table(self, rows: int, columns: int) -> None:
        """Raises RefusedError: 400 for no row, unless in batch transform, and 413 for too many rows or cells."""
        if rows == 0 and not self.batch:
            raise RefusedError.of(400, "body: holds no row. Send at least 1.")
        if rows > self.rows or rows * columns > self.cells:
            got = f"got {counted(rows, 'row')} of {counted(columns, 'column')}"
            message = f"body: at most {self.rows} rows and {self.cells} cells are read, {got}. Send it in parts."
            raise RefusedError.of(413, message)


class Deadline:
    """Told between the parts of a prediction whether its answer is still wanted."""

    def __init__(
        self, seconds: float | None, stopping: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._end = float("inf") if seconds is None else clock() + seconds
        self._stopping, self._clock = stopping, clock

    def check(self) -> None:
        """Raises RefusedError: 413 when the time is over, 503 when the service ends."""
        if self._stopping():
            raise RefusedError.of(503, "service: is ending. Send the request again.")
        if self._clock() >= self._end:
            raise RefusedError.of(413, "body: has more rows than can be answered in time. Send it in parts.")
