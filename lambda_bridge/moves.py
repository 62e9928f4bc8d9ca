"""Steps from one set of hyperparameters to others, from what each field says of itself (see `params.source`). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from algorithms.params import Raises
from algorithms.validation import branches_of, fields
from lambda_bridge.adjusting import BUDGETS, effective
from pipelines.request import TrainingRequest

Values = dict[str, Any]
FACTORS = ((2.0, 4.0), (4.0, 16.0), (8.0, 64.0))
"""Of whole numbers, and of shares and penalties, which are searched on a coarser grid."""
SMALL = 20
"""Whole numbers up to this are stepped one by one where either direction may help."""
MOST_ONWARD = 2.0
"""Factor by which a direction that helped is followed."""
LONGEST_EPISODE = 500
"""Steps, as of CartPole: a number of episodes is at most about that many steps."""
DIGITS = 3
"""Significant digits of a suggested number."""


def moves(request: TrainingRequest, base: Mapping[str, Any], directions: Mapping[Raises, int]) -> Iterator[Values]:
    """Changes to `base`, the most promising first: several fields together, then one by one, then in larger steps.

    Parameters
    ----------
    base : valid hyperparameters, as they were written
    directions : +1 or -1 for each kind of field that is to be moved, the most important first
    """
    filled = effective(request, base)
    by_kind = {kind: _named(request, kind, filled) for kind in directions}
    for factors in FACTORS:
        steps = {
            kind: {name: _scaled(field, filled[name], sign, factors) for name, field in by_kind[kind].items()}
            for kind, sign in directions.items()
        }
        real = {
            kind: {name: value for name, value in step.items() if value is not None} for kind, step in steps.items()
        }
        firsts = dict(next(iter(step.items())) for step in real.values() if step)
        if len(firsts) > 1:
            yield firsts
        for step in real.values():
            yield from ({name: value} for name, value in step.items())


def restored(request: TrainingRequest, base: Mapping[str, Any], directions: Mapping[Raises, int]) -> Values:
    """The defaults of those fields of `base` whose default lies in the direction that is wanted; None: null."""
    filled = effective(request, base)
    found = {}
    for kind, sign in directions.items():
        for name, field in _named(request, kind, filled).items():
            default = field.get("default")
            if name in base and _lies(field, filled[name], default, sign):
                found[name] = default
    return found


def _lies(field: Mapping[str, Any], value: Any, default: Any, sign: int) -> bool:
    """Whether the default is greater (+1) or less (-1) than the value; for a capacity null is no limit."""
    if default is None:
        return field["raises"] == "capacity" and sign > 0 and value is not None
    return _is_number(value) and (default - value) * sign > 0


def tries(request: TrainingRequest, base: Mapping[str, Any]) -> Iterator[Values]:
    """Single changes of the fields of which only trying shows what is better, the smallest steps first."""
    filled = effective(request, base)
    named = _named(request, "either", filled)
    for distance in (1, 2, 3):
        for name, field in named.items():
            for sign in (1, -1):
                value = _neighbour(field, filled[name], sign, distance)
                if value is not None:
                    yield {name: value}


def onward(
    request: TrainingRequest,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    directions: Mapping[Raises, int],
) -> Values:
    """The step from `before` to `after` once more, in every number that it changed: at most twice or half as much.

    Steps against `directions`, and those that a bound would cut short, are left out.
    """
    one, other = effective(request, before), effective(request, after)
    signs: dict[Any, int] = dict(directions)
    schema = fields(type(request.params()))
    found = {}
    for name, field in schema.items():
        old, new = one.get(name), other.get(name)
        if _is_number(old) and _is_number(new) and (new - old) * signs.get(field.get("raises"), 0) >= 0:
            value = _within(field, _further(old, new), new)
            if value is not None:
                found[name] = value
    return found


def _further(old: float, new: float) -> float:
    if old <= 0 or new <= 0:
        return new + (new - old)
    return new * min(max(new / old, 1 / MOST_ONWARD), MOST_ONWARD)


def _within(field: Mapping[str, Any], wanted: float, current: Any) -> Any:
    """As `_fitted`, but None beyond a bound."""
    schema = _numeric(field)
    inside = schema.get("minimum", -math.inf) <= wanted <= schema.get("maximum", math.inf)
    return _fitted(field, wanted, current) if inside else None


def default_budget(request: TrainingRequest, base: Mapping[str, Any]) -> Values | None:
    """`base` with an agent's default number of steps, where it has at most half of them; None elsewhere."""
    default = fields(type(request.params()))["total_timesteps"]["null"]
    steps = base.get("total_timesteps") or base.get("num_episodes", math.inf) * LONGEST_EPISODE
    if steps > default / 2:
        return None
    return {**{name: value for name, value in base.items() if name not in BUDGETS}, "total_timesteps": default}


def _named(request: TrainingRequest, kind: Raises, filled: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fields of a kind; of two budgets the one that is in use."""
    schema = fields(type(request.params()))
    found = {name: field for name, field in schema.items() if field.get("raises") == kind}
    unused = {name for name, other in BUDGETS.items() if name in found and _unused(found[name], filled, name, other)}
    return {name: field for name, field in found.items() if name not in unused}


def _unused(field: Mapping[str, Any], filled: Mapping[str, Any], name: str, other: str) -> bool:
    return filled.get(name) is None and (filled.get(other) is not None or "null" not in field)


def _scaled(field: Mapping[str, Any], value: Any, sign: int, factors: tuple[float, float]) -> Any:
    """The value times or by its factor, within bounds; None where that is no other value."""
    whole, share = factors
    if isinstance(value, list):
        wanted = [_fitted(field["items"], each * whole**sign, None) for each in value]
        return None if wanted == value else wanted
    if value is None:
        return _from_null(field, sign, whole)
    if value == 0:
        return _fitted(field, float(field.get("default") or 1.0), value) if sign > 0 else None
    return _fitted(field, value * (whole if isinstance(value, int) else share) ** sign, value)


def _from_null(field: Mapping[str, Any], sign: int, factor: float) -> Any:
    """For a capacity null is no limit, so only less is possible."""
    if "null" not in field or (field["raises"] == "capacity" and sign > 0):
        return None
    return _fitted(field, field["null"] * factor**sign, None)


def _neighbour(field: Mapping[str, Any], value: Any, sign: int, distance: int) -> Any:
    whole = isinstance(value, int)
    return _fitted(
        field, value + sign * distance if whole and value <= SMALL else value * 2.0 ** (sign * distance), value
    )


def _fitted(field: Mapping[str, Any], wanted: float, current: Any) -> Any:
    """`wanted` as the field takes it, or None where that is what stands there."""
    schema = _numeric(field)
    bounded = min(max(wanted, schema.get("minimum", -math.inf)), schema.get("maximum", math.inf))
    if bounded <= schema.get("exclusiveMinimum", -math.inf):
        return None
    value = round(bounded) if schema["type"] == "integer" else float(f"{bounded:.{DIGITS}g}")
    return None if value == current else value


def _numeric(field: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(branch for branch in branches_of(field) if branch.get("type") in ("integer", "number"))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
