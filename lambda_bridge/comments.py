"""Every text that the bot writes. Pure: facts in, Markdown out; text from strangers goes through `inert`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from algorithms.errors import Problem
from algorithms.metrics import METRICS
from lambda_bridge.inert import code, prose
from lambda_bridge.judge import BelowThreshold, Failed, Invalid, Outcome, Registered, Step, Stopped
from pipelines.markdown import table
from pipelines.request import TrainingRequest

LONGEST_COMMENT = 65_536
"""Characters; GitHub refuses more."""

STATES = {
    "Starting": "⏳ starting",
    "Executing": "⏳ running",
    "Succeeded": "✅ done",
    "Failed": "❌ failed",
    "Stopping": "⏹️ stopping",
    "Stopped": "⏹️ stopped",
}
BAR = 20


def progress(request: TrainingRequest, attempt: int, steps: Sequence[Step], planned: Sequence[str]) -> str:
    """The one progress comment, edited in place: a table of steps and a bar.

    Parameters
    ----------
    steps : ListPipelineExecutionSteps, oldest first
    planned : names of the steps that a good run goes through, in order
    """
    by_name = {step["StepName"]: step for step in steps}
    names = [*planned, *(name for name in by_name if name not in planned)]
    done = sum(by_name.get(name, {}).get("StepStatus") == "Succeeded" for name in planned)
    filled = BAR * done // len(planned)
    return _comment(
        f"### Training {_subject(request)}, attempt {attempt} of at most {1 + request.max_retry}",
        table(["step", "state", "time"], [_step_row(name, by_name.get(name)) for name in names]),
        f"`{'█' * filled}{'░' * (BAR - filled)}` {done} of {len(planned)} steps",
    )


def result(
    request: TrainingRequest, attempt: int, outcome: Outcome, evaluation: Mapping[str, Any] | None, notes: Sequence[str]
) -> str:
    """What one attempt came to: the verdict, every metric, what was found in the data."""
    parts = [f"### Attempt {attempt}: {_verdict(outcome)}", *_reason(outcome)]
    if evaluation is not None:
        parts += [_sentence(request, evaluation), _metrics_table(request, evaluation)]
        parts += [*_comparison_note(evaluation), *_findings(evaluation)]
    parts += _list("Chosen for you", [*notes, *_target_note(request, evaluation or {})])
    return _comment(*parts)


def final(request: TrainingRequest, outcome: Outcome, live: str | None) -> str:
    """How the run ended, and which version is live.

    Parameters
    ----------
    live : ARN of the latest approved model package, or None
    """
    kept = f"The approved version stays {code(live)}." if live else "No version is approved yet."
    if isinstance(outcome, Registered):
        return _comment(
            "### Registered",
            f"The model of {_subject(request)} is {code(outcome.model_package_arn)}, pending manual approval. {kept}",
        )
    return _comment(f"### Ended: {_verdict(outcome)}", f"Nothing was registered. {kept}")


def invalid(problems: Sequence[Problem]) -> str:
    """The request cannot start: every problem at once."""
    return _comment(
        f"### This request cannot start: {_count(len(problems), 'problem')}",
        *_problem_list(problems),
        "Edit the issue, and it starts again.",
    )


def _verdict(outcome: Outcome) -> str:
    match outcome:
        case Registered():
            return "registered ✅"
        case BelowThreshold():
            return "below the threshold ⚠️"
        case Invalid():
            return "the request or its dataset is invalid ❌"
        case Stopped():
            return "cancelled ⏹️"
        case Failed(step=step):
            return f"failed in {code(step)} ❌" if step else "failed ❌"


def _reason(outcome: Outcome) -> list[str]:
    match outcome:
        case Invalid(problems=problems):
            return _problem_list(problems)
        case Failed(reason=reason):
            return [prose(reason)]
        case _:
            return []


def _problem_list(problems: Sequence[Problem]) -> list[str]:
    return ["\n".join(f"- {code(p.key)}: {prose(p.message)}" if p.key else f"- {prose(p.message)}" for p in problems)]


def _sentence(request: TrainingRequest, evaluation: Mapping[str, Any]) -> str:
    primary = evaluation["metrics"]["primary"]
    interval = primary.get("ci95")
    range_ = f" (95 % interval {number(interval[0])} to {number(interval[1])})" if interval else ""
    return f"**{primary['name']} {number(primary['value'])}**{range_}, {_demand(request, primary['name'])}."


def _demand(request: TrainingRequest, metric: str) -> str:
    if request.evaluation_threshold is None:
        return "no threshold asked for"
    side = "at least" if METRICS[metric].greater_is_better else "at most"
    return f"threshold {side} {number(request.evaluation_threshold)}"


def _metrics_table(request: TrainingRequest, evaluation: Mapping[str, Any]) -> str:
    metrics = evaluation["metrics"]
    name = metrics["primary"]["name"]
    beside = {
        "training": evaluation.get("train"),
        "dummy baseline": evaluation.get("baseline"),
        "previous version": evaluation.get("comparison"),
    }
    rows = [[f"**{name}**", number(metrics["primary"]["value"]), *(_primary_of(part) for part in beside.values())]]
    rows += [[key, number(value), "", "", ""] for key, value in metrics.items() if key not in ("primary", name)]
    return table(["metric", f"test ({_count(evaluation['n'], _unit(request))})", *beside], rows)


def _unit(request: TrainingRequest) -> str:
    return "episode" if request.learning_type == "reinforcement" else "row"


def _primary_of(part: Mapping[str, Any] | None) -> str:
    primary = (part or {}).get("primary")
    return number(primary["value"]) if primary else ""


def _comparison_note(evaluation: Mapping[str, Any]) -> list[str]:
    """Where the comparison with the previous version failed, or covers a part of the test rows."""
    comparison = evaluation.get("comparison") or {}
    if comparison.get("error"):
        return [f"The previous version could not be compared: {prose(comparison['error'])}"]
    compared, n = comparison.get("n", evaluation["n"]), evaluation["n"]
    if compared == n:
        return []
    return [f"The previous version is scored on {compared} of the {n} test rows; it had learned from the others."]


def _findings(evaluation: Mapping[str, Any]) -> list[str]:
    dataset = evaluation.get("dataset") or {}
    return _list("Found in the data", [finding["message"] for finding in dataset.get("findings", [])])


def _target_note(request: TrainingRequest, evaluation: Mapping[str, Any]) -> list[str]:
    """Which column Prepare took as the target, where the request left it open."""
    target = (evaluation.get("dataset") or {}).get("target")
    if not target or request.target is not None:
        return []
    if request.learning_type == "unsupervised":
        return [f"{target['name']} is left out of the features: it is a target, {target['why']}."]
    return [f"target is {target['name']}: {target['why']}."]


def _step_row(name: str, step: Step | None) -> list[str]:
    if step is None:
        return [name, "", ""]
    state = STATES.get(step["StepStatus"], step["StepStatus"])
    cached = ", re-used" if step.get("CacheHitResult") else ""
    return [step.get("StepDisplayName", name), f"{state}{cached}", duration(step)]


def duration(step: Step) -> str:
    """Seconds between a step's start and end, for people."""
    start, end = step.get("StartTime"), step.get("EndTime")
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return ""
    return f"{(end - start).total_seconds():.1f} s"


def number(value: float | None) -> str:
    """A metric for people: four significant digits; a metric that could not be computed says so."""
    return "undefined" if value is None else f"{value:.4g}"


def _subject(request: TrainingRequest) -> str:
    return f"{code(request.algorithm)} on {code(request.dataset_id or request.environment)}"


def _count(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"- {prose(item)}" for item in items]
    return ["\n".join([f"{title}:", "", *lines])] if lines else []


def _comment(*parts: str) -> str:
    text = "\n\n".join(parts) + "\n"
    if len(text) <= LONGEST_COMMENT:
        return text
    note = "\n\n(The rest did not fit.)\n"
    return text[: LONGEST_COMMENT - len(note)] + note
