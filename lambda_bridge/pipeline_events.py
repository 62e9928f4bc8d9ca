"""`pipeline_event`: something happened to a pipeline execution or one of its steps.

Events come at least once, in any order, or not at all (EventBridge, "Event delivery"): they only say where to look.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from lambda_bridge.attempts import show_progress
from lambda_bridge.ports import Execution, Ports
from lambda_bridge.runs import Run

LOG = logging.getLogger(__name__)
RUN_ID = re.compile(r"issue-(\d{1,12})-attempt-(\d{1,9})", re.ASCII)


def on_event(ports: Ports, event: Mapping[str, Any]) -> None:
    """Reads the execution that an EventBridge event of SageMaker names, and goes on from there."""
    arn = (event.get("detail") or {}).get("pipelineExecutionArn")
    if isinstance(arn, str) and arn:
        refresh(ports, arn)
    else:
        LOG.warning("event without pipelineExecutionArn: %s", event.get("detail-type"))


def refresh(ports: Ports, arn: str) -> None:
    """Shows how far an execution of ours is; when it has ended, completes the token that waits for it."""
    execution = ports.pipelines.describe(arn)
    run = _run_of(ports, execution)
    if run is None:
        LOG.info("%s: no current attempt of a run", arn)
    elif execution.ended and run.token is not None:
        ports.workflow.succeed(run.token, {"status": execution.status})
    elif not execution.ended:
        _show(ports, run, execution)


def _show(ports: Ports, run: Run, execution: Execution) -> None:
    """Edits the progress comment, which the start of the attempt wrote; a late event changes nothing any more."""
    steps = ports.pipelines.steps(execution.arn)
    if run.progress_comment is not None and _run_of(ports, execution) is not None:
        show_progress(ports, run, steps)


def _run_of(ports: Ports, execution: Execution) -> Run | None:
    """The run whose current, unjudged attempt this execution is."""
    found = RUN_ID.fullmatch(execution.run_id)
    run = ports.runs.get(int(found.group(1))) if found else None
    if run is None or run.state != "running" or not run.own_attempts or run.run_id != execution.run_id:
        return None
    mine = run.attempt.status is None and run.attempt.execution_arn in (None, execution.arn)
    return run if mine else None
