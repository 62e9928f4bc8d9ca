"""The part of the Amazon States Language that workflow.asl.json uses. Pure.

The language is that of https://states-language.net/spec.html in JSONPath mode: Pass, Task, Choice, Succeed, Fail; paths
of plain names; no wildcards, filters or intrinsic functions. `check` refuses everything else, so that nothing is
half understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Any
State = Mapping[str, Any]

PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
CONTEXT_PATHS = ("$$.Task.Token", "$$.Execution.Name", "$$.Execution.Id", "$$.State.Name")
INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_AND_WAIT = f"{INVOKE}.waitForTaskToken"

COMMON = {"Type", "Comment"}
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "Pass": ({"Next"}, {"Parameters", "Result", "ResultPath"}),
    "Task": (
        {"Next", "Resource", "Parameters", "TimeoutSeconds"},
        {"ResultSelector", "ResultPath", "Retry", "Catch"},
    ),
    "Choice": ({"Choices", "Default"}, set()),
    "Succeed": (set(), set()),
    "Fail": ({"Error", "Cause"}, set()),
}
"""Type -> fields that a state must have, and those that it may have."""
RETRIER = ({"ErrorEquals"}, {"IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"})
CATCHER = ({"ErrorEquals", "Next"}, {"ResultPath"})
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "StringEquals": lambda value, wanted: isinstance(value, str) and value == wanted,
    "BooleanEquals": lambda value, wanted: isinstance(value, bool) and value is wanted,
    "NumericGreaterThan": lambda value, wanted: _is_number(value) and value > wanted,
}
UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")
"""Errors that States.ALL does not match ("Handling errors in Step Functions workflows")."""


class DefinitionError(ValueError):
    """A definition that is not understood; the message names every deviation."""


class RuntimeStateError(Exception):
    """States.Runtime: a path leads nowhere. The execution fails."""


def check(definition: Mapping[str, Any]) -> None:
    """Raises DefinitionError for a definition with anything that this interpreter would not do as the service does."""
    states = definition.get("States")
    if not isinstance(states, Mapping) or definition.get("StartAt") not in states:
        raise DefinitionError("definition: must have States, and a StartAt among them.")
    problems = [f"definition: {key} is not understood." for key in definition.keys() - {"Comment", "StartAt", "States"}]
    problems += [problem for name, state in states.items() for problem in _problems(name, state, states)]
    if problems:
        raise DefinitionError("\n".join(problems))


def _problems(name: str, state: State, states: Mapping[str, State]) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in FIELDS:
        yield f"{name}: Type must be one of {', '.join(FIELDS)}, got {kind}."
        return
    required, optional = FIELDS[kind]
    yield from _fields(name, state, required | {"Type"}, optional | COMMON)
    if kind == "Task" and state.get("Resource") not in (INVOKE, INVOKE_AND_WAIT):
        yield f"{name}: Resource must be {INVOKE} or {INVOKE_AND_WAIT}, got {state.get('Resource')}."
    for retrier in state.get("Retry", []):
        yield from _fields(f"{name}.Retry", retrier, *RETRIER)
    for catcher in state.get("Catch", []):
        yield from _fields(f"{name}.Catch", catcher, *CATCHER)
    for rule in state.get("Choices", []):
        yield from _rule(f"{name}.Choices", rule)
    yield from (f"{name}: leads to {target}, which is no state." for target in targets(state) if target not in states)
    yield from (f"{name}: the path {path} is not understood." for path in _paths(state) if not _is_path(path))


def _fields(name: str, found: Mapping[str, Any], required: set[str], optional: set[str]) -> Iterator[str]:
    yield from (f"{name}: {key} is missing." for key in sorted(required - found.keys()))
    yield from (f"{name}: {key} is not understood." for key in sorted(found.keys() - required - optional))


def _rule(name: str, rule: Mapping[str, Any], inner: bool = False) -> Iterator[str]:
    where = set() if inner else {"Next"}
    if "And" in rule:
        yield from _fields(name, rule, {"And"} | where, set())
        for part in rule["And"]:
            yield from _rule(f"{name}.And", part, inner=True)
        return
    comparison = COMPARISONS.keys() & rule.keys()
    yield from _fields(name, rule, {"Variable"} | where, comparison)
    if len(comparison) != 1:
        yield f"{name}: must have one of {', '.join(COMPARISONS)}."


def targets(state: State) -> list[str]:
    """The states that a state may lead to."""
    named = [state[key] for key in ("Next", "Default") if key in state]
    return [*named, *(item["Next"] for key in ("Choices", "Catch") for item in state.get(key, []) if "Next" in item)]


def _paths(state: State) -> Iterator[Any]:
    for key in ("Parameters", "ResultSelector"):
        yield from _template_paths(state.get(key))
    holders = [state, *state.get("Catch", [])]
    yield from (holder["ResultPath"] for holder in holders if holder.get("ResultPath") is not None)
    yield from (
        part["Variable"] for rule in state.get("Choices", []) for part in rule.get("And", [rule]) if "Variable" in part
    )


def _template_paths(template: Json) -> Iterator[Any]:
    if not isinstance(template, Mapping):
        return
    for key, value in template.items():
        if key.endswith(".$"):
            yield value
        else:
            yield from _template_paths(value)


def _is_path(path: Any) -> bool:
    return isinstance(path, str) and (path in CONTEXT_PATHS or PATH.fullmatch(path) is not None)


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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
