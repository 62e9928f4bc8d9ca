"""What the parts of a state mean: payload templates, paths, choices, errors, retries. Pure.

Written for what `local.asl_definition` lets pass; the meaning is that of https://states-language.net/spec.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Json = Any
State = Mapping[str, Any]

PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
CONTEXT_PATHS = ("$$.Task.Token", "$$.Execution.Name", "$$.State.Name")
INVOKE_AND_WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "StringEquals": lambda value, wanted: isinstance(value, str) and value == wanted,
    "BooleanEquals": lambda value, wanted: isinstance(value, bool) and value is wanted,
    "NumericGreaterThan": lambda value, wanted: _is_number(value) and value > wanted,
}
UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")
"""Errors that States.ALL does not match ("Handling errors in Step Functions workflows")."""


class RuntimeStateError(Exception):
    """States.Runtime: a path leads nowhere. The execution fails."""


def fill(template: Json, data: Json, context: Json) -> Json:
    """A payload template with its paths read. Raises RuntimeStateError for one that leads nowhere."""
    if not isinstance(template, Mapping):
        return template
    filled = {}
    for key, value in template.items():
        if key.endswith(".$"):
            filled[key[:-2]] = read(value[1:], context) if value.startswith("$$") else read(value, data)
        else:
            filled[key] = fill(value, data, context)
    return filled


def read(path: str, data: Json) -> Json:
    """What a path leads to. Raises RuntimeStateError."""
    for name in path.split(".")[1:]:
        if not isinstance(data, Mapping) or name not in data:
            raise RuntimeStateError(f"The path {path} leads nowhere in the state's input.")
        data = data[name]
    return data


def put(data: Json, path: str | None, value: Json) -> Json:
    """`data` with `value` at a ResultPath: `$` takes its place, None leaves it as it is."""
    if path is None:
        return data
    names = path.split(".")[1:]
    return _put(data, names, value)


def _put(data: Json, names: list[str], value: Json) -> Json:
    if not names:
        return value
    inner = data if isinstance(data, Mapping) else {}
    return {**inner, names[0]: _put(inner.get(names[0]), names[1:], value)}


def choose(state: State, data: Json) -> str:
    """The state that a Choice leads to. Raises RuntimeStateError."""
    found = (rule["Next"] for rule in state["Choices"] if all(_holds(part, data) for part in rule.get("And", [rule])))
    return str(next(found, state["Default"]))


def _holds(rule: Mapping[str, Any], data: Json) -> bool:
    value = read(rule["Variable"], data)
    name = next(name for name in COMPARISONS if name in rule)
    return COMPARISONS[name](value, rule[name])


def matches(names: list[str], error: str) -> bool:
    """Whether `ErrorEquals` matches an error. States.TaskFailed matches every one of a task but a time-out."""
    if error in names:
        return True
    if error in UNCATCHABLE:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def delay(retrier: Mapping[str, Any], retries: int, random: Callable[[], float]) -> float:
    """Seconds before the next try, after `retries` earlier ones (defaults as in the specification)."""
    seconds = float(retrier.get("IntervalSeconds", 1)) * float(retrier.get("BackoffRate", 2.0)) ** retries
    seconds = min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))
    return seconds * random() if retrier.get("JitterStrategy") == "FULL" else seconds


def encode(data: Json) -> str:
    """Data as text."""
    return json.dumps(data, separators=(",", ":"))


def as_json(result: Any) -> Json:
    """What a function returned, as it comes out of a Lambda. Raises TypeError or ValueError where it is no JSON."""
    return json.loads(json.dumps(result, allow_nan=False))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
