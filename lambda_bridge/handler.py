"""The Lambda functions' entry points, each a line over the module that does the work.

The local mode calls the very same functions, with its own ports (`use`).
"""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from algorithms.errors import PlatformError
from lambda_bridge.gauges import gauges
from lambda_bridge.pipeline_events import on_event
from lambda_bridge.ports import Ports, RateLimitError
from lambda_bridge.redaction import Redacting, hidden
from lambda_bridge.review import REVIEW, go_on
from lambda_bridge.sweep import sweep as mend_all
from lambda_bridge.tasks import DefectError, run_task
from lambda_bridge.webhook import receive
from pipelines.language import choose

Handler = Callable[[Mapping[str, Any], Any], Any]

SERVICE, NAMESPACE = "mlops-bridge", "MLOps"
LARGEST_LOG, OLD_LOGS = 20 * 2**20, 4
"""Bytes of a log file, and how many older ones are kept beside it."""


class JsonLines(Redacting, LambdaPowertoolsFormatter):
    """One JSON object a line, without secrets."""


logger = Logger(service=SERVICE, stream=sys.stderr, logger_formatter=JsonLines())
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
modules = logging.getLogger("lambda_bridge")
modules.addHandler(logger.registered_handler)
modules.setLevel(logger.log_level)
modules.propagate = False


def _in_lambda() -> bool:
    """Whether this is a Lambda function ("Defined runtime environment variables"): only there is anybody to collect."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _observed(function: Handler) -> Handler:
    """Traced by X-Ray and measured by CloudWatch in Lambda, and its log tells the request.

    Elsewhere standard output belongs to others, and several functions may run at once. Only calls of AWS are traced:
    a trace tells addresses, and Slack's is a secret.
    """
    if not _in_lambda():
        return function
    from aws_lambda_powertools import Tracer

    measured = metrics.log_metrics(logger.inject_lambda_context(_discreet(function), clear_state=True))
    tracer = Tracer(service=SERVICE, patch_modules=("botocore",))
    observed: Handler = tracer.capture_lambda_handler(measured, capture_response=False)
    return observed


def _discreet(function: Handler) -> Handler:
    """What is raised has no secret in its text: Lambda and X-Ray write that down themselves, past our log."""

    @wraps(function)
    def discreet(event: Mapping[str, Any], context: Any) -> Any:
        try:
            return function(event, context)
        except Exception as error:
            told = hidden(str(error))
            if told == str(error):
                raise
            logger.exception("a secret stood in an error")
            raise DefectError(f"A defect of ours ({type(error).__name__}): {told}") from None

    return discreet


@contextmanager
def _about(**keys: Any) -> Iterator[None]:
    """Every line of the log that is written meanwhile, in this thread, has these keys."""
    logger.thread_safe_append_keys(**keys)
    try:
        yield
    finally:
        logger.thread_safe_clear_keys()


def _count(name: str, times: int = 1) -> None:
    if _in_lambda():
        metrics.add_metric(name, MetricUnit.Count, times)


def _gauge(ports: Ports) -> None:
    """How things are after a sweep; a sweep that succeeded does not fail for it."""
    if not _in_lambda():
        return
    try:
        for name, value in gauges(ports).items():
            metrics.add_metric(name, MetricUnit.NoUnit, value)
    except PlatformError as error:
        logger.warning("not measured: %s", error)


MAX_AGE_SECONDS = 300
"""How long ports that were built from the environment are used: with new ones come rotated secrets."""


@dataclass(frozen=True)
class _Bridge:
    """The ports of this process and the repository that they serve. `until` is in seconds of the monotonic clock."""

    ports: Ports
    repository: str
    until: float


_current: dict[str, _Bridge] = {}


def use(ports: Ports, repository: str) -> None:
    """Gives the functions their ports. Without it they are built from the environment, for AWS."""
    _current["bridge"] = _Bridge(ports, repository, math.inf)


def log_to(path: Path, stream: TextIO | None = None) -> None:
    """Writes the log to a file, which is begun anew when it is large, and to a stream if one is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        RotatingFileHandler(path, maxBytes=LARGEST_LOG, backupCount=OLD_LOGS, encoding="utf-8")
    ]
    handlers += [] if stream is None else [logging.StreamHandler(stream)]
    for handler in handlers:
        handler.setFormatter(logger.registered_formatter)
    for name in (SERVICE, "lambda_bridge", "local"):
        found = logging.getLogger(name)
        for old in list(found.handlers):
            found.removeHandler(old)
            old.close()
        found.handlers = list(handlers)
        found.setLevel(logging.INFO)
        found.propagate = False


def _bridge() -> _Bridge:
    found = _current.get("bridge")
    if found is None or found.until < time.monotonic():
        from lambda_bridge.composition import build_ports
        from lambda_bridge.settings import BridgeSettings

        settings = BridgeSettings.from_environment()
        choose(settings.language)
        found = _Bridge(build_ports(settings), settings.repository, time.monotonic() + MAX_AGE_SECONDS)
        _current["bridge"] = found
    return found


@_observed
def webhook(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 (Lambda's signature)
    """GitHub's webhook, behind API Gateway's HTTP API (payload 2.0)."""
    bridge = _bridge()
    answer = receive(bridge.ports, event, bridge.repository)
    _count(f"Webhook{answer['statusCode']}")
    return answer


@_observed
def task(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """The states of the workflow, and the decisions about versions that the webhook hands over."""
    _count("Tasks")
    with _about(task=event.get("task"), issue=event.get("issue")):
        if event.get("task") == REVIEW:
            return go_on(_bridge().ports, int(event["issue"]))
        return run_task(_bridge().ports, event)


@_observed
def pipeline_event(event: Mapping[str, Any], context: Any) -> None:  # noqa: ARG001
    """EventBridge's events of pipeline executions and their steps."""
    _count("PipelineEvents")
    on_event(_bridge().ports, event)


@_observed
def sweep(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """The schedule: mends what lost events left behind.

    Returns how often what was `mended`, and the seconds to `wait` where GitHub wants a pause; the rest comes next time.
    """
    try:
        mended = mend_all(_bridge().ports)
    except RateLimitError as error:
        logger.warning("swept in part: %s", error)
        return {"mended": {}, "wait": error.seconds}
    for what, times in mended.items():
        logger.info("swept: %s %s", what, times)
        _count("SweepRepairs", times)
    _gauge(_bridge().ports)
    return {"mended": dict(mended), "wait": 0.0}
