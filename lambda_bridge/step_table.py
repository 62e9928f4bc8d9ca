"""The steps of an attempt as a table and a bar, for the progress comment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lambda_bridge.judge import Step
from pipelines.language import mark, say
from pipelines.markdown import table

STATES = {
    "Starting": mark("⏳ starting"),
    "Executing": mark("⏳ running"),
    "Succeeded": mark("✅ done"),
    "Failed": mark("❌ failed"),
    "Stopping": mark("⏹️ stopping"),
    "Stopped": mark("⏹️ stopped"),
}
NAMES = {
    "Prepare": mark("Prepare"),
    "Train": mark("Train the model"),
    "Evaluate": mark("Evaluate the model"),
    "CheckScore": mark("Is the score good enough?"),
    "RegisterModel": mark("Register the model"),
}
"""What a step is called before it has begun; from then on the pipeline's own display name counts."""
DISPLAYED = frozenset(
    {*NAMES.values(), mark("Prepare the data"), mark("Prepare the environment"), mark("Below the threshold")}
)
"""Names that the catalogues know."""
AFTER_CHECK = ("RegisterModel",)
"""Planned steps that a score below the threshold leaves out."""
WIDTH = 20
"""Characters of the bar."""


def step_table(steps: Sequence[Step], planned: Sequence[str]) -> str:
    """A row per step with state and duration: the planned ones in order, then those off the good path."""
    by_name = {step["StepName"]: step for step in steps}
    names = [*planned, *(name for name in by_name if name not in planned)]
    skipped = _skipped(steps)
    return table([say("step"), say("state"), say("time")], [_row(name, by_name.get(name), skipped) for name in names])


def bar(steps: Sequence[Step], planned: Sequence[str]) -> str:
    """How many of the steps that are still to be gone through are done."""
    skipped, states = _skipped(steps), {step["StepName"]: step["StepStatus"] for step in steps}
    ahead = [name for name in planned if name not in skipped]
    done = sum(states.get(name) == "Succeeded" for name in ahead)
    filled = WIDTH * done // len(ahead)
    return say(
        "`{bar}` {done} of {ahead} steps",
        bar="█" * filled + "░" * (WIDTH - filled),
        done=done,
        ahead=len(ahead),
    )


def _skipped(steps: Sequence[Step]) -> Sequence[str]:
    conditions = [step.get("Metadata", {}).get("Condition", {}) for step in steps]
    return AFTER_CHECK if any(condition.get("Outcome") == "False" for condition in conditions) else ()


def _row(name: str, step: Step | None, skipped: Sequence[str]) -> list[str]:
    if step is None:
        return [title_of(name, None), say("skipped") if name in skipped else "", ""]
    return [title_of(name, step.get("StepDisplayName")), _state(step, skipped), duration(step)]


def title_of(name: str, displayed: str | None) -> str:
    """What a step is called, by the pipeline once it has begun. Another language has its own names."""
    found = displayed or NAMES.get(name, name)
    return say(found) if found in DISPLAYED else found


def _state(step: Step, skipped: Sequence[str]) -> str:
    if skipped and "Fail" in step.get("Metadata", {}):
        return say("⚠️ below the threshold")
    status = str(step["StepStatus"])
    state = say(STATES[status]) if status in STATES else status
    return say("{state}, re-used", state=state) if step.get("CacheHitResult") else state


def duration(step: Step) -> str:
    """Seconds between a step's start and end, for people; empty while it runs."""
    start, end = step.get("StartTime"), step.get("EndTime")
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return ""
    return f"{(end - start).total_seconds():.1f} s"
