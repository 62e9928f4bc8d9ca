"""What a role may do, as IAM decides it ("Policy evaluation logic"): refused unless allowed, and a denial wins.

Moto's own evaluator reads a condition that is not met as a denial, and takes texts for regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from seed_code.project_template.granted import Lookup, Statement, as_list, flat

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Request:
    """A call. `resource`: an ARN, or `*` where the action has none. `context`: condition key -> value."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A statement without references."""

    denies: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions

    def applies(self, request: Request) -> bool:
        return (
            _named(self.actions, request.action)
            and any(matches(pattern, request.resource) for pattern in self.resources)
            and all(_holds(operator, keys, request.context) for operator, keys in self.conditions.items())
        )


def rules(statements: Iterable[Statement], lookup: Lookup) -> list[Rule]:
    """Statements with their references looked up."""
    return [_rule(statement, lookup) for statement in statements]


def allowed(policy: Iterable[Rule], request: Request) -> bool:
    applying = [rule for rule in policy if rule.applies(request)]
    return bool(applying) and not any(rule.denies for rule in applying)


def matches(pattern: str, text: str) -> bool:
    """`*`: any number of characters, slashes too; `?`: any one; all else, case included, is itself."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _named(actions: tuple[str, ...], action: str) -> bool:
    """Names of actions have no case."""
    return any(matches(pattern.lower(), action.lower()) for pattern in actions)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _rule(statement: Statement, lookup: Lookup) -> Rule:
    resources = tuple(flat(resource, lookup) for resource in statement.resources)
    conditions = {
        operator: {key: tuple(flat(value, lookup) for value in as_list(values)) for key, values in keys.items()}
        for operator, keys in statement.conditions.items()
    }
    return Rule(statement.effect == "Deny", statement.actions, resources, conditions)


def _equal(expected: str, value: str) -> bool:
    return expected == value


def _same_truth(expected: str, value: str) -> bool:
    return expected.lower() == value.lower()


OPERATORS = {
    "StringEquals": _equal,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": _same_truth,
}
"""`ArnEquals` and `ArnLike` are the same ("Amazon Resource Name (ARN) condition operators")."""


def _holds(operator: str, keys: Mapping[str, tuple[str, ...]], context: Mapping[str, str]) -> bool:
    """Every key must hold, by one of its values. A key that the request does not have only holds with `IfExists`."""
    compare = OPERATORS[operator.removesuffix("IfExists")]
    given = {key.lower(): value for key, value in context.items()}
    return all(
        any(compare(value, given[key.lower()]) for value in values)
        if key.lower() in given
        else operator.endswith("IfExists")
        for key, values in keys.items()
    )
