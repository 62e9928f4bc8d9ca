"""What a run needs that no event brought: its workflow, its pipeline, its token, the operator, its label."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from typing import get_args

from lambda_bridge import answers
from lambda_bridge.attempts import get, update
from lambda_bridge.decide_issue import is_active
from lambda_bridge.endings import label_of
from lambda_bridge.notices import notice_reminder
from lambda_bridge.pipeline_events import refresh
from lambda_bridge.ports import IssueView, Ports, StateLabel
from lambda_bridge.runs import Run
from lambda_bridge.tasks import Call, abandon, keep_previous
from lambda_bridge.webhook import start_workflow
from pipelines.language import say

LOG = logging.getLogger(__name__)
STATE_LABELS = frozenset(get_args(StateLabel))
STOPPED = {"Error": "Stopped", "Cause": "its workflow was stopped, and nobody was told"}


def mend(ports: Ports, run: Run, view: IssueView, mended: Counter[str]) -> None:
    """A run that goes on: gives it what it waits for, if that is there."""
    found = ports.workflow.state(run.execution_name)
    run = get(ports, run.issue)  # the state came first: a workflow that just ended has written this
    if not is_active(run):
        return
    if found == "missing":
        start_workflow(ports, run)
        mended["started"] += 1
    elif found == "ended":
        keep_previous(ports, run, Call(run.issue, None, STOPPED))
        mended["ended"] += 1
    else:
        mended["completed"] += _complete(ports, run)
        mended["reminded"] += _remind(ports, run, view)
        mended["abandoned"] += _give_up(ports, run)


def _complete(ports: Ports, run: Run) -> bool:
    """What was decided, or came about, and the workflow was not told."""
    if run.token is None:
        return False
    if run.cancelled_by is not None:
        return ports.workflow.fail(run.token, "Cancelled", f"by {run.cancelled_by}")
    if run.reply is not None:
        return ports.workflow.succeed(run.token, {"reply": run.reply.comment})
    arn = run.attempt.execution_arn if run.own_attempts else None
    return arn is not None and run.attempt.status is None and refresh(ports, arn)


def _remind(ports: Ports, run: Run, view: IssueView) -> bool:
    """The operator is reminded once in a wait."""
    if not _waits(run) or run.reminded or not _is_past(ports, run, ports.patience.reminder):
        return False
    ports.issues.write(run.issue, f"reminder-{run.attempt.number}", answers.reminder(run))
    ports.notices.tell(notice_reminder(run, view.url))
    update(ports, run.issue, lambda fresh: fresh.model_copy(update={"reminded": True}))
    return True


def _give_up(ports: Ports, run: Run) -> bool:
    """Nobody answered in time: the previous version stays."""
    if not _waits(run) or not _is_past(ports, run, ports.patience.end):
        return False
    return abandon(ports, run, say("nobody answered within {days} days", days=ports.patience.end.days))


def _waits(run: Run) -> bool:
    return run.state == "waiting" and run.cancelled_by is None and run.reply is None


def _is_past(ports: Ports, run: Run, patience: timedelta) -> bool:
    return run.asked is not None and ports.clock() - run.asked >= patience


def repair_label(ports: Ports, view: IssueView) -> bool:
    """Sets the state label, where it is another one on an issue that nothing has changed for a while."""
    label = _label(get(ports, view.number))
    if label is None or {label} == STATE_LABELS & set(view.labels):
        return False
    if {label} == STATE_LABELS & set(ports.issues.read(view.number).labels):
        return False
    ports.issues.set_label(view.number, label)
    return True


def _label(run: Run) -> StateLabel | None:
    if run.state == "waiting":
        return "mlops:waiting"
    if run.state == "running":
        return "mlops:running" if run.own_attempts else None
    return None if run.status is None else label_of(run.status)
