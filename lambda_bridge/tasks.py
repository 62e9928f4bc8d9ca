"""What the states of workflow.asl.json call, one function each.

A task may be called twice with the same token, after a crash too. States with a token end when it is completed or
failed; those without raise, and Step Functions retries or catches by the name of the error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.attempts import (
    advice_for,
    get,
    judge_attempt,
    plan,
    record_attempt,
    result_marker,
    show_progress,
    update,
)
from lambda_bridge.endings import ABANDONED, cause_of, end_of, ended, label_of, tell_end
from lambda_bridge.notices import notice_ask
from lambda_bridge.ports import ConflictError, Execution, Notice, Ports, RateLimitError
from lambda_bridge.runs import Attempt, Run
from lambda_bridge.sentences import VERDICTS
from pipelines.language import say

LOG = logging.getLogger(__name__)
STOPPING_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""How long a task itself waits for an execution to stop; then Step Functions retries it."""

Result = dict[str, Any]


class Cancelled(Exception):  # noqa: N818 (the name of the error in the workflow)
    """Somebody cancelled the run."""


class StillStopping(Exception):  # noqa: N818 (the name of the error in the workflow)
    """A pipeline execution takes its time to stop: SageMaker gives a training job two minutes (StopTrainingJob)."""


class DefectError(Exception):
    """A defect of ours; the message says where the log is and repeats nothing from inside."""


@dataclass(frozen=True)
class Call:
    """What a state hands over."""

    issue: int
    token: str | None
    error: Mapping[str, Any]


def run_task(ports: Ports, payload: Mapping[str, Any]) -> Result:
    """Runs the task of a state. Payload: `task`, `issue`, `run`, and where the state has them `token` and `error`."""
    call = Call(int(payload["issue"]), payload.get("token"), payload.get("error") or {})
    try:
        run = get(ports, call.issue)
        if run.number != payload["run"]:
            raise Cancelled(f"run {payload['run']} of issue {call.issue} was replaced by run {run.number}")
        result = TASKS[payload["task"]](ports, run, call)
        LOG.info("issue %s, %s: %s", call.issue, payload["task"], result or "waits")
        return result
    except Exception as error:
        expected = _expected(ports, error)
        if call.token is None:
            raise expected from error
        ports.workflow.fail(call.token, type(expected).__name__, str(expected))
        return {}


def _expected(ports: Ports, error: Exception) -> Exception:
    """The error as the workflow may see it: those with a name there as they are, anything else without its text."""
    if isinstance(error, PlatformError | ConflictError | Cancelled | StillStopping):
        LOG.warning("%s: %s", type(error).__name__, error)
        return PlatformError(str(error)) if isinstance(error, RateLimitError) else error
    LOG.exception("a task failed")
    return DefectError(f"A defect of ours ({type(error).__name__}). The log says more: {ports.log_address()}")


def start_training(ports: Ports, run: Run, call: Call) -> Result:
    """Starts the pipeline of the current attempt; its last event completes the token.

    The token is stored first. An execution that ended before it was stored is noticed here. The progress comment is
    written before the first event can come, so that there is one.
    """
    run = _wait_with(ports, run, call, lambda _: {"state": "running"})
    run = plan(ports, run)
    if run.attempt.status is not None:
        ports.workflow.succeed(_token(call), {"status": "Refused"})
        return {}
    run = show_progress(ports, run, [])
    ports.issues.set_label(run.issue, "mlops:running")
    execution = ports.pipelines.describe(_arn(_start(ports, run)))
    if execution.ended:
        ports.workflow.succeed(_token(call), {"status": execution.status})
    elif execution.queued is not None:
        show_progress(ports, run, [], execution.queued)
    return {}


def _wait_with(ports: Ports, run: Run, call: Call, changes: Callable[[Run], Mapping[str, Any]]) -> Run:
    """Stores the token that the run waits with now. Raises Cancelled where the run is."""
    run = update(ports, run.issue, lambda fresh: fresh.model_copy(update={**changes(fresh), "token": _token(call)}))
    _check(run)
    return run


def _check(run: Run) -> None:
    if run.cancelled_by is not None:
        raise Cancelled(f"by {run.cancelled_by}")


def _start(ports: Ports, run: Run) -> Run:
    """Starts the pipeline, or finds it started: the client request token makes both the same call."""
    assert run.settled is not None  # noqa: S101 (planned)
    arn = ports.pipelines.start(run.settled.pipeline, run.run_id, run.attempt.parameters)
    run = update(ports, run.issue, lambda fresh: fresh.with_attempt(execution_arn=arn))
    if run.cancelled_by is not None:
        ports.pipelines.stop(arn)
    return run


def _token(call: Call) -> str:
    if call.token is None:
        raise ValueError("the state gave no task token")
    return call.token


def _arn(run: Run) -> str:
    if run.attempt.execution_arn is None:
        raise ValueError(f"{run.run_id}: was not started")
    return run.attempt.execution_arn


def judge(ports: Ports, run: Run, _: Call) -> Result:
    """Reads what became of the attempt, commits its record, tells it on the issue."""
    if run.attempt.status is None:
        run = judge_attempt(ports, run, ports.pipelines.describe(_arn(run)))
    run = record_attempt(ports, run)
    cancelled = run.cancelled_by is not None and run.attempt.status != "registered"
    return {"outcome": "cancelled" if cancelled else run.attempt.status, "retries_left": run.retries_left}


