"""Resolves the expressions of a pipeline definition: Get, Std:Join and Std:JsonGet."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

Expression = Any
"""JSON that may hold `{"Get": ...}`, `{"Std:Join": ...}` or `{"Std:JsonGet": ...}` at any depth."""

EXECUTION_VARIABLES = {
    f"Execution.{name}"
    for name in (
        "CurrentDateTime",
        "PipelineArn",
        "PipelineExecutionArn",
        "PipelineExecutionId",
        "PipelineName",
        "StartDateTime",
    )
}
"""Execution variables (SageMaker Developer Guide, "Pipeline parameters and execution variables")."""

_TOKEN = re.compile(r"\['([^']+)'\]|\[(\d+)\]|\.?([^.\[\]]+)")


class ExpressionError(Exception):
    """An expression that has no value: the path does not exist, or the property file is not strict JSON."""


@dataclass(frozen=True)
class Scope:
    """What expressions can refer to.

    `read_property_file(step, name)` answers a step's property file, and `read_object(uri)` an object, as text.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, str]
    properties: Mapping[str, Mapping[str, Any]]
    read_property_file: Callable[[str, str], str]
    read_object: Callable[[str], str]


def resolve(value: Expression, scope: Scope) -> Any:
    """The value with every expression replaced. Raises ExpressionError."""
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Get"}:
        return _get(value["Get"], scope)
    if set(value) == {"Std:Join"}:
        join = value["Std:Join"]
        return str(join.get("On", "")).join(to_string(resolve(item, scope)) for item in join["Values"])
    if set(value) == {"Std:JsonGet"}:
        return _json_get(value["Std:JsonGet"], scope)
    return {key: resolve(item, scope) for key, item in value.items()}


def references(value: Expression) -> set[str]:
    """Every path that a `Get` names."""
    return set(_references(value))


def to_string(value: Any) -> str:
    """A value as text: JSON's words for booleans, no quotes around strings."""
    return value if isinstance(value, str) else json.dumps(value)


def strict_json(text: str) -> Any:
    """Parses JSON; NaN, infinities and numbers that overflow raise ValueError."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _references(value: Expression) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            yield str(value["Get"])
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _get(path: str, scope: Scope) -> Any:
    kind, _, rest = path.partition(".")
    if kind == "Parameters" and rest in scope.parameters:
        return scope.parameters[rest]
    if kind == "Execution" and rest in scope.execution:
        return scope.execution[rest]
    if kind == "Steps":
        return _walk(scope.properties, rest, path)
    raise ExpressionError(f"{path}: is not defined.")


def _json_get(arguments: Mapping[str, Any], scope: Scope) -> Any:
    path = arguments["Path"]
    if "S3Uri" in arguments:
        source = str(resolve(arguments["S3Uri"], scope))
        text = scope.read_object(source)
    else:
        source = arguments["PropertyFile"]["Get"]
        _, step, _, name = source.split(".")
        text = scope.read_property_file(step, name)
    try:
        content = strict_json(text)
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"{source}: must be strict JSON, got {error}.") from error
    return _walk(content, path, f"{path} in {source}")


def _walk(value: Any, path: str, name: str) -> Any:
    for key in _keys(path, name):
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise ExpressionError(f"{name}: there is no {key!r}.") from None
    return value


def _keys(path: str, name: str) -> Iterator[str | int]:
    position = 0
    while position < len(path):
        match = _TOKEN.match(path, position)
        if match is None:
            raise ExpressionError(f"{name}: is no path.")
        quoted, index, plain = match.groups()
        yield int(index) if index else quoted or plain
        position = match.end()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant}, which is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]}, which is too large")
    return number
