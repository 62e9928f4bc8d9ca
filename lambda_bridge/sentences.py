"""Words and limits that the comments, answers and notices share. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from algorithms.errors import Problem
from algorithms.metrics import METRICS
from lambda_bridge.inert import LONGEST_SENTENCE, code, prose
from lambda_bridge.runs import Attempt, ProblemRecord, Run, Status
from lambda_bridge.strict_yaml import scalar
from pipelines.language import mark, say, spoken
from pipelines.markdown import table
from pipelines.request import TrainingRequest

LONGEST_COMMENT = 65_000
"""Characters. GitHub refuses more than 65,536; the rest is for the marker that the adapter adds."""
MOST_ITEMS = 60
"""Items of a list; the others are counted."""
WRITTEN = 6
"""Significant digits of a number that a person wrote."""

VERDICTS: dict[Status, str] = {
    "registered": mark("registered ✅"),
    "below_threshold": mark("below the threshold ⚠️"),
    "failed": mark("failed ❌"),
    "invalid": mark("the request or its dataset is invalid ❌"),
    "cancelled": mark("cancelled ⏹️"),
}
SPAN = re.compile(r"(?<!`)`([^`\s](?:[^`\n]*[^`\s])?)`(?!`)")
"""A code span of a message."""
FENCE_SPAN = "```` ```yaml ````"
COUNTED = {
    "attempt": mark("{n} attempt"),
    "episode": mark("{n} episode"),
    "problem": mark("{n} problem"),
    "retry": mark("{n} retry"),
    "row": mark("{n} row"),
    "run": mark("{n} run"),
    "set": mark("{n} set"),
    "test row": mark("{n} test row"),
    "trial": mark("{n} trial"),
}
"""What is counted in other languages; English adds an ending."""
WORD = re.compile(r"[A-Za-z_]\w{0,29}", re.ASCII)
HOW_TO_START = mark("To start again, edit the issue, or apply the label `mlops:train` again.")


def comment(*parts: str) -> str:
    """One comment of these paragraphs. What does not fit is cut at the end of a line, and the comment says so."""
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) <= LONGEST_COMMENT:
        return text
    note = say("\n\n(The rest did not fit.)\n")
    return text[: LONGEST_COMMENT - len(note)].rpartition("\n")[0] + note


def count(n: int, unit: str) -> str:
    """`1 row`, `2 rows`, `2 retries`."""
    if spoken() != "en":
        return say(COUNTED[unit], n=n)
    if n == 1:
        return f"1 {unit}"
    return f"{n} {unit[:-1]}ies" if unit.endswith("y") else f"{n} {unit}s"


def number(value: float | None, digits: int = 4) -> str:
    """A metric for people: `digits` significant digits, every digit before the point; None could not be computed."""
    if value is None:
        return say("undefined")
    if not 1e-4 <= abs(value) < 1e9:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def bullets(items: Iterable[str]) -> str:
    """A list; its items are Markdown already."""
    listed = list(items)
    more = [say("- and {listed} more", listed=len(listed) - MOST_ITEMS)] if len(listed) > MOST_ITEMS else []
    return "\n".join([*(f"- {item}" for item in listed[:MOST_ITEMS]), *more])


def titled(title: str, items: Iterable[str]) -> str:
    """A list of strangers' sentences below a title; nothing where it is empty."""
    lines = bullets(map(message, items))
    return f"{title}:\n\n{lines}" if lines else ""


def problem_list(problems: Iterable[Problem | ProblemRecord]) -> str:
    """Every problem with the key it stands under."""
    return bullets(_problem(problem.key, problem.message) for problem in problems)


def _problem(key: str, text: str) -> str:
    return f"{code(key)}: {message(text.removeprefix(f'{key}: '))}" if key else message(text)


def message(text: str) -> str:
    """A message as inert Markdown: what it has in backticks becomes a code span."""
    if len(text) > LONGEST_SENTENCE:
        return prose(text)
    return FENCE_SPAN.join(_spans(part) for part in text.split("```yaml"))


def _spans(text: str) -> str:
    parts = SPAN.split(text)
    return "".join(code(part) if position % 2 else prose(part) for position, part in enumerate(parts))


def subject(request: TrainingRequest) -> str:
    """What is trained on what."""
    return say(
        "{algorithm} on {source}",
        algorithm=code(request.algorithm),
        source=code(request.dataset_id or request.environment),
    )


def demand(request: TrainingRequest, metric: str) -> str:
    """The threshold in words."""
    if request.evaluation_threshold is None:
        return say("no threshold asked for")
    side = say("at least") if METRICS[metric].greater_is_better else say("at most")
    return say(
        "threshold {side} {evaluation_threshold}",
        side=side,
        evaluation_threshold=number(request.evaluation_threshold, WRITTEN),
    )


def gap(request: TrainingRequest, primary: Mapping[str, Any]) -> str:
    """How far the metric is from the threshold; empty where that cannot be said."""
    value, threshold = primary["value"], request.evaluation_threshold
    if value is None:
        return say("{name} could not be computed, so it meets no threshold.", name=primary["name"])
    if threshold is None or METRICS[primary["name"]].score(value - threshold) >= 0:
        return ""
    side = say("below") if METRICS[primary["name"]].greater_is_better else say("above")
    return say("That is {number} {side} the threshold.", number=number(abs(value - threshold)), side=side)


def settings(hyperparameters: Mapping[str, Any]) -> str:
    """Hyperparameters as `name=value`, in code spans."""
    return ", ".join(code(f"{name}={inline(value)}") for name, value in hyperparameters.items()) or say("the defaults")


def inline(value: Any) -> str:
    """A value as `/retrain` takes it: JSON without spaces, a text of one word without quotes."""
    if isinstance(value, str) and WORD.fullmatch(value) and isinstance(scalar(value), str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def attempt_line(run: Run) -> str:
    """Where the current attempt stands among those that the run may make."""
    attempt = run.attempt.number
    before = (
        say(" (attempts 1 to {first_attempt} were earlier runs)", first_attempt=run.first_attempt - 1)
        if run.first_attempt > 1
        else ""
    )
    return say(
        "attempt {attempt} of at most {last_attempt}{before}",
        attempt=attempt,
        last_attempt=run.last_attempt,
        before=before,
    )


def primary_of(attempt: Attempt) -> str:
    """`accuracy 0.9`, or nothing."""
    primary = attempt.metrics.get("primary")
    return f"{primary['name']} {number(primary['value'])}" if primary else ""


def best_of(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt with the best score, the first of equals."""
    scored = [attempt for attempt in attempts if attempt.score is not None]
    return max(scored, key=lambda attempt: attempt.score or 0.0, default=None)


def verdict(attempt: Attempt) -> str:
    """What became of an attempt; of a failed one also in which step."""
    step = attempt.problems[0].key if attempt.status == "failed" and attempt.problems else ""
    if step:
        return say("failed in {step} ❌", step=code(step))
    return say(VERDICTS[attempt.status]) if attempt.status else say("not judged")


def attempt_table(attempts: Sequence[Attempt]) -> str:
    """One row per attempt, with a link to its record where it has one; nothing where there is no attempt."""
    rows = [
        [
            f"[{attempt.number}](<{attempt.record_url}>)" if attempt.record_url else str(attempt.number),
            primary_of(attempt),
            verdict(attempt) if attempt.status else "",
            settings(attempt.values),
        ]
        for attempt in attempts
    ]
    return table([say("attempt"), say("result"), say("outcome"), say("hyperparameters")], rows) if rows else ""
