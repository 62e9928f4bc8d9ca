"""Values of pipeline parameters: from the strings of a request to typed values, every problem at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from local.definitions import Parameter

MAX_VALUE_LENGTH = 1024
"""StartPipelineExecution, PipelineParameters: Value."""


class ParameterValueError(Exception):
    """Values that do not fit the pipeline's parameters. `problems` has all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def bind(parameters: Sequence[Parameter], given: Sequence[dict[str, str]]) -> dict[str, Any]:
    """The value of every parameter, from `[{"Name": ..., "Value": ...}]` and the defaults.

    Raises ParameterValueError: a name is unknown or repeated, a required one is missing, a value has another type or is
    not among the parameter's EnumValues.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values = {item["Name"]: item["Value"] for item in given}
    problems = _name_problems(known, [item["Name"] for item in given])
    bound: dict[str, Any] = {}
    for name, parameter in known.items():
        try:
            bound[name] = _value(parameter, values.get(name, parameter.default_value))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ParameterValueError(problems)
    return bound


def _name_problems(known: dict[str, Parameter], names: list[str]) -> list[str]:
    unknown = [f"{name}: is no parameter of this pipeline." for name in sorted(set(names) - set(known))]
    repeated = sorted({name for name in names if names.count(name) > 1})
    return unknown + [f"{name}: is given more than once." for name in repeated]


def _value(parameter: Parameter, value: Any) -> Any:
    if value is None:
        raise ValueError("is required and has no value.")
    if isinstance(value, str) and len(value) > MAX_VALUE_LENGTH:
        raise ValueError(f"must have at most {MAX_VALUE_LENGTH} characters, got {len(value)}.")
    if parameter.enum_values is not None and value not in parameter.enum_values:
        raise ValueError(f"must be one of {', '.join(parameter.enum_values)}, got {value!r}.")
    try:
        return _READERS[parameter.type](value)
    except ValueError:
        raise ValueError(f"must be of type {parameter.type}, got {value!r}.") from None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,19}", str(value), re.ASCII):
        raise ValueError
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or "_" in str(value) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    words = {"true": True, "false": False}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


_READERS: dict[str, Callable[[Any], Any]] = {
    "String": _string,
    "Integer": _integer,
    "Float": _float,
    "Boolean": _boolean,
}