def ask_operator(ports: Ports, run: Run, call: Call) -> Result:
    """Tells on Slack and by e-mail that the run waits for a person. The result comment has asked on the issue.

    A reply that came while an earlier token of this wait failed completes this one.
    """
    ports.issues.set_label(run.issue, "mlops:waiting")
    moment = ports.clock()
    run = _wait_with(ports, run, call, lambda fresh: {} if fresh.reply else _asked(fresh, moment))
    if run.reply is not None:
        ports.workflow.succeed(_token(call), {"reply": run.reply.comment})
    elif run.told != run.attempt.number:
        ports.notices.tell(notice_ask(run, ports.issues.read(run.issue).url, advice_for(ports, run)))
        update(ports, run.issue, lambda fresh: fresh.model_copy(update={"told": run.attempt.number}))
    return {}


def _asked(run: Run, moment: datetime) -> dict[str, Any]:
    return {"state": "waiting", "asked": run.asked or moment}


def apply_adjustment(ports: Ports, run: Run, _: Call) -> Result:
    """Makes the accepted reply the next attempt."""
    _check(run)
    update(ports, run.issue, _adjusted)
    return {}


def _adjusted(run: Run) -> Run:
    if run.reply is None:
        return run
    attempt = Attempt(
        number=run.attempt.number + 1,
        hyperparameters=run.reply.hyperparameters,
        reply_author=run.reply.author,
        reply_comment=run.reply.comment,
    )
    asked = {"reply": None, "token": None, "asked": None, "reminded": False}
    changes = {"attempts": (*run.attempts, attempt), **asked, "state": "running"}
    return run.model_copy(update=changes)


def record_success(ports: Ports, run: Run, _: Call) -> Result:
    """Tells the end: registered."""
    tell_end(ports, run, "registered", None)
    return {"status": "registered"}


def keep_previous(ports: Ports, run: Run, call: Call) -> Result:
    """Stops what still runs, records the attempt if that is left to do, and tells the end: the previous version stays.

    A model that was registered before the stop came counts as registered.
    """
    if run.state == "ended":
        return {"status": run.status}
    run = _with_lost_execution(ports, run)
    if run.own_attempts and run.attempt.execution_arn is not None and not _is_recorded(ports, run):
        refused = run.attempt.status is not None and call.error.get("Error") == PlatformError.__name__
        run = judge_attempt(ports, run, _stopped(ports, _arn(run)))
        run = record_attempt(ports, run, must_commit=not refused)
    status, reason = end_of(run, call.error)
    tell_end(ports, run, status, reason)
    return {"status": status}


def _is_recorded(ports: Ports, run: Run) -> bool:
    """Whether the current attempt is in the history and told on the issue: a crash may have come in between."""
    if run.attempt.record_path is None:
        return False
    return any(comment.marker == result_marker(run) for comment in ports.issues.comments(run.issue))


def _with_lost_execution(ports: Ports, run: Run) -> Run:
    """The run with the execution that was started for it, where the answer to the start was lost."""
    if run.settled is None or not run.own_attempts:
        return run
    attempt = run.attempt
    if not attempt.parameters or attempt.status is not None or attempt.execution_arn is not None:
        return run
    arn = ports.pipelines.find(run.settled.pipeline, run.run_id)
    return update(ports, run.issue, lambda fresh: fresh.with_attempt(execution_arn=arn)) if arn else run


def _stopped(ports: Ports, arn: str) -> Execution:
    """The execution when it has ended. Raises StillStopping where that takes long: the state is retried."""
    execution = ports.pipelines.describe(arn)
    if not execution.ended:
        ports.pipelines.stop(arn)
    for seconds in STOPPING_SECONDS:
        execution = ports.pipelines.describe(arn)
        if execution.ended:
            return execution
        ports.pause(seconds)
    raise StillStopping(f"{arn}: is {execution.status}")


def abandon(ports: Ports, run: Run, why: str) -> bool:
    """Ends a wait for the operator: the run ends below the threshold, and the previous version stays.

    A reply that was accepted goes first. False: nothing waits.
    """
    if run.token is None:
        return False
    if run.reply is not None:
        return ports.workflow.succeed(run.token, {"reply": run.reply.comment})
    return run.state == "waiting" and ports.workflow.fail(run.token, ABANDONED, why)


def tell_failure(ports: Ports, run: Run, call: Call) -> Result:
    """The end could not be told on the issue: tells it on Slack and by e-mail, and lets the issue start anew."""
    status, reason = end_of(run, call.error)
    cause, log = cause_of(call.error), ports.log_address()
    text = say("{status}. {cause} Log: {log}", status=say(VERDICTS[status]), cause=cause, log=log)
    ports.notices.tell(Notice(say("Issue {issue}: its end could not be told there", issue=run.issue), text, ""))
    with suppress(PlatformError):
        ports.issues.set_label(run.issue, label_of(status))
    update(ports, run.issue, lambda fresh: ended(fresh, status, reason).model_copy(update={"untold": True}))
    return {}


TASKS: dict[str, Callable[[Ports, Run, Call], Result]] = {
    task.__name__: task
    for task in (
        start_training,
        judge,
        ask_operator,
        apply_adjustment,
        record_success,
        keep_previous,
        tell_failure,
    )
}
