"""What people are told off the issue, on Slack and by e-mail: short plain text. Pure.

Nothing in it is a stranger's free text but the reason of a failure, which is defused.
"""

from __future__ import annotations

from lambda_bridge.advise import Advice
from lambda_bridge.inert import text
from lambda_bridge.ports import Notice
from lambda_bridge.runs import Run, Status
from lambda_bridge.sentences import count, demand, gap, inline, primary_of
from pipelines.request import TrainingRequest

LONGEST_SUBJECT = 100
"""Characters of an e-mail's subject (SNS Publish, `Subject`), ASCII only."""

ENDS: dict[Status, str] = {
    "registered": "registered, pending manual approval",
    "below_threshold": "ended below the threshold",
    "failed": "failed",
    "invalid": "ended, the request or its dataset is invalid",
    "cancelled": "cancelled",
}


def notice_ask(run: Run, url: str, advice: Advice | None = None) -> Notice:
    """The operator is asked: the result, the gap, the diagnosis, and the reply to give."""
    request, attempt = run.settled or run.request, run.attempt
    primary = attempt.metrics.get("primary")
    lines = [f"Attempt {attempt.number}: {_result(run)}."]
    if request is not None and primary is not None:
        lines = [
            f"Attempt {attempt.number}: {_result(run)}, {demand(request, primary['name'])}.",
            gap(request, primary),
        ]
    if advice is not None:
        lines += [advice.why, _try(advice)]
    lines.append(f"Reply on the issue: {url} ({count(run.retries_left, 'retry')} left; /cancel ends the run)")
    return Notice(_subject(run, "is below its threshold and waits for a reply"), "\n".join(filter(None, lines)), url)


def notice_reminder(run: Run, url: str) -> Notice:
    """Nobody has answered for a while."""
    lines = [f"Attempt {run.attempt.number}: {_result(run)}.", f"Reply on the issue: {url} (/cancel ends the run)"]
    return Notice(_subject(run, "still waits for a reply"), "\n".join(lines), url)


def _result(run: Run) -> str:
    return primary_of(run.attempt) or "no metric"


def _try(advice: Advice) -> str:
    pairs = " ".join(f"{name}={inline(value)}" for name, value in advice.changes.items())
    return f"To try next: /retrain {pairs}" if pairs else advice.basis


def notice_end(run: Run, status: Status, reason: str | None, url: str) -> Notice:
    """The run ended."""
    lines = [f"{_subject(run, ENDS[status])}."]
    if run.own_attempts:
        lines.append(f"After {count(len(run.own_attempts), 'attempt')}, the last with {_result(run)}.")
    if status == "registered":
        lines.append(f"Model package: {run.attempt.model_package_arn}")
    elif reason:
        lines.append(text(reason))
    elif run.own_attempts:
        lines += [text(problem.message) for problem in run.attempt.problems[:3]]
    return Notice(_subject(run, ENDS[status]), "\n".join([*lines, url]), url)


def _subject(run: Run, what: str) -> str:
    request = run.settled or run.request
    return f"Issue {run.issue}: {_model(request)} {what}"[:LONGEST_SUBJECT]


def _model(request: TrainingRequest | None) -> str:
    if request is None:
        return "the run"
    return f"{request.algorithm} on {request.dataset_id or request.environment}"
