"""Decisions about comments: who is obeyed, and what a command does in each state of the run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from algorithms.errors import IssueFormatError, ParameterError
from lambda_bridge import answers
from lambda_bridge.actions import Action, Complete, HandOver, Ignore, React, Save, Write
from lambda_bridge.adjusting import merge, readable, same
from lambda_bridge.commands import Adjust, Cancel, Command, Help, Review, Status, read_command
from lambda_bridge.decide_issue import cancelled, is_active, woken
from lambda_bridge.events import CommentEvent
from lambda_bridge.facts import Facts
from lambda_bridge.runs import Reply, Run
from lambda_bridge.runs import Review as Accepted

Actions = tuple[Action, ...]


def concerns_comment(event: CommentEvent, run: Run | None) -> bool:
    """Whether a comment is a command, or meant to be one, on an issue with a record."""
    return run is not None and _command(event) is not None


def _command(event: CommentEvent) -> Command | IssueFormatError | None:
    try:
        return read_command(event.body)
    except IssueFormatError as error:
        return error


def decide_comment(event: CommentEvent, run: Run | None, facts: Facts) -> Actions:
    """See `decide.decide`."""
    command = _command(event)
    if run is None or command is None:
        return (Ignore("no command, or an issue without a run"),)
    if not facts.may_act:
        return (Ignore("the author may not act"),)
    if event.created and event.created < run.start_at:
        return (Ignore("written before the run was started"),)
    if event.edited:
        return _Case(event, run).answered(answers.edited())
    if event.comment < run.handled_comment and not _is_reply(event, run):
        if isinstance(command, Cancel) and event.comment > run.handled_before and is_active(run):
            return (React(event.issue, event.comment), *cancelled(run, event.author))
        return (Ignore("a late delivery of an older comment"),)
    found = _effect(_Case(event, run), command, facts)
    return found if isinstance(found[0], Ignore) else (React(event.issue, event.comment), *found)


def _is_reply(event: CommentEvent, run: Run) -> bool:
    return run.reply is not None and run.reply.comment == event.comment


@dataclass(frozen=True)
class _Case:
    """A comment and the run that it is about."""

    event: CommentEvent
    run: Run

    @property
    def repeated(self) -> bool:
        """Whether the record knows the comment already: only what may be missing is done."""
        return self.event.comment <= self.run.handled_comment

    @property
    def applied(self) -> bool:
        """Whether an attempt was made of this comment."""
        return any(attempt.reply_comment == self.event.comment for attempt in self.run.attempts)

    def handled(self) -> Run:
        """The run that knows of this comment."""
        return self.run.model_copy(update={"handled_comment": self.event.comment})

    def told(self, text: str) -> Write:
        """The answer; a second delivery edits it in place."""
        return Write(self.event.issue, f"answer-{self.event.comment}", text)

    def answered(self, text: str) -> Actions:
        """An answer that is remembered first, so that the comment has no effect later."""
        return (self.told(text),) if self.repeated else (Save(self.handled()), self.told(text))


def _effect(case: _Case, command: Command | IssueFormatError, facts: Facts) -> Actions:
    match command:
        case Adjust(changes):
            return _adjust(case, changes)
        case IssueFormatError():
            return case.answered(answers.invalid_reply(command.problems, case.run.state == "waiting"))
        case Cancel():
            return _cancel(case)
        case Status():
            return (case.told(answers.status(case.run)),)
        case Help():
            return (case.told(answers.help_text()),)
        case Review():
            return _review(case, command, facts)
    return (case.told(answers.did_you_mean(command.name, command.suggestion)),)


def _adjust(case: _Case, changes: dict[str, object]) -> Actions:
    run = case.run
    if _is_reply(case.event, run):
        return _completed(case)
    if case.repeated and (run.cancelled_by is not None or case.applied):
        return (Ignore("this reply was handled"),)
    if not is_active(run):
        return case.answered(answers.ended())
    if run.cancelled_by is not None:
        return case.answered(answers.being_cancelled())
    if run.reply is not None:
        return (*case.answered(answers.already_accepted()), *_handed_over(run, run.reply))
    if run.state != "waiting" or run.token is None:
        return case.answered(answers.not_waiting())
    return _reply(case, changes)


def _completed(case: _Case) -> Actions:
    """Hands the accepted reply to the workflow, once more if need be: a token takes one answer."""
    token = case.run.token
    if token is None or case.run.cancelled_by is not None:
        return (Ignore("this reply was handled"),)
    return (Complete(token, {"reply": case.event.comment}),)


def _handed_over(run: Run, reply: Reply) -> Actions:
    """The accepted reply once more: its first hand-over may have failed."""
    return () if run.token is None else (Complete(run.token, {"reply": reply.comment}),)


def _reply(case: _Case, changes: dict[str, object]) -> Actions:
    """A reply that the run waits for."""
    run = case.run
    if run.request is None:
        raise ValueError(f"issue {run.issue}: a waiting run has a request")
    last = run.attempt.hyperparameters
    try:
        merged = merge(run.request, last, changes)
    except ParameterError as error:
        return case.answered(answers.invalid_reply(readable(error), waiting=True))
    if same(run.request, last, merged):
        return case.answered(answers.changes_nothing())
    if case.repeated:
        return case.answered(answers.not_waiting())
    reply = Reply(comment=case.event.comment, author=case.event.author, hyperparameters=merged)
    accepted = case.handled().model_copy(update={"reply": reply, "state": "running"})
    return Save(accepted), *_completed(_Case(case.event, accepted))


def _review(case: _Case, command: Review, facts: Facts) -> Actions:
    """Remembers what is to be decided about a version, and has it done: that takes longer than a webhook may."""
    run, event = case.run, case.event
    if run.review is not None and run.review.comment == event.comment:
        return (HandOver(event.issue),)
    if case.repeated:
        return (Ignore("this decision was handled"),)
    if run.review is not None:
        return case.answered(answers.still_deciding(run.review))
    review = Accepted(
        kind=command.kind,
        version=command.version,
        why=command.why,
        group=run.group,
        comment=event.comment,
        author=event.author,
        at=facts.now,
    )
    return Save(case.handled().model_copy(update={"review": review})), HandOver(event.issue)


def _cancel(case: _Case) -> Actions:
    run = case.run
    if not is_active(run):
        handled = case.repeated and run.cancelled_by is not None
        return (Ignore("this run was cancelled"),) if handled else case.answered(answers.nothing_runs())
    if run.cancelled_by is not None:
        return woken(run, run.cancelled_by) or (Ignore("this run is being cancelled"),)
    if case.repeated:
        return case.answered(answers.nothing_runs())
    return cancelled(case.handled(), case.event.author)
