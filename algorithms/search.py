"""Hyperparameters that are searched: given as a list of values, or as a range `{min, max}`. Light: pydantic only.

A point of the search is a place between 0 and 1 for each of them, so that one tuning job with `SLOTS` fixed ranges
serves every request: `Space.at` turns such a point into values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from pydantic import Field

from algorithms.errors import Problem
from algorithms.params import Params, source
from algorithms.validation import branches_of, check, fields
from algorithms.wording import plain, shown

SLOTS = 8
"""Hyperparameters that may be searched at once."""
PLACE = "place_"
"""What the hyperparameters of a tuning job are called, with a number from 1 to `SLOTS` behind it."""
MOST_VALUES = 30
"""Of a list (CreateHyperParameterTuningJob, `CategoricalParameterRange.Values`)."""
MOST_TRIALS = 100
DIGITS = 4
"""Significant digits of a number with a fraction: a person may want to write it down."""
LOGARITHMIC_FROM = 100
"""A range whose end is at least as many times its beginning is searched by its logarithm."""

Strategy = Literal["random", "bayesian", "grid"]


class Tuning(Params):
    """How hyperparameters that are given as lists or ranges are searched."""

    max_trials: int = Field(
        20,
        ge=1,
        le=MOST_TRIALS,
        description="Sets of values that are tried; of a grid all, or at most as many as are given here.",
        json_schema_extra=source("enough for two or three hyperparameters"),
    )
    strategy: Strategy = Field(
        "bayesian",
        description="How the next set is chosen: at random, from what the earlier ones reached, or every combination.",
        json_schema_extra=source("SageMaker's own default"),
    )


@dataclass(frozen=True)
class Values:
    """A list of values."""

    name: str
    values: tuple[Any, ...]

    def at(self, place: float) -> Any:
        """The value at a place between 0 and 1."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    def every(self) -> tuple[Any, ...]:
        """All of them."""
        return self.values


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, both included."""

    name: str
    low: float
    high: float
    whole: bool

    def at(self, place: float) -> float:
        """The number at a place between 0 and 1, in `DIGITS` digits; by its logarithm where the range is wide."""
        if self.low > 0 and self.high >= LOGARITHMIC_FROM * self.low:
            found = math.exp(math.log(self.low) + place * (math.log(self.high) - math.log(self.low)))
        elif self.whole:
            return self.low + min(int(place * (self.high - self.low + 1)), int(self.high - self.low))
        else:
            found = self.low + place * (self.high - self.low)
        return min(max(round(found) if self.whole else float(f"{found:.{DIGITS}g}"), self.low), self.high)

    def every(self) -> Sequence[float] | None:
        """All whole numbers; None where there is no end of them."""
        return range(int(self.low), int(self.high) + 1) if self.whole else None


@dataclass(frozen=True)
class Space:
    """What is searched, by name, and the hyperparameters that stay as they are."""

    searched: tuple[Values | Range, ...]
    fixed: Mapping[str, Any]

    def at(self, places: Sequence[float]) -> dict[str, Any]:
        """The hyperparameters of a point: a place between 0 and 1 for each that is searched, in order."""
        values = {each.name: each.at(place) for each, place in zip(self.searched, places, strict=False)}
        return {**self.fixed, **values}

    def size(self) -> int | None:
        """How many combinations there are; None where a range has no end of numbers."""
        lists = [each.every() for each in self.searched]
        return None if None in lists else math.prod(len(values) for values in lists if values is not None)

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination. Raises ValueError where a range has no end of numbers."""
        if self.size() is None:
            raise ValueError("a range of numbers with fractions has no grid")
        for values in product(*(each.every() or () for each in self.searched)):
            yield {**self.fixed, **{each.name: value for each, value in zip(self.searched, values, strict=True)}}


def is_searched(model: type[Params], name: str, value: Any) -> bool:
    """Whether a hyperparameter's value asks for a search; a list does not where the field itself takes one."""
    field = fields(model).get(name)
    if field is None:
        return False
    if isinstance(value, Mapping):
        return True
    takes_lists = any(branch.get("type") == "array" for branch in branches_of(field))
    return isinstance(value, list) and (not takes_lists or any(isinstance(item, list) for item in value))


