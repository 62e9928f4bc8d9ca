"""Things that something happened to, such as pipeline executions: what EventBridge and Lambda's queue tell on AWS."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.ports import ConflictError
from local.pauses import Pauses

LOG = logging.getLogger(__name__)


class News:
    """Tells of things by their names, one after the other; several events of one are told once. What fails comes again.

    `tell` gets the name. What it raises leaves it to be told again after a pause, in which the others are told; all but
    PlatformError and ConflictError is raised on.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._untold: dict[str, None] = {}
        self._pauses = Pauses()

    def put(self, name: str) -> None:
        """Something happened to it. From any thread."""
        self._heard.put(name)

    def run_due(self) -> bool:
        """Tells of the one that has waited longest. False: there is none. Raises defects."""
        while not self._heard.empty():
            self._untold.setdefault(self._heard.get())
        name = next(filter(self._pauses.is_due, self._untold), None)
        if name is None:
            return False
        del self._untold[name]
        try:
            self._tell(name)
            self._pauses.forget(name)
        except (PlatformError, ConflictError) as error:
            LOG.warning("%s: told again in %.1f s: %s", name, self._rest(name), error)
        except Exception:
            self._rest(name)
            raise
        return True

    @property
    def failing(self) -> int:
        """How many could not be told of."""
        return len(self._pauses)

    def _rest(self, name: str) -> float:
        self._untold[name] = None
        return self._pauses.failed(name)

    def seconds_until_due(self) -> float | None:
        """Until the next may be told; None: there is none."""
        return 0.0 if not self._heard.empty() else self._pauses.seconds_until_due(self._untold)


def pipeline_event(arn: str) -> Mapping[str, Any]:
    """What EventBridge says of a pipeline execution, as far as it is read."""
    kind = "SageMaker Model Building Pipeline Execution Status Change"
    return {"source": "aws.sagemaker", "detail-type": kind, "detail": {"pipelineExecutionArn": arn}}
