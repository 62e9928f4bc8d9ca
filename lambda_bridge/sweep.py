"""`sweep`: looks at how things are and mends what lost events left behind, so that a webhook is a hint only.

It goes the same ways as events do: an issue that no delivery told of is handled as if its label had just been applied,
a comment as if it had just come. What was handled already is known from the record, and is not done twice.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from algorithms.errors import PlatformError
from lambda_bridge.pipeline_events import issue_of
from lambda_bridge.ports import HOUR, ConflictError, Execution, IssueView, Ports, RateLimitError
from lambda_bridge.runs import Run
from lambda_bridge.sweep_issue import hear, is_settled
from lambda_bridge.sweep_run import mend, repair_label
from lambda_bridge.tasks import Cancelled, StillStopping

LOG = logging.getLogger(__name__)
WINDOW = timedelta(days=31)
"""Issues that nobody has touched for longer are not looked at; runs that go on are, however old."""


def sweep(ports: Ports) -> Counter[str]:
    """Mends everything that can be mended now. Returns how often what was mended.

    What goes wrong with one issue is logged, and the others go on. Raises RateLimitError: then GitHub wants a pause;
    and PlatformError where the lists themselves cannot be read.
    """
    mended: Counter[str] = Counter()
    listed = {view.number: view for view in ports.issues.labelled(ports.clock() - WINDOW)}
    active = {run.issue for run in ports.runs.unfinished()}
    for issue in sorted(listed.keys() | active):
        with _guarded(f"issue {issue}"):
            _mend(ports, listed.get(issue) or ports.issues.read(issue), mended)
    for execution in ports.pipelines.running():
        with _guarded(execution.arn):
            mended["stopped"] += _stop_unowned(ports, execution)
    return +mended


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """One that cannot be mended now does not keep the others waiting."""
    try:
        yield
    except RateLimitError:
        raise
    except (PlatformError, ConflictError, Cancelled, StillStopping) as error:
        LOG.warning("%s: left for the next sweep: %s: %s", what, type(error).__name__, error)
    except Exception:
        LOG.exception("%s: left for the next sweep, a defect of ours", what)


def _mend(ports: Ports, view: IssueView, mended: Counter[str]) -> None:
    """One issue: first what people want, then what its run needs."""
    run = ports.runs.get(view.number)
    if run is None or run.swept != view.updated or run.untold or _has_room(ports, run):
        with _guarded(f"issue {view.number}, what people want"):
            hear(ports, view, run, mended)
        run = ports.runs.get(view.number)
    if run is None:
        return
    if run.review is not None:
        ports.hand_over(run.issue)
        mended["handed over"] += 1
    if run.state in ("running", "waiting"):
        mend(ports, run, view, mended)
    if is_settled(ports, view):
        mended["relabelled"] += repair_label(ports, view)


def _has_room(ports: Ports, run: Run) -> bool:
    """Whether a start that was postponed may come about now."""
    return run.postponed and not ports.limits.are_reached(ports.ledger.starts(ports.clock() - HOUR), run.author)


def _stop_unowned(ports: Ports, execution: Execution) -> bool:
    """A pipeline execution with a name of ours that no run waits for costs money for nothing."""
    issue = issue_of(execution.run_id)
    run = ports.runs.get(issue) if issue is not None else None
    if issue is None or (run is not None and run.owns(execution.arn, execution.run_id)):
        return False
    ports.pipelines.stop(execution.arn)
    LOG.warning("%s: stopped, no run waits for %s", execution.arn, execution.run_id)
    return True
