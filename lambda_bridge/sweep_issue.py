"""What people did on an issue and no delivery told of: starts, edits, closing, comments. And what was not told them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Set
from datetime import datetime, timedelta

from algorithms.errors import PlatformError
from lambda_bridge.actions import Save, Start
from lambda_bridge.attempts import get, record_attempt, result_marker, update
from lambda_bridge.decide_issue import is_active
from lambda_bridge.endings import final_marker, write_end
from lambda_bridge.events import CommentEvent, IssueAction, IssueEvent, text_hash
from lambda_bridge.ports import TRAIN_LABEL, CommentView, ConflictError, IssueView, Ports, RateLimitError
from lambda_bridge.runs import Run
from lambda_bridge.webhook import handle

LOG = logging.getLogger(__name__)
DELIVERY = "sweep"
SETTLED = timedelta(seconds=20)
"""GitHub tells times in whole seconds: what changed just now may change again within the same one."""


def is_settled(ports: Ports, view: IssueView) -> bool:
    """Whether the issue changed long enough ago for `view` to be all that there is."""
    try:
        return ports.clock() - datetime.fromisoformat(view.updated) >= SETTLED
    except (TypeError, ValueError):
        return False


def hear(ports: Ports, view: IssueView, run: Run | None, mended: Counter[str]) -> None:
    """Handles what no delivery brought, and remembers how far it has looked."""
    if is_active(run) and not (view.open and TRAIN_LABEL in view.labels):
        _happened(ports, view, "closed", _how(view), mended)
    elif view.open and TRAIN_LABEL in view.labels:
        _hear_start(ports, view, run, mended)
    if ports.runs.get(view.number) is not None:
        _hear_comments(ports, view, mended)


def _how(view: IssueView) -> str:
    """In the place of who cancelled, which nothing tells."""
    return f"removing the label {TRAIN_LABEL}" if view.open else "closing the issue"


def _hear_start(ports: Ports, view: IssueView, run: Run | None, mended: Counter[str]) -> None:
    """A label or a reopening counts for the person who did it, an edit for the author."""
    body = text_hash(view.body)
    if is_active(run):
        if not run.start_key.endswith(f":{body}") and run.edit_answered != body:
            _happened(ports, view, "edited", view.author, mended)
        return
    start = ports.issues.newest_start(view.number)
    if start is None:
        return
    known, _, hashed = ("", "", "") if run is None else run.start_key.partition(":")
    edited = known == str(start.id) and hashed != body
    if edited:
        _happened(ports, view, "edited", view.author, mended)
    elif known != str(start.id) or (run is not None and run.state == "refused"):
        _happened(ports, view, "labeled", start.actor, mended)


def _happened(ports: Ports, view: IssueView, action: IssueAction, sender: str, mended: Counter[str]) -> None:
    """What a bot caused is ignored, as in a delivery."""
    if sender.lower().endswith("[bot]") or sender.lower() == ports.issues.me().lower():
        return
    label = TRAIN_LABEL if action == "labeled" else None
    actions = handle(ports, IssueEvent(action, view.number, sender, label, DELIVERY, listed=True))
    if any(isinstance(done, Start) for done in actions):
        mended["started"] += 1
    elif any(isinstance(done, Save) for done in actions):
        mended["answered"] += 1


def _hear_comments(ports: Ports, view: IssueView, mended: Counter[str]) -> None:
    """Commands that no delivery brought, oldest first; then what the bridge wrote and is gone."""
    found = ports.issues.comments(view.number)
    written = {comment.marker for comment in found if comment.marker}
    run = get(ports, view.number)
    newest = max(run.swept_comment, run.handled_before)
    people = [comment for comment in found if not comment.bot and comment.id > newest]
    missed = None
    for comment in people:
        try:
            if f"answer-{comment.id}" not in written:
                mended["answered"] += _said(ports, view.number, comment)
        except RateLimitError:
            raise
        except (PlatformError, ConflictError) as error:
            LOG.warning("issue %s, comment %s: heard with the next sweep: %s", view.number, comment.id, error)
            missed = missed or comment
    mended["told"] += _tell_again(ports, get(ports, view.number), written)
    heard = [comment.id for comment in people if missed is None or comment.id < missed.id]
    looked: dict[str, object] = {"swept_comment": max([newest, *heard]), "untold": False}
    if missed is None and is_settled(ports, view):
        looked["swept"] = view.updated
    update(ports, view.number, lambda fresh: fresh.model_copy(update=looked))


def _said(ports: Ports, issue: int, comment: CommentView) -> bool:
    known = comment.id, comment.author, comment.body
    event = CommentEvent(issue, *known, DELIVERY, comment.created, comment.edited)
    return any(isinstance(done, Save) for done in handle(ports, event))


def _tell_again(ports: Ports, run: Run, written: Set[str]) -> bool:
    """The final comment, or the one that asks, where it could not be written or somebody deleted it."""
    if run.state == "ended" and run.status is not None and run.number and final_marker(run) not in written:
        write_end(ports, run, run.status, run.reason)
        return True
    asks = run.state == "waiting" and run.own_attempts and run.attempt.status == "below_threshold"
    if asks and result_marker(run) not in written:
        record_attempt(ports, run)
        return True
    return False
