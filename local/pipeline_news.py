"""Pipeline executions that something happened to: what EventBridge tells on AWS."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.ports import ConflictError
from local.pauses import Pauses

LOG = logging.getLogger(__name__)


class PipelineNews:
    """Tells of executions, one after the other; several events of one are told once. One that fails comes again.

    `tell` gets the event. What it raises leaves the execution to be told again after a pause, in which the others are
    told; all but PlatformError and ConflictError is raised on.
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], object]) -> None:
        self._tell = tell
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._untold: dict[str, None] = {}
        self._pauses = Pauses()

    def put(self, arn: str) -> None:
        """Something happened to an execution. From any thread."""
        self._heard.put(arn)

    def run_due(self) -> bool:
        """Tells of the execution that has waited longest. False: there is none. Raises defects."""
        while not self._heard.empty():
            self._untold.setdefault(self._heard.get())
        arn = next(filter(self._pauses.is_due, self._untold), None)
        if arn is None:
            return False
        del self._untold[arn]
        try:
            self._tell(pipeline_event(arn))
            self._pauses.forget(arn)
        except (PlatformError, ConflictError) as error:
            LOG.warning("%s: told again in %.1f s: %s", arn, self._rest(arn), error)
        except Exception:
            self._rest(arn)
            raise
        return True

    @property
    def failing(self) -> int:
        """How many executions could not be told of."""
        return len(self._pauses)

    def _rest(self, arn: str) -> float:
        self._untold[arn] = None
        return self._pauses.failed(arn)

    def seconds_until_due(self) -> float | None:
        """Until the next may be told; None: there is none."""
        return 0.0 if not self._heard.empty() else self._pauses.seconds_until_due(self._untold)


def pipeline_event(arn: str) -> Mapping[str, Any]:
    """What EventBridge says of a pipeline execution, as far as it is read."""
    kind = "SageMaker Model Building Pipeline Execution Status Change"
    return {"source": "aws.sagemaker", "detail-type": kind, "detail": {"pipelineExecutionArn": arn}}
