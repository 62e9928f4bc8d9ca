"""What became of an attempt: the list of steps and evaluation.json in, one outcome out. Pure.

The pipeline's own Condition decides; this module reads its answer and fails closed: what it cannot read for certain
never counts as registered.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from algorithms.errors import DatasetError, IssueFormatError, ParameterError, Problem

Step = Mapping[str, Any]
"""One item of ListPipelineExecutionSteps."""

REQUEST_ERRORS = {error.__name__ for error in (DatasetError, IssueFormatError, ParameterError)}


@dataclass(frozen=True)
class Registered:
    """The score met the threshold and the registry holds the model."""

    model_package_arn: str


@dataclass(frozen=True)
class BelowThreshold:
    """Trained and evaluated, and not good enough: an outcome, not an error."""


@dataclass(frozen=True)
class Invalid:
    """The request or its dataset is at fault."""

    problems: list[Problem]


@dataclass(frozen=True)
class Failed:
    """A step failed for a reason that is not the requester's."""

    step: str
    reason: str


@dataclass(frozen=True)
class Stopped:
    """Somebody stopped the execution."""


Outcome = Registered | BelowThreshold | Invalid | Failed | Stopped


def judge(status: str, steps: Sequence[Step], evaluation: Mapping[str, Any] | None) -> Outcome:
    """The outcome of a pipeline execution that has ended. A stop that came after the registration came too late.

    Parameters
    ----------
    status : PipelineExecutionStatus: Succeeded, Failed or Stopped
    steps : ListPipelineExecutionSteps, in any order
    evaluation : evaluation.json, or None where Evaluate wrote none
    """
    by_type = {_step_type(step): step for step in steps}
    met = by_type.get("Condition", {}).get("Metadata", {}).get("Condition", {}).get("Outcome")
    if by_type.get("RegisterModel", {}).get("StepStatus") == "Succeeded" or status == "Succeeded":
        return _registered(met, by_type.get("RegisterModel", {}), evaluation)
    if status == "Stopped":
        return Stopped()
    if met == "False" and "Fail" in by_type:
        return BelowThreshold()
    broken = next((step for step in steps if step.get("StepStatus") == "Failed"), None)
    if broken is None:
        return Failed("", f"the execution is {status}, and no step says why")
    return _failure(broken)


def _step_type(step: Step) -> str:
    return str(next(iter(step.get("Metadata", {})), step["StepName"]))


def _registered(met: str | None, step: Step, evaluation: Mapping[str, Any] | None) -> Outcome:
    arn = step.get("Metadata", {}).get("RegisterModel", {}).get("Arn")
    if met != "True" or not arn:
        return Failed("RegisterModel", "the execution succeeded without a registered model package")
    if not _finite(evaluation):
        return Failed("Evaluate", "evaluation.json has no finite primary metric")
    return Registered(arn)


def _finite(evaluation: Mapping[str, Any] | None) -> bool:
    try:
        return math.isfinite(evaluation["metrics"]["primary"]["value"])  # type: ignore[index]
    except (KeyError, TypeError):
        return False


def _failure(step: Step) -> Outcome:
    """A step's FailureReason holds the JSON that the step wrote, with the service's own words around it."""
    reason = str(step.get("FailureReason", "no reason given"))
    message = _json_in(reason)
    problems = _problems(message)
    if message.get("error") in REQUEST_ERRORS and problems:
        return Invalid(problems)
    return Failed(str(step["StepName"]), " ".join(problem.message for problem in problems) or reason)


def _json_in(text: str) -> dict[str, Any]:
    start = text.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else ({}, 0)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _problems(message: Mapping[str, Any]) -> list[Problem]:
    listed = message.get("problems")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    problems = [Problem(str(item.get("key", "")), item.get("value"), str(item.get("message", ""))) for item in items]
    more = message.get("more")
    if problems and isinstance(more, int) and more > 0:
        problems.append(Problem("", None, f"{more} more problems did not fit into the step's message."))
    return problems
