"""What people are told off the issue, on Slack and by e-mail: short plain text. Pure.

Nothing in it is a stranger's free text but the reason of a failure, which is defused.
"""

from __future__ import annotations

from lambda_bridge.advise import Advice
from lambda_bridge.inert import text
from lambda_bridge.ports import Notice
from lambda_bridge.runs import Run, Status
from lambda_bridge.sentences import count, demand, gap, inline, primary_of
from pipelines.language import mark, say
from pipelines.request import TrainingRequest

LONGEST_SUBJECT = 100
"""Characters of an e-mail's subject (SNS Publish, `Subject`), ASCII only."""

ENDS: dict[Status, str] = {
    "registered": mark("registered, pending manual approval"),
    "below_threshold": mark("ended below the threshold"),
    "failed": mark("failed"),
    "invalid": mark("ended, the request or its dataset is invalid"),
    "cancelled": mark("cancelled"),
}


def notice_ask(run: Run, url: str, advice: Advice | None = None) -> Notice:
    """The operator is asked: the result, the gap, the diagnosis, and the reply to give."""
    request, attempt = run.settled or run.request, run.attempt
    primary = attempt.metrics.get("primary")
    lines = [say("Attempt {number}: {run}.", number=attempt.number, run=_result(run))]
    if request is not None and primary is not None:
        lines = [
            say(
                "Attempt {number}: {run}, {request}.",
                number=attempt.number,
                run=_result(run),
                request=demand(request, primary["name"]),
            ),
            gap(request, primary),
        ]
    if advice is not None:
        lines += [advice.why, _try(advice)]
    lines.append(
        say(
            "Reply on the issue: {url} ({retries_left} left; /cancel ends the run)",
            url=url,
            retries_left=count(run.retries_left, "retry"),
        )
    )
    return Notice(
        _subject(run, say("is below its threshold and waits for a reply")), "\n".join(filter(None, lines)), url
    )


def notice_reminder(run: Run, url: str) -> Notice:
    """Nobody has answered for a while."""
    lines = [
        say("Attempt {number}: {run}.", number=run.attempt.number, run=_result(run)),
        say("Reply on the issue: {url} (/cancel ends the run)", url=url),
    ]
    return Notice(_subject(run, say("still waits for a reply")), "\n".join(lines), url)


def _result(run: Run) -> str:
    return primary_of(run.attempt) or say("no metric")


def _try(advice: Advice) -> str:
    pairs = " ".join(f"{name}={inline(value)}" for name, value in advice.changes.items())
    return say("To try next: /retrain {pairs}", pairs=pairs) if pairs else advice.basis


def notice_end(run: Run, status: Status, reason: str | None, url: str) -> Notice:
    """The run ended."""
    lines = [f"{_subject(run, say(ENDS[status]))}."]
    if run.own_attempts:
        lines.append(
            say("After {count}, the last with {run}.", count=count(len(run.own_attempts), "attempt"), run=_result(run))
        )
    if status == "registered":
        lines.append(say("Model package: {model_package_arn}", model_package_arn=run.attempt.model_package_arn))
    elif reason:
        lines.append(text(reason))
    elif run.own_attempts:
        lines += [text(problem.message) for problem in run.attempt.problems[:3]]
    return Notice(_subject(run, say(ENDS[status])), "\n".join([*lines, url]), url)


def _subject(run: Run, what: str) -> str:
    request = run.settled or run.request
    return say("Issue {issue}: {request} {what}", issue=run.issue, request=_model(request), what=what)[:LONGEST_SUBJECT]


def _model(request: TrainingRequest | None) -> str:
    if request is None:
        return say("the run")
    return f"{request.algorithm} on {request.dataset_id or request.environment}"
