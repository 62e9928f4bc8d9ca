"""What the states of workflow.asl.json call, one function each.

A task may be called twice with the same token, after a crash too. States with a token end when it is completed or
failed; those without raise, and Step Functions retries or catches by the name of the error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.attempts import advice_for, get, judge_attempt, plan, record_attempt, show_progress, update
from lambda_bridge.endings import ABANDONED, cause_of, end_of, ended, tell_end
from lambda_bridge.notices import notice_ask
from lambda_bridge.ports import ConflictError, Execution, Notice, Ports
from lambda_bridge.runs import Attempt, Run

LOG = logging.getLogger(__name__)
STOPPING_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""How long a task itself waits for an execution to stop; then Step Functions retries it."""

Result = dict[str, Any]


class Cancelled(Exception):  # noqa: N818 (the name of the error in the workflow)
    """Somebody cancelled the run."""


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
        return TASKS[payload["task"]](ports, run, call)
    except Exception as error:
        expected = _expected(ports, error)
        if call.token is None:
            raise expected from error
        ports.workflow.fail(call.token, type(expected).__name__, str(expected))
        return {}


def _expected(ports: Ports, error: Exception) -> Exception:
    """The error as the workflow may see it: those with a name there as they are, anything else without its text."""
    if isinstance(error, PlatformError | ConflictError | Cancelled):
        return error
    LOG.exception("a task failed")
    return DefectError(f"A defect of ours ({type(error).__name__}). The log says more: {ports.log_address()}")


def start_training(ports: Ports, run: Run, call: Call) -> Result:
    """Starts the pipeline of the current attempt; its last event completes the token.

    The token is stored first. An execution that ended before it was stored is noticed here.
    """
    run = _wait_with(ports, run, call, {"state": "running"})
    run = plan(ports, run)
    if run.attempt.status is not None:
        ports.workflow.succeed(_token(call), {"status": "Refused"})
        return {}
    run = _start(ports, run)
    ports.issues.set_label(run.issue, "mlops:running")
    execution = ports.pipelines.describe(_arn(run))
    if execution.ended:
        ports.workflow.succeed(_token(call), {"status": execution.status})
    else:
        show_progress(ports, run, ports.pipelines.steps(execution.arn))
    return {}


def _wait_with(ports: Ports, run: Run, call: Call, changes: Mapping[str, Any]) -> Run:
    """Stores the token that the run waits with now. Raises Cancelled where the run is."""
    run = update(ports, run.issue, lambda fresh: fresh.model_copy(update={**changes, "token": _token(call)}))
    _check(run)
    return run


def _check(run: Run) -> None:
    if run.cancelled_by is not None:
        raise Cancelled(f"by {run.cancelled_by}")


def _start(ports: Ports, run: Run) -> Run:
    """Starts the pipeline, or finds it started: the client request token makes both the same call."""
    assert run.settled is not None  # noqa: S101 (planned)
    arn = ports.pipelines.start(run.settled.learning_type, run.run_id, run.attempt.parameters)
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
    """Tells on Slack and by e-mail that the run waits for a person. The result comment has asked on the issue."""
    asked = run.state == "waiting"
    moment = run.asked if asked else ports.clock()
    run = _wait_with(ports, run, call, {"state": "waiting", "asked": moment})
    if not asked:
        url = ports.issues.read(run.issue).url
        ports.notices.tell(notice_ask(run, url, advice_for(ports, run)))
    ports.issues.set_label(run.issue, "mlops:waiting")
    return {}


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
    changes = {"attempts": (*run.attempts, attempt), "reply": None, "token": None, "asked": None, "state": "running"}
    return run.model_copy(update=changes)


def record_success(ports: Ports, run: Run, _: Call) -> Result:
    """Tells the end: registered."""
    tell_end(ports, run, "registered", None)
    return {"status": "registered"}


def keep_previous(ports: Ports, run: Run, call: Call) -> Result:
    """Stops what still runs, records the attempt if that is left to do, and tells the end: the previous version stays.

    A model that was registered before the stop came counts as registered.
    """
    if run.own_attempts and run.attempt.record_path is None and run.attempt.execution_arn is not None:
        refused = run.attempt.status is not None and call.error.get("Error") == PlatformError.__name__
        run = judge_attempt(ports, run, _stopped(ports, _arn(run)))
        run = record_attempt(ports, run, must_commit=not refused)
    status, reason = end_of(run, call.error)
    tell_end(ports, run, status, reason)
    return {"status": status}


def _stopped(ports: Ports, arn: str) -> Execution:
    """The execution when it has ended. Raises PlatformError where stopping takes long: the state is retried."""
    execution = ports.pipelines.describe(arn)
    if not execution.ended:
        ports.pipelines.stop(arn)
    for seconds in STOPPING_SECONDS:
        execution = ports.pipelines.describe(arn)
        if execution.ended:
            return execution
        ports.pause(seconds)
    raise PlatformError(f"{arn}: is still {execution.status}, waiting for it to stop.")


def abandon(ports: Ports, run: Run, why: str) -> None:
    """Ends a wait for the operator: the run ends below the threshold, and the previous version stays."""
    if run.state == "waiting" and run.token is not None:
        ports.workflow.fail(run.token, ABANDONED, why)


def tell_failure(ports: Ports, run: Run, call: Call) -> Result:
    """The end could not be told on the issue: tells it on Slack and by e-mail, and lets the issue start anew."""
    subject = f"Issue {run.issue}: its end could not be told there"
    ports.notices.tell(Notice(subject, f"{cause_of(call.error)} Log: {ports.log_address()}", ""))
    update(ports, run.issue, lambda fresh: ended(fresh, "failed", cause_of(call.error)))
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
