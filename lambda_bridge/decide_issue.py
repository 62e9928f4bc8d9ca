"""Decisions about issue events: what starts a run, what cancels it. Pure."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeGuard

from algorithms.errors import RequestError
from lambda_bridge import answers, comments
from lambda_bridge.actions import Action, Count, FailWait, Ignore, Save, SetLabel, Start, Write
from lambda_bridge.events import IssueEvent, text_hash
from lambda_bridge.facts import Facts
from lambda_bridge.history import slug
from lambda_bridge.issue_body import read_body
from lambda_bridge.ports import TRAIN_LABEL, IssueView, StartEvent
from lambda_bridge.runs import Run
from pipelines.request import TrainingRequest

MOST_ATTEMPTS = 40
"""Of earlier runs, that a record keeps: an item of DynamoDB holds 400 KB."""
ENDING = ("closed", "unlabeled")
"""Actions that cancel."""


def concerns_issue(event: IssueEvent, run: Run | None) -> bool:
    """Whether an issue event may start or cancel something."""
    if event.action in ("labeled", "unlabeled") and event.label != TRAIN_LABEL:
        return False
    if event.action in ENDING:
        return is_active(run)
    return event.action != "edited" or run is not None


def decide_issue(event: IssueEvent, run: Run | None, facts: Facts) -> tuple[Action, ...]:
    """See `decide.decide`."""
    if not concerns_issue(event, run) or facts.issue is None:
        return (Ignore("nothing to start or to cancel"),)
    if event.action in ENDING:
        return _closed(event, run, facts.issue)
    if event.action in ("opened", "reopened") and event.labelled is False:
        return (Ignore(f"it had no label {TRAIN_LABEL} then: whoever applied it later starts the run"),)
    if not facts.issue.open or TRAIN_LABEL not in facts.issue.labels:
        return (Ignore(f"the issue is closed or has no label {TRAIN_LABEL}"),)
    if facts.start is None:
        return (Ignore("the timeline has no event that starts a run"),)
    return _started(_Start(event, run, facts, facts.issue, facts.start))


def is_active(run: Run | None) -> TypeGuard[Run]:
    """Whether a run goes on."""
    return run is not None and run.state in ("running", "waiting")


def _closed(event: IssueEvent, run: Run | None, issue: IssueView) -> tuple[Action, ...]:
    """The issue as it is now counts: a late delivery about one that was opened again cancels nothing."""
    if run is None or (issue.open and TRAIN_LABEL in issue.labels):
        return (Ignore("the issue is open and labelled again"),)
    return cancelled(run, event.sender) or (Ignore("the run is being cancelled"),)


def cancelled(run: Run, user: str) -> tuple[Action, ...]:
    """Sets the flag that every state of the workflow checks, and wakes the state that waits."""
    by = run.cancelled_by or user
    saved = () if run.cancelled_by else (Save(run.model_copy(update={"cancelled_by": by})),)
    return (*saved, *started(run), *woken(run, by))


def started(run: Run) -> tuple[Action, ...]:
    """The start again, where nothing shows that it came about: a workflow execution of that name is left alone."""
    return (Start(run),) if run.token is None and not run.own_attempts else ()


def woken(run: Run, by: str) -> tuple[Action, ...]:
    """Fails the token that waits, if one does."""
    return () if run.token is None else (FailWait(run.token, "Cancelled", f"by {by}"),)


class _Start:
    """A start that somebody may have meant, with what it is known by."""

    def __init__(self, event: IssueEvent, run: Run | None, facts: Facts, issue: IssueView, start: StartEvent) -> None:
        self.event, self.run, self.facts, self.issue, self.start = event, run, facts, issue, start
        self.body_hash = text_hash(issue.body)
        self.key = f"{start.id}:{self.body_hash}"

    @property
    def marker(self) -> str:
        """Of the comment that refuses it."""
        return f"refused-{sha256(self.key.encode()).hexdigest()[:12]}"

    def record(self, request: TrainingRequest | None) -> Run:
        """A new record that takes the place of the old one; with a request it is the next run."""
        old, issue = self.run, self.issue
        attempts = old.attempts[-MOST_ATTEMPTS:] if old else ()
        return Run(
            issue=issue.number,
            version=old.version if old else 0,
            number=(old.number if old else 0) + (request is not None),
            state="refused" if request is None else "running",
            title=issue.title,
            slug=old.slug if old else slug(issue.title),
            author=self.event.sender,
            start_key=self.key,
            started=self.facts.now,
            start_at=self.start.at,
            request=request or (old.request if old else None),
            settled=old.settled if old and request is None else None,
            first_attempt=attempts[-1].number + 1 if attempts else 1,
            attempts=attempts,
            handled_comment=old.handled_comment if old else 0,
            handled_before=old.handled_comment if old else 0,
            swept_comment=old.swept_comment if old else 0,
            review=old.review if old else None,
        )


def _started(start: _Start) -> tuple[Action, ...]:
    run = start.run
    if run is not None and run.start_key == start.key and not _allowed_now(start, run):
        return _again(start, run)
    if run is not None and is_active(run):
        return _while_active(start, run)
    if run is not None and run.edit_answered == start.body_hash and run.start_key.startswith(f"{start.start.id}:"):
        return (Ignore("an edit that was answered while the run went on"),)
    if not start.facts.may_act:
        return _not_allowed(start)
    try:
        request = read_body(start.issue.body)
    except RequestError as error:
        refused = start.record(None).model_copy(update={"status": "invalid"})
        return (Save(refused), *_told_invalid(start, error))
    too_many = start.facts.limits.are_reached(start.facts.starts, start.event.sender)
    return _postponed(start) if too_many else _new(start.record(request))


def _allowed_now(start: _Start, run: Run) -> bool:
    """A maintainer's delivery about a start that a slower one of somebody else had been refused for, or that was
    postponed."""
    return run.state == "refused" and run.status is None and start.facts.may_act


def _new(run: Run) -> tuple[Action, ...]:
    """Counted first: whatever comes in between, nothing starts uncounted."""
    return Count(f"{run.issue}:{run.number}", run.author), Save(run), *_go(run)


def _postponed(start: _Start) -> tuple[Action, ...]:
    """Too many runs were started within the hour: the sweep takes it up again. Told once."""
    told = Write(start.issue.number, start.marker, answers.postponed(start.facts.limits))
    if start.run is not None and start.run.postponed and start.run.start_key == start.key:
        return (told,)
    return Save(start.record(None).model_copy(update={"postponed": True})), told


def _go(run: Run) -> tuple[Action, ...]:
    """The label comes with the training: this must be answered within seconds."""
    return (Start(run),)


def _again(start: _Start, run: Run) -> tuple[Action, ...]:
    """The very start that the record stands for: gives what may be missing after a crash."""
    if run.state == "running" and not run.own_attempts:
        return _go(run)
    if run.state != "refused":
        return (Ignore("this start was handled"),)
    if run.status != "invalid":
        text = answers.postponed(start.facts.limits) if run.postponed else answers.refused()
        return (Write(run.issue, start.marker, text),)
    try:
        read_body(start.issue.body)
    except RequestError as error:
        return _told_invalid(start, error)
    return (Ignore("this body was answered"),)


def _told_invalid(start: _Start, error: RequestError) -> tuple[Action, ...]:
    number = start.issue.number
    return Write(number, start.marker, comments.invalid(error.problems)), SetLabel(number, "mlops:failed")


def _not_allowed(start: _Start) -> tuple[Action, ...]:
    """Told once for each time that the label is applied, however often the body is edited after it."""
    run = start.run
    if run is not None and run.state == "refused" and run.start_key.startswith(f"{start.start.id}:"):
        return (Ignore("the person may not start a run, and an answer stands"),)
    told = Write(start.issue.number, start.marker, answers.refused())
    if run is not None and run.state == "ended":
        return Save(run.model_copy(update={"start_key": start.key})), told
    return Save(start.record(None)), told


def _while_active(start: _Start, run: Run) -> tuple[Action, ...]:
    if run.cancelled_by is not None:
        return (Write(run.issue, f"ending-{start.start.id}", answers.still_ending()),)
    unchanged = run.start_key.endswith(f":{start.body_hash}")
    if start.event.action != "edited" or unchanged:
        return started(run) or (Ignore("a run goes on"),)
    answer = Write(run.issue, f"edit-{start.body_hash[:12]}", answers.edit_ignored())
    if run.edit_answered == start.body_hash:
        return (answer,)
    return Save(run.model_copy(update={"edit_answered": start.body_hash})), answer
