"""Conditions of a pipeline: "ConditionStep" in the SageMaker Developer Guide. What cannot be compared fails closed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

Condition = Mapping[str, Any]
"""One condition with its expressions resolved."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
CONDITION_TYPES = (*COMPARISONS, "In", "Not", "Or")


class ConditionError(Exception):
    """Two values that cannot be compared, such as a score that is missing and a threshold."""


def all_met(conditions: list[Condition]) -> bool:
    """Whether every condition of a Condition step is met. Raises ConditionError."""
    return all(is_met(condition) for condition in conditions)


def is_met(condition: Condition) -> bool:
    """Whether one condition is met. Raises ConditionError."""
    kind = condition["Type"]
    if kind == "Not":
        return not is_met(condition["Condition"])
    if kind == "Or":
        return any(is_met(inner) for inner in condition["Conditions"])
    if kind == "In":
        return any(_compare("Equals", condition["QueryValue"], value) for value in condition["Values"])
    return _compare(kind, condition["LeftValue"], condition["RightValue"])


def _compare(kind: str, left: Any, right: Any) -> bool:
    if _family(left) != _family(right):
        raise ConditionError(f"{kind}: {left!r} and {right!r} cannot be compared; both must be numbers or both text.")
    return COMPARISONS[kind](left, right)


def _family(value: Any) -> str:
    for name, types in (("boolean", bool), ("number", (int, float)), ("text", str)):
        if isinstance(value, types):
            return name
    raise ConditionError(f"condition: a number, text or boolean is needed, got {value!r}.")
