"""`pipeline_event`: something happened to a pipeline execution or one of its steps.

Events come at least once, in any order, or not at all (EventBridge, "Event delivery"): they only say where to look.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lambda_bridge.attempts import show_progress
from lambda_bridge.ports import Execution, Ports
from lambda_bridge.review import CHECK_ID
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


def refresh(ports: Ports, arn: str) -> bool:
    """Shows how far an execution of ours is; when it has ended, completes the token that waits for it.

    Returns whether it was this that completed the token.
    """
    execution = ports.pipelines.describe(arn)
    checked = CHECK_ID.fullmatch(execution.run_id)
    if checked is not None:
        if execution.ended:
            ports.hand_over(int(checked[1]))
        return False
    run = _run_of(ports, execution)
    if run is None:
        LOG.info("%s: no current attempt of a run", arn)
    elif execution.ended:
        return run.token is not None and ports.workflow.succeed(run.token, {"status": execution.status})
    elif _is_time(ports, run):
        _show(ports, run, execution)
    return False


def _is_time(ports: Ports, run: Run) -> bool:
    """Whether the progress comment may be edited again: all runs share what GitHub takes of edits in an hour.

    What is left out now is shown by a later event, by the sweep, or with the attempt's result.
    """
    if run.progress_edited is None:
        return True
    pause = timedelta(hours=1) / ports.edits_per_hour
    passed = ports.clock() - run.progress_edited
    return passed >= pause and passed >= pause * ports.runs.count_running()


def _show(ports: Ports, run: Run, execution: Execution) -> None:
    """Edits the progress comment, which the start of the attempt wrote; a late event changes nothing any more."""
    steps = ports.pipelines.steps(execution.arn)
    if run.progress_comment is not None and _run_of(ports, execution) is not None:
        show_progress(ports, run, steps, execution.queued)


def _run_of(ports: Ports, execution: Execution) -> Run | None:
    """The run whose current, unjudged attempt this execution is."""
    issue = issue_of(execution.run_id)
    run = ports.runs.get(issue) if issue is not None else None
    mine = run is not None and run.state == "running" and run.owns(execution.arn, execution.run_id)
    return run if mine else None


def issue_of(run_id: str) -> int | None:
    """The issue of a pipeline execution by its display name; None: the name is none of ours."""
    found = RUN_ID.fullmatch(run_id)
    return int(found.group(1)) if found else None
