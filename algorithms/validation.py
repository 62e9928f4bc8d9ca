"""Checks a mapping against a pydantic model and says in plain words what is wrong. Light.

What a field expects is read from the model's JSON schema, so messages and reference tables use the same words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from algorithms.errors import Problem
from algorithms.wording import LONGEST_SHOWN, did_you_mean, nearest, number, plain, shown

MOST_UNKNOWN = 50
"""Unknown keys that are told one by one; the rest is counted."""

BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "greater than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
"""The words of a JSON schema for the limits of a number, and ours."""


def check(model: type[BaseModel], given: Mapping[Any, Any], prefix: str = "", what: str = "key") -> list[Problem]:
    """Every problem of `given` as input of `model`, one per key, each key shown behind `prefix`.

    `what` names in a message what the keys are: "key", "hyperparameter of xgboost".
    """
    unknown = [key for key in given if key not in model.model_fields]
    problems = [_unknown(prefix, key, given[key], list(model.model_fields), what) for key in unknown[:MOST_UNKNOWN]]
    if len(unknown) > MOST_UNKNOWN:
        more = len(unknown) - MOST_UNKNOWN
        problems.append(Problem(prefix.rstrip("."), more, f"{more} more keys are unknown too. Remove them."))
    try:
        model.model_validate({key: value for key, value in given.items() if key in model.model_fields})
    except ValidationError as error:
        problems += _translated(model, given, prefix, error)
    return problems


def _translated(model: type[BaseModel], given: Mapping[Any, Any], prefix: str, error: ValidationError) -> list[Problem]:
    """One problem per field, however many errors pydantic has for it; errors of the whole model as they are."""
    problems: dict[str, Problem] = {}
    for detail in error.errors(include_url=False, include_input=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        key = f"{prefix}{name}".rstrip(".: ")
        if name == "" or detail["type"] in ("value_error", "assertion_error"):
            reason = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ").rstrip(".")
            problems.setdefault(name, Problem(key, plain(given.get(name)), f"{key or 'request'}: {reason}."))
        elif name in given:
            problems.setdefault(name, _wrong(key, given[name], fields(model)[name]))
        else:
            problems.setdefault(name, _missing(key, fields(model)[name]))
    return list(problems.values())


def _unknown(prefix: str, key: Any, value: Any, names: list[str], what: str) -> Problem:
    name = f"{prefix}{key if isinstance(key, str) and key.isidentifier() and len(key) <= LONGEST_SHOWN else shown(key)}"
    return Problem(name, plain(value), f"{name}: is not a {what}, got {shown(value)}. {did_you_mean(key, names)}")


def _missing(key: str, schema: Mapping[str, Any]) -> Problem:
    return Problem(key, None, f"{key}: is missing. Add it: {expectation(schema)}.")


def _wrong(key: str, value: Any, schema: Mapping[str, Any]) -> Problem:
    message = f"{key}: must be {expectation(schema)}, got {shown(value)}. {_advice(value, schema)}"
    return Problem(key, plain(value), message)


def _advice(value: Any, schema: Mapping[str, Any]) -> str:
    """What to do about a wrong value: the nearest valid one where there is one."""
    branches = branches_of(schema)
    names = [name for branch in branches for name in choices(branch)]
    if nearest(value, names):
        return did_you_mean(value, names)
    types = {branch.get("type") for branch in branches}
    if isinstance(value, str) and types & {"integer", "number"} and _is_number(value):
        return "Write it as a number, without quotes."
    if isinstance(value, bool | int | float) and types == {"string"} and not choices(branches[0]):
        return f'Put it in quotes: "{shown(value)}".'
    bound = next((bound for branch in branches if (bound := _nearest_bound(value, branch)) is not None), None)
    if bound is not None:
        return f"The nearest valid value is {bound}."
    default = schema.get("default")
    return f"Correct it, or leave it out for the default, {shown(default)}." if default else "Correct it."


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _nearest_bound(value: Any, schema: Mapping[str, Any]) -> str | None:
    """The inclusive bound that `value` lies beyond, or the whole number nearest to it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if "minimum" in schema and value < schema["minimum"]:
        return number(schema["minimum"])
    if "maximum" in schema and value > schema["maximum"]:
        return number(schema["maximum"])
    if schema.get("type") == "integer" and isinstance(value, float) and math.isfinite(value):
        return number(round(value))
    return None


@cache
def fields(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each field of `model`, with references resolved."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return {name: _resolved(field, definitions) for name, field in schema.get("properties", {}).items()}


def _resolved(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**definitions[reference], **schema} if reference else schema


def branches_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a field. `null` is left out: an empty value means the default."""
    return [branch for branch in schema.get("anyOf", [schema]) if branch.get("type") != "null"]


def choices(schema: Mapping[str, Any]) -> list[str]:
    """The texts that a field is limited to; empty where it is not."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [value for value in values if isinstance(value, str)]


def expectation(schema: Mapping[str, Any]) -> str:
    """What a field expects, in words: "a whole number from 1 to 1000", "one of `iqr`, `none`, `zscore`"."""
    if "expected" in schema:
        return str(schema["expected"])
    return " or ".join(_expected(branch) for branch in branches_of(schema))


def _expected(schema: Mapping[str, Any]) -> str:
    names = choices(schema)
    if names:
        quoted = ", ".join(f"`{name}`" for name in names)
        return quoted if len(names) == 1 else f"one of {quoted}"
    kind = schema.get("type", "any")
    if kind == "array":
        return f"a list{_counted(schema, 'Items', 'entries')}, each {expectation(schema.get('items', {}))}"
    if kind == "string":
        return f"a text{_counted(schema, 'Length', 'characters')}"
    plain_words = {"boolean": "true or false", "object": "a mapping (lines of `key: value`)", "any": "a value"}
    return plain_words.get(kind) or f"a {'whole ' if kind == 'integer' else ''}number{_bounds(schema)}"


def _counted(schema: Mapping[str, Any], of: str, unit: str) -> str:
    low, high = schema.get(f"min{of}"), schema.get(f"max{of}")
    if low is not None and high is not None:
        return f" of {low} to {high} {unit}"
    if high is not None:
        return f" of at most {high} {unit}"
    return f" of at least {low} {unit}" if low is not None else ""


def _bounds(schema: Mapping[str, Any]) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" from {number(schema['minimum'])} to {number(schema['maximum'])}"
    found = [f"{word} {number(schema[key])}" for key, word in BOUNDS.items() if key in schema]
    return f" ({', '.join(found)})" if found else ""
