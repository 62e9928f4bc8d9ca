"""The bridge's answers to commands and edits. Pure: facts in, Markdown out."""

from __future__ import annotations

from collections.abc import Sequence

from algorithms.errors import Problem
from lambda_bridge.inert import code
from lambda_bridge.ports import StartLimits
from lambda_bridge.runs import Review, Run
from lambda_bridge.sentences import (
    HOW_TO_START,
    VERDICTS,
    attempt_line,
    attempt_table,
    best_of,
    comment,
    count,
    primary_of,
    problem_list,
    subject,
)
from pipelines.markdown import table

COMMANDS = (
    ("a YAML block with `adjusted_hyperparameters:`", "while the run waits: trains again with these values changed"),
    ("`/retrain name=value ...`", "the same in one line; `null` restores a default"),
    ("`/cancel`", "ends the run and keeps the previous version"),
    ("`/status`", "tells how the run stands"),
    ("`/approve [version] [why]`", "approves a model package; without a version the one that this issue registered"),
    ("`/reject [version] [why]`", "rejects it; if it was the live one, the approved version before it is live again"),
    (
        "`/rollback [version] [why]`",
        "goes back to an earlier approved version, once its artefact has loaded and predicted; the newer ones are "
        "rejected",
    ),
    ("`/help`", "this table"),
)


def status(run: Run) -> str:
    """State, attempt, metrics and links of a run."""
    request = run.settled or run.request
    return comment(
        f"### Run {run.number}: {_state(run)}" if run.number else f"### {_state(run)}",
        f"{subject(request)}, {attempt_line(run)}." if request and run.own_attempts else "",
        _best(run),
        attempt_table(run.own_attempts),
        _next(run),
    )


def _state(run: Run) -> str:
    if run.state == "ended" and run.status is not None:
        return f"ended, {VERDICTS[run.status]}"
    if run.cancelled_by is not None and run.state != "refused":
        return f"being cancelled, by {code(run.cancelled_by)}"
    named = {"refused": "not started", "running": "running ⏳", "waiting": "waiting for a reply ⏸️"}
    return named.get(run.state, "ended")


def _best(run: Run) -> str:
    best = best_of(run.own_attempts)
    return f"Best so far: attempt {best.number}, {primary_of(best)}." if best and len(run.own_attempts) > 1 else ""


def _next(run: Run) -> str:
    if run.state == "waiting" and run.cancelled_by is None:
        return f"Reply with adjusted hyperparameters, {count(run.retries_left, 'retry')} left, or write `/cancel`."
    return HOW_TO_START if run.state in ("ended", "refused") else ""


def help_text() -> str:
    """The commands."""
    who = "I obey new comments of people with write, maintain or admin permission."
    return comment("### Commands", table(["comment", "effect"], COMMANDS), who)


def refused() -> str:
    """The person may not start anything."""
    return comment(
        "### Not started",
        "A run spends money, so it is started by people with write, maintain or admin permission only. "
        "A maintainer can start this one: remove the label `mlops:train`, and apply it again.",
    )


def postponed(limits: StartLimits) -> str:
    """Too many runs were started within the hour."""
    return comment(
        "### Not started yet",
        f"At most {count(limits.person, 'run')} of one person and {limits.repository} of this repository start within "
        "an hour, and that many have. This one starts by itself as soon as there is room. To withdraw it, close the "
        "issue or remove the label `mlops:train`.",
    )


def edited() -> str:
    """A command that was edited before it was found."""
    return comment("This comment was edited after it was written, so I do not obey it. Please post a new comment.")


def reminder(run: Run) -> str:
    """Nobody has answered for a while."""
    left = count(run.retries_left, "retry")
    return comment(
        f"### Attempt {run.attempt.number} still waits for a reply",
        f"Reply with adjusted hyperparameters, {left} left, or write `/cancel`. Without a reply the run ends by "
        "itself, and the previous version stays.",
    )


def still_ending() -> str:
    """The label came while a cancelled run was ending."""
    return comment(
        "The earlier run of this issue is still ending. Apply the label `mlops:train` again once it has ended."
    )


def edit_ignored() -> str:
    """The body was edited while the run goes on."""
    return comment(
        "This edit is ignored until this run ends; edit the issue again then, and a new run starts. "
        "To end the run now, write `/cancel`."
    )


def not_waiting() -> str:
    """A reply while nothing waits for one."""
    return comment(
        "The run is not waiting for a reply yet, so nothing was changed. Post it again when I ask for one. "
        "`/status` tells how far the run is."
    )


def already_accepted() -> str:
    """A second reply before the first one is applied."""
    return comment(
        "Another reply was accepted just before this one, so this one is not used. Post it again when I ask."
    )


def changes_nothing() -> str:
    """A reply with the values that the last attempt had."""
    return comment(
        "The last attempt had exactly these values, so training again would change nothing. "
        "Reply with at least one other value. I go on waiting."
    )


def invalid_reply(problems: Sequence[Problem], waiting: bool) -> str:
    """A reply that cannot be read or whose values are not valid."""
    last = "Correct it in a new comment. I go on waiting." if waiting else ""
    return comment(f"### This reply has {count(len(problems), 'problem')}", problem_list(problems), last)


def ended() -> str:
    """A reply when no run goes on."""
    return comment(f"No run is going on, so there is nothing to retrain. {HOW_TO_START}")


def being_cancelled() -> str:
    """A reply to a run that is being cancelled."""
    return comment(f"This run is being cancelled, so the reply is not used. {HOW_TO_START}")


def nothing_runs() -> str:
    """A cancel when no run goes on."""
    return comment("No run is going on, so there is nothing to cancel.")


def still_deciding(review: Review) -> str:
    """A decision about a version before the one before it is done."""
    return comment(
        f"The `/{review.kind}` of {code(review.author)} is still being done, so this was not looked at. "
        "Post it again when I have answered that one."
    )


def did_you_mean(name: str, suggestion: str) -> str:
    """A near miss of a command."""
    how = "Write it in a new comment, at the very beginning, as plain text."
    return comment(f"I do not know {code(name)}. Did you mean {code(suggestion)}? {how} `/help` lists the commands.")