def split(model: type[Params], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is searched, and what is not."""
    searched = {name: value for name, value in given.items() if is_searched(model, name, value)}
    return searched, {name: value for name, value in given.items() if name not in searched}


def space(model: type[Params], given: Mapping[str, Any]) -> Space:
    """The space of valid hyperparameters (see `problems`)."""
    searched, fixed = split(model, given)
    return Space(tuple(_dimension(model, name, searched[name]) for name in sorted(searched)), fixed)


def _dimension(model: type[Params], name: str, value: Any) -> Values | Range:
    if isinstance(value, list):
        return Values(name, tuple(value))
    low, high = value["min"], value["max"]
    kinds = {branch.get("type") for branch in branches_of(fields(model)[name])}
    return Range(name, low, high, whole="integer" in kinds and "number" not in kinds)


def problems(model: type[Params], given: Mapping[str, Any], what: str) -> list[Problem]:
    """What is wrong with the lists and ranges among hyperparameters; `what` names them in a message."""
    searched, _ = split(model, given)
    found = [problem for name, value in searched.items() for problem in _wrong(model, name, value, what)]
    if len(searched) > SLOTS:
        names = ", ".join(sorted(searched))
        message = f"hyperparameters: at most {SLOTS} may be searched at once, got {len(searched)} ({names}). Fix some."
        found.append(Problem("hyperparameters", len(searched), message))
    return found


def _wrong(model: type[Params], name: str, value: Any, what: str) -> list[Problem]:
    key = f"hyperparameters.{name}"
    shape = _shape(model, name, value)
    if shape:
        return [Problem(key, plain(value), f"{key}: must be {shape}, got {shown(value)}. Correct it.")]
    ends = value if isinstance(value, list) else [value["min"], value["max"]]
    each = [check(model, {name: end}, "hyperparameters.", what) for end in ends]
    return next((wrong[:1] for wrong in each if wrong), [])


def _shape(model: type[Params], name: str, value: Any) -> str | None:
    """What a list or range must be like, if it is not."""
    if isinstance(value, list):
        different = {repr(item) for item in value}
        fits = 2 <= len(different) == len(value) <= MOST_VALUES
        return None if fits else f"one value, or a list of 2 to {MOST_VALUES} different ones"
    numeric = any(branch.get("type") in ("integer", "number") for branch in branches_of(fields(model)[name]))
    if not numeric:
        return "one value or a list of values, since it is no number"
    low, high = value.get("min"), value.get("max")
    fits = set(value) == {"min", "max"} and all(map(_is_number, (low, high))) and low < high
    return None if fits else "one value, a list of values, or a range {min, max} with min less than max"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tuning_problems(tuning: Tuning, found: Space) -> list[Problem]:
    """What does not fit between `tuning` and what is searched."""
    if not found.searched:
        message = "tuning: searches nothing. Give a hyperparameter as a list or as {min, max}, or leave tuning out."
        return [Problem("tuning", plain(tuning.model_dump()), message)]
    if tuning.strategy != "grid":
        return []
    size = found.size()
    if size is None:
        names = ", ".join(each.name for each in found.searched if each.every() is None)
        message = f"tuning.strategy: grid needs lists or ranges of whole numbers, got a range for {names}. "
        return [Problem("tuning.strategy", "grid", f"{message}Give a list, or choose random or bayesian.")]
    most = tuning.max_trials if "max_trials" in tuning.model_fields_set else MOST_TRIALS
    if size > most:
        message = f"tuning.strategy: grid has {size} combinations, more than max_trials, {most}. "
        advice = f"Raise max_trials to {size}, or choose" if size <= MOST_TRIALS else "Give fewer values, or choose"
        return [Problem("tuning.strategy", "grid", f"{message}{advice} random or bayesian.")]
    return []
