"""Approving, rejecting and rolling back versions: what the webhook accepted and handed over.

The decision stands in the run record until it is done. First it is planned and the plan stored, so that a crash at any
moment leaves the very same to be done. A version to roll back to is loaded before, in a pipeline of its own.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge import review_texts as texts
from lambda_bridge.attempts import get, update
from lambda_bridge.judge import Invalid, judge
from lambda_bridge.ports import ConflictError, Package, Ports
from lambda_bridge.review_plan import Plan, Refusal, plan_review
from lambda_bridge.review_record import file_of
from lambda_bridge.runs import Review, Run
from pipelines.definitions import CHECK
from pipelines.language import say, speaking

LOG = logging.getLogger(__name__)
REVIEW = "review"
"""The name of this task; its payload has the issue besides."""
CHECK_ID = re.compile(r"issue-(\d{1,12})-rollback-\d{1,19}", re.ASCII)
"""Display name of an execution that checks a version."""


def go_on(ports: Ports, issue: int) -> dict[str, Any]:
    """Does what is left of an issue's decision. Called as often as one likes; nothing is done twice."""
    run = get(ports, issue)
    review = run.review
    if review is None:
        return {}
    if not review.changes:
        found = _planned(ports, run, review)
        if found is None:
            return {}
        if isinstance(found, Refusal):
            _end(ports, run, review, texts.refused(review, found.reason))
            return {"refused": found.reason}
        review = found
    _carry_out(ports, run, review)
    return {"done": review.kind}


def _planned(ports: Ports, run: Run, review: Review) -> Review | Refusal | None:
    """The decision with its changes, stored; None while the version is being checked."""
    versions, live = ports.registry.versions(review.group), ports.registry.approved(review.group)
    own = [attempt.model_package_arn for attempt in reversed(run.attempts) if attempt.model_package_arn]
    plan = plan_review(review, versions, own, live.arn if live else None)
    if isinstance(plan, Refusal):
        return plan
    if review.kind == "rollback":
        review = _with_check(ports, run, review, plan, live)
        refusal = _checked(ports, review)
        if refusal is not None:
            return refusal
        if not ports.pipelines.describe(_execution(review)).ended:
            return None
        if (plan.target.arn, live and live.arn) != (review.target, review.live):
            return Refusal(say("Versions were approved or rejected while this one was checked. Write it again."))
    return _store(ports, run, review, live=live.arn if live else None, changes=plan.changes)


def _with_check(ports: Ports, run: Run, review: Review, plan: Plan, live: Package | None) -> Review:
    """The decision with the execution that checks its target. What it is started with is stored first."""
    if review.target is None:
        package = ports.registry.package(plan.target.arn)
        found = {"target": plan.target.arn, "live": live and live.arn, "model_data": package and package.model_data}
        review = _store(ports, run, review, **found)
    if review.execution_arn is None and review.model_data is not None:
        name = f"issue-{run.issue}-rollback-{review.comment}"
        parameters = {"RunId": name, "Issue": str(run.issue), "ModelUri": review.model_data}
        review = _store(ports, run, review, execution_arn=ports.pipelines.start(CHECK, name, parameters))
        ports.issues.write(run.issue, marker(review), texts.checking(review, plan.target))
    return review


def _checked(ports: Ports, review: Review) -> Refusal | None:
    """Why the version cannot be used; None: it can, or the check has not ended."""
    if review.model_data is None:
        return Refusal(say("Its artefact lies elsewhere, so it cannot be checked: {target}.", target=review.target))
    execution = ports.pipelines.describe(_execution(review))
    if not execution.ended or execution.status == "Succeeded":
        return None
    outcome = judge(execution.status, ports.pipelines.steps(execution.arn), None)
    if isinstance(outcome, Invalid):
        return Refusal(" ".join(problem.message for problem in outcome.problems))
    reason = getattr(outcome, "reason", execution.status)
    return Refusal(say("The check did not end well: {reason}", reason=reason))


def _execution(review: Review) -> str:
    if review.execution_arn is None:
        raise ValueError(f"comment {review.comment}: its version is not being checked")
    return review.execution_arn


def _carry_out(ports: Ports, run: Run, review: Review) -> None:
    """The registry, the history, the answer, the notice; last the record."""
    with speaking("en"):  # what is kept is the same whoever reads it
        told = [texts.description(review, run.issue, change) for change in review.changes]
    for change, description in zip(review.changes, told, strict=True):
        ports.registry.set_approval(change.arn, change.after, description)
    live = ports.registry.approved(review.group)
    path, content = file_of(run.issue, review, live.arn if live else None)
    problem = None
    try:
        with speaking("en"):
            ports.history.commit({path: content}, f"Issue {run.issue}: {texts.title(review)}")
    except PlatformError as error:
        LOG.warning("issue %s: the decision is not in the history: %s", run.issue, error)
        problem = str(error)
    view = ports.issues.read(run.issue)
    ports.notices.tell(texts.notice(review, view.url))
    _end(ports, run, review, texts.done(review, live.arn if live else None, path, problem))


def _end(ports: Ports, run: Run, review: Review, text: str) -> None:
    ports.issues.write(run.issue, marker(review), text)

    def forgotten(fresh: Run) -> Run:
        mine = fresh.review is not None and fresh.review.comment == review.comment
        return fresh.model_copy(update={"review": None}) if mine else fresh

    update(ports, run.issue, forgotten)


def marker(review: Review) -> str:
    """Of the answer to the comment."""
    return f"answer-{review.comment}"


def _store(ports: Ports, run: Run, review: Review, **changes: Any) -> Review:
    """The decision with more of it settled. Raises ConflictError where somebody else went on with it meanwhile."""
    settled = review.model_copy(update=changes)

    def change(fresh: Run) -> Run:
        if fresh.review != review:
            raise ConflictError(f"issue {run.issue}: somebody else goes on with its decision.")
        return fresh.model_copy(update={"review": settled})

    update(ports, run.issue, change)
    return settled
