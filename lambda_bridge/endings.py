"""How a run ends: the verdict on it, and telling it. What the last tasks of the workflow share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_bridge import comments
from lambda_bridge.attempts import update
from lambda_bridge.notices import notice_end
from lambda_bridge.ports import Ports, StateLabel
from lambda_bridge.runs import Run, Status
from pipelines.language import say

ABANDONED = "Abandoned"
"""Error of a wait that ended because nobody answered in time."""


def end_of(run: Run, error: Mapping[str, Any]) -> tuple[Status, str | None]:
    """How the run ended, and why where that is not in its last attempt."""
    status = run.attempt.status if run.own_attempts else None
    name = error.get("Error") or ""
    if status == "registered":
        return "registered", None
    if run.cancelled_by is not None:
        return "cancelled", say("by {person}", person=run.cancelled_by)
    if run.state == "waiting" and name in (ABANDONED, "States.Timeout"):
        return "below_threshold", cause_of(error) if name == ABANDONED else say("nobody answered within 31 days")
    if name:
        return "failed", cause_of(error)
    return status or "failed", None


def cause_of(error: Mapping[str, Any]) -> str:
    """The message of an error; around a Lambda's own one AWS puts a JSON object with the trace."""
    cause = str(error.get("Cause") or error.get("Error"))
    try:
        found = json.loads(cause)
    except ValueError:
        return cause
    return str(found.get("errorMessage") or error.get("Error")) if isinstance(found, dict) else cause


def tell_end(ports: Ports, run: Run, status: Status, reason: str | None) -> None:
    """The final comment, the label, the notices, and last the record: whatever is missing is done again."""
    write_end(ports, run, status, reason)
    ports.notices.tell(notice_end(run, status, reason, ports.issues.read(run.issue).url))
    update(ports, run.issue, lambda fresh: ended(fresh, status, reason))


def write_end(ports: Ports, run: Run, status: Status, reason: str | None) -> None:
    """The end as it stands on the issue: the final comment, and then the label."""
    live = ports.registry.approved(run.group)
    text = comments.final(run, status, reason, None if live is None else live.arn)
    ports.issues.write(run.issue, final_marker(run), text)
    ports.issues.set_label(run.issue, label_of(status))


def final_marker(run: Run) -> str:
    """Of the final comment."""
    return f"final-{run.number}"


def label_of(status: Status) -> StateLabel:
    """The label of a run that is over."""
    return "mlops:registered" if status == "registered" else "mlops:failed"


def ended(run: Run, status: Status, reason: str | None) -> Run:
    """The record of a run that is over."""
    end = {"state": "ended", "status": status, "reason": reason, "token": None, "reply": None}
    return run.model_copy(update=end)
