"""The comments of a run: its progress, the result of each attempt, its end. Pure.

Facts in, Markdown out; text from strangers goes through `inert`. Answers to commands are in `answers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from algorithms.errors import Problem
from lambda_bridge.advise import Advice
from lambda_bridge.groups import fairness_section
from lambda_bridge.inert import code, prose
from lambda_bridge.judge import Step
from lambda_bridge.metric_table import (
    comparison_note,
    findings,
    headline,
    metrics_table,
    no_better,
    notes,
    target_note,
    too_good,
)
from lambda_bridge.runs import Attempt, Run, Status
from lambda_bridge.search import search_section
from lambda_bridge.sentences import (
    HOW_TO_START,
    VERDICTS,
    attempt_line,
    attempt_table,
    best_of,
    comment,
    count,
    inline,
    primary_of,
    problem_list,
    settings,
    subject,
    titled,
    verdict,
)
from lambda_bridge.step_table import bar, step_table
from pipelines.language import say
from pipelines.request import TrainingRequest


def progress(
    run: Run, steps: Sequence[Step], planned: Sequence[str], queued: int | None = None, bound: str = ""
) -> str:
    """The one progress comment of a run, edited in place: a table of the current attempt's steps and a bar.

    Parameters
    ----------
    run : with a planned attempt
    steps : ListPipelineExecutionSteps, oldest first
    planned : names of the steps that a good attempt goes through, in order
    queued : the place in the queue, while all workers are busy
    bound : the most that the run may cost
    """
    return comment(
        say("### Training {subject}, {line}", subject=subject(asked(run)), line=attempt_line(run)),
        "" if queued is None else say("All workers are busy: place {queued} in the queue.", queued=queued),
        step_table(steps, planned),
        bar(steps, planned),
        say("Hyperparameters: {hyperparameters}.", hyperparameters=settings(run.attempt.hyperparameters)),
        bound,
    )


def asked(run: Run) -> TrainingRequest:
    """The request of a run, settled where it is. Raises ValueError for a refused one."""
    request = run.settled or run.request
    if request is None:
        raise ValueError(f"issue {run.issue}: its run has no request")
    return request


def result(
    run: Run,
    evaluation: Mapping[str, Any] | None,
    *,
    advice: Advice | None = None,
    plots: Mapping[str, str] | None = None,
    branch: str | None = None,
    problem: str | None = None,
) -> str:
    """What the current, judged attempt came to, and what to try next where it was not good enough.

    Parameters
    ----------
    evaluation : evaluation.json, or None where Evaluate wrote none
    advice : for an attempt below the threshold
    plots : file name -> address of a PNG
    branch : where the record stands, if that is not the branch that people look at
    problem : why the record could not be committed
    """
    attempt, request = run.attempt, asked(run)
    first = [*_notes(run), *target_note(request, evaluation or {})] if attempt.number == run.first_attempt else []
    return comment(
        say("### Attempt {number}: {verdict}", number=attempt.number, verdict=verdict(attempt)),
        problem_list(attempt.problems),
        *(() if evaluation is None else (headline(request, evaluation), metrics_table(request, evaluation))),
        notes(request, evaluation) if evaluation else "",
        no_better(evaluation) if evaluation and attempt.status == "registered" else "",
        too_good(request, evaluation) if evaluation else "",
        *(_next(run, advice) if attempt.status == "below_threshold" else ()),
        comparison_note(evaluation) if evaluation else "",
        say("Hyperparameters: {values}.", values=settings(attempt.values)) if attempt.execution_arn else "",
        search_section(request, attempt.trials),
        fairness_section(evaluation) if evaluation else "",
        "\n".join(f"![{name.removesuffix('.png').replace('_', ' ')}](<{url}>)" for name, url in (plots or {}).items()),
        _record(attempt, branch, problem),
        findings(evaluation) if evaluation else "",
        titled(say("Chosen for you"), first),
    )


def _notes(run: Run) -> Sequence[str]:
    return run.settled.notes if run.settled else ()


def _record(attempt: Attempt, branch: str | None, problem: str | None) -> str:
    if problem is not None:
        return say("The record of this attempt could not be committed: {problem}", problem=prose(problem))
    if attempt.record_url is None:
        return ""
    where = (
        say(" It stands on the branch {branch}, since the default branch is protected.", branch=code(branch))
        if branch
        else ""
    )
    return say("[Record of this attempt](<{record_url}>).{where}", record_url=attempt.record_url, where=where)


def _next(run: Run, advice: Advice | None) -> list[str]:
    """What to try, as a reply that can be pasted, or, where no retry is left, as a new start."""
    tips = [] if advice is None else [f"{advice.why} {advice.basis}".strip()]
    changes = {} if advice is None else advice.changes
    if run.retries_left == 0:
        return [say("#### No retries left"), *tips, _no_retries(run, changes)]
    how = say("Change the values as you like; {retries_left} left.", retries_left=count(run.retries_left, "retry"))
    end = say("`/cancel` ends the run now and keeps the previous version.")
    if not changes:
        example = say("`/retrain name=value` or a ```` ```yaml ```` block with `adjusted_hyperparameters:`")
        return [
            say("#### What to try next"),
            *tips,
            say("Reply with {example} to train again. {how} {end}", example=example, how=how, end=end),
        ]
    return [
        say("#### What to try next"),
        *tips,
        say("To train again with these values, reply with this block:"),
        _block("adjusted_hyperparameters", changes),
        say("or in one line: {changes}", changes=retrain(changes)),
        f"{how} {end}",
    ]


def _no_retries(run: Run, changes: Mapping[str, Any]) -> str:
    spent = say("All {count} of this run are used up", count=count(len(run.own_attempts), "attempt"))
    if len(run.own_attempts) == 1:
        spent = say("This run had one attempt")
    values = say(" {changes} would be the next values to try.", changes=settings(changes)) if changes else ""
    return f"{spent} (`max_retry: {asked(run).max_retry}`).{values}"


def _block(key: str, values: Mapping[str, Any]) -> str:
    """A YAML block of values that were validated: JSON scalars and lists are YAML too."""
    lines = [f"  {name}: {inline(value)}" for name, value in values.items()]
    return "\n".join(["```yaml", f"{key}:", *lines, "```"])


def retrain(changes: Mapping[str, Any]) -> str:
    """The changes as a command in one line."""
    pairs = " ".join(f"{name}={inline(value)}" for name, value in changes.items())
    return f"`/retrain {pairs}`"


def final(run: Run, status: Status, reason: str | None, live: str | None) -> str:
    """How the run ended, and which version is live.

    Parameters
    ----------
    reason : why it ended so, where the last attempt does not say it
    live : ARN of the latest approved model package, or None
    """
    kept = say("The approved version stays {live}.", live=code(live)) if live else say("No version is approved yet.")
    table_ = attempt_table(run.own_attempts)
    if status == "registered":
        package = say(
            "The model of {subject} is registered as {model_package_arn}",
            subject=subject(asked(run)),
            model_package_arn=code(run.attempt.model_package_arn),
        )
        return comment(
            say("### Registered ✅"),
            say("{package}, pending manual approval.\n{kept}", package=package, kept=kept),
            table_,
        )
    return comment(
        say("### Ended: {status}", status=say(VERDICTS[status])),
        _why(run, status, reason),
        say("Nothing was registered. {kept}", kept=kept),
        table_,
        say(HOW_TO_START),
    )


def _why(run: Run, status: Status, reason: str | None) -> str:
    if status == "cancelled" and reason:
        return say("Cancelled {reason}.", reason=prose(reason))
    because = prose(say("{reason}.", reason=f"{reason[:1].upper()}{reason[1:]}")) if reason else ""
    if status == "below_threshold":
        best = best_of(run.own_attempts)
        return (
            say(
                "{because} The best was attempt {number}, with {best}.",
                because=because,
                number=best.number,
                best=primary_of(best),
            ).strip()
            if best
            else because
        )
    return because or (problem_list(run.attempt.problems) if run.own_attempts else "")


def invalid(problems: Sequence[Problem]) -> str:
    """The request cannot start: every problem at once."""
    title = say("### This request cannot start: {count}", count=count(len(problems), "problem"))
    return comment(title, problem_list(problems), say("Edit the issue, and it starts again."))
