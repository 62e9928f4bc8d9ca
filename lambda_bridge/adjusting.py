"""A reply and the last hyperparameters -> those of the next attempt. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from algorithms.errors import ParameterError, Problem
from algorithms.registry import algorithm
from algorithms.search import split
from pipelines.request import TrainingRequest, parse_request

BUDGETS = {"num_episodes": "total_timesteps", "total_timesteps": "num_episodes"}
"""How long an agent learns; giving one takes the other back."""


def merge(request: TrainingRequest, last: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters of the next attempt: the last ones with the changes; None restores a default.

    Raises ParameterError with every problem, unknown names whose value is None included.
    """
    emptied = {name: None for name, value in changes.items() if value is None}
    written = request.model_dump(include=set(TrainingRequest.model_fields), exclude_unset=True)
    asked = {**overlaid(last, changes), **emptied}
    if not split(algorithm(request.algorithm).params_model, asked)[0]:
        written.pop("tuning", None)  # it is for what is searched, and nothing is any more
    return parse_request({**written, "hyperparameters": asked}).hyperparameters


def overlaid(last: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`last` with the changes, not validated."""
    given = {name for name, value in changes.items() if value is not None}
    replaced = {other for name, other in BUDGETS.items() if name in given and other not in given}
    merged = {**{name: value for name, value in last.items() if name not in replaced}, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def same(request: TrainingRequest, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of valid hyperparameters mean the same once defaults are filled in."""
    return effective(request, one) == effective(request, other)


def effective(request: TrainingRequest, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Every hyperparameter of the algorithm, defaults filled in, lists and ranges that are searched as they are.

    Raises ValueError for values that are not valid.
    """
    written = request.model_copy(update={"hyperparameters": dict(hyperparameters)})
    searched, _ = split(algorithm(request.algorithm).params_model, hyperparameters)
    return {**written.params().model_dump(), **searched}


def readable(error: ParameterError) -> list[Problem]:
    """The problems of a reply, under the names that the person wrote."""
    return [
        Problem(p.key.removeprefix("hyperparameters."), p.value, p.message.removeprefix("hyperparameters."))
        for p in error.problems
    ]
