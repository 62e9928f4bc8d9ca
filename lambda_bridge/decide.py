"""An event, the record and the facts -> what to do. Pure.

Every decision may be taken again, after a crash between two actions or for a delivery that comes twice: it then gives
what may be missing, under the same markers and names, and nothing new.
"""

from __future__ import annotations

from lambda_bridge.actions import Action
from lambda_bridge.adjusting import merge
from lambda_bridge.decide_comment import concerns_comment, decide_comment
from lambda_bridge.decide_issue import concerns_issue, decide_issue
from lambda_bridge.events import CommentEvent, IssueEvent
from lambda_bridge.facts import Facts
from lambda_bridge.runs import Run

__all__ = ["Facts", "concerns", "decide", "merge"]


def concerns(event: IssueEvent | CommentEvent, run: Run | None) -> bool:
    """Whether it is worth reading facts: not for ordinary talk, other people's labels, issues without a run."""
    if isinstance(event, CommentEvent):
        return concerns_comment(event, run)
    return concerns_issue(event, run)


def decide(event: IssueEvent | CommentEvent, run: Run | None, facts: Facts) -> tuple[Action, ...]:
    """The actions, in order."""
    if isinstance(event, CommentEvent):
        return decide_comment(event, run, facts)
    return decide_issue(event, run, facts)
