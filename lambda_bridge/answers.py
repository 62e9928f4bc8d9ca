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
from pipelines.language import mark, say
from pipelines.markdown import table

COMMANDS = (
    (
        mark("a YAML block with `adjusted_hyperparameters:`"),
        mark("while the run waits: trains again with these values changed"),
    ),
    (mark("`/retrain name=value ...`"), mark("the same in one line; `null` restores a default")),
    (mark("`/cancel`"), mark("ends the run and keeps the previous version")),
    (mark("`/status`"), mark("tells how the run stands")),
    (
        mark("`/approve [version] [why]`"),
        mark("approves a model package; without a version the one that this issue registered"),
    ),
    (
        mark("`/reject [version] [why]`"),
        mark("rejects it; if it was the live one, the approved version before it is live again"),
    ),
    (
        mark("`/rollback [version] [why]`"),
        mark(
            "goes back to an earlier approved version, once its artefact has loaded and predicted; "
            "the newer ones are rejected"
        ),
    ),
    (mark("`/help`"), mark("this table")),
)


def status(run: Run) -> str:
    """State, attempt, metrics and links of a run."""
    request = run.settled or run.request
    return comment(
        say("### Run {number}: {run}", number=run.number, run=_state(run)) if run.number else f"### {_state(run)}",
        f"{subject(request)}, {attempt_line(run)}." if request and run.own_attempts else "",
        _best(run),
        attempt_table(run.own_attempts),
        _next(run),
    )


def _state(run: Run) -> str:
    if run.state == "ended" and run.status is not None:
        return say("ended, {status}", status=say(VERDICTS[run.status]))
    if run.cancelled_by is not None and run.state != "refused":
        return say("being cancelled, by {cancelled_by}", cancelled_by=code(run.cancelled_by))
    named = {"refused": say("not started"), "running": say("running ⏳"), "waiting": say("waiting for a reply ⏸️")}
    return named.get(run.state, say("ended"))


def _best(run: Run) -> str:
    best = best_of(run.own_attempts)
    return (
        say("Best so far: attempt {number}, {best}.", number=best.number, best=primary_of(best))
        if best and len(run.own_attempts) > 1
        else ""
    )


def _next(run: Run) -> str:
    if run.state == "waiting" and run.cancelled_by is None:
        return say(
            "Reply with adjusted hyperparameters, {retries_left} left, or write `/cancel`.",
            retries_left=count(run.retries_left, "retry"),
        )
    return say(HOW_TO_START) if run.state in ("ended", "refused") else ""


def help_text() -> str:
    """The commands."""
    who = say("I obey new comments of people with write, maintain or admin permission.")
    return comment(
        say("### Commands"),
        table([say("comment"), say("effect")], [(say(what), say(does)) for what, does in COMMANDS]),
        who,
    )


def refused() -> str:
    """The person may not start anything."""
    return comment(
        say("### Not started"),
        say(
            "A run spends money, so it is started by people with write, maintain or admin "
            "permission only. A maintainer can start this one: remove the label `mlops:train`, and "
            "apply it again."
        ),
    )


def postponed(limits: StartLimits) -> str:
    """Too many runs were started within the hour."""
    return comment(
        say("### Not started yet"),
        say(
            "At most {person} of one person and {repository} of this repository start within an "
            "hour, and that many have. This one starts by itself as soon as there is room. To "
            "withdraw it, close the issue or remove the label `mlops:train`.",
            person=count(limits.person, "run"),
            repository=limits.repository,
        ),
    )


def edited() -> str:
    """A command that was edited before it was found."""
    return comment(say("This comment was edited after it was written, so I do not obey it. Please post a new comment."))


def reminder(run: Run) -> str:
    """Nobody has answered for a while."""
    left = count(run.retries_left, "retry")
    return comment(
        say("### Attempt {number} still waits for a reply", number=run.attempt.number),
        say(
            "Reply with adjusted hyperparameters, {left} left, or write `/cancel`. Without a reply "
            "the run ends by itself, and the previous version stays.",
            left=left,
        ),
    )


def still_ending() -> str:
    """The label came while a cancelled run was ending."""
    return comment(
        say("The earlier run of this issue is still ending. Apply the label `mlops:train` again once it has ended.")
    )


def edit_ignored() -> str:
    """The body was edited while the run goes on."""
    return comment(
        say(
            "This edit is ignored until this run ends; edit the issue again then, and a new run "
            "starts. To end the run now, write `/cancel`."
        )
    )


def not_waiting() -> str:
    """A reply while nothing waits for one."""
    return comment(
        say(
            "The run is not waiting for a reply yet, so nothing was changed. Post it again when I "
            "ask for one. `/status` tells how far the run is."
        )
    )


def already_accepted() -> str:
    """A second reply before the first one is applied."""
    return comment(
        say("Another reply was accepted just before this one, so this one is not used. Post it again when I ask.")
    )


def changes_nothing() -> str:
    """A reply with the values that the last attempt had."""
    return comment(
        say(
            "The last attempt had exactly these values, so training again would change nothing. "
            "Reply with at least one other value. I go on waiting."
        )
    )


def invalid_reply(problems: Sequence[Problem], waiting: bool) -> str:
    """A reply that cannot be read or whose values are not valid."""
    last = say("Correct it in a new comment. I go on waiting.") if waiting else ""
    return comment(
        say("### This reply has {count}", count=count(len(problems), "problem")), problem_list(problems), last
    )


def ended() -> str:
    """A reply when no run goes on."""
    return comment(
        say("No run is going on, so there is nothing to retrain. {how_to_start}", how_to_start=say(HOW_TO_START))
    )


def being_cancelled() -> str:
    """A reply to a run that is being cancelled."""
    return comment(
        say("This run is being cancelled, so the reply is not used. {how_to_start}", how_to_start=say(HOW_TO_START))
    )


def nothing_runs() -> str:
    """A cancel when no run goes on."""
    return comment(say("No run is going on, so there is nothing to cancel."))


def still_deciding(review: Review) -> str:
    """A decision about a version before the one before it is done."""
    return comment(
        say(
            "The `/{kind}` of {author} is still being done, so this was not looked at. Post it "
            "again when I have answered that one.",
            kind=review.kind,
            author=code(review.author),
        )
    )


def did_you_mean(name: str, suggestion: str) -> str:
    """A near miss of a command."""
    how = say("Write it in a new comment, at the very beginning, as plain text.")
    return comment(
        say(
            "I do not know {name}. Did you mean {suggestion}? {how} `/help` lists the commands.",
            name=code(name),
            suggestion=code(suggestion),
            how=how,
        )
    )
