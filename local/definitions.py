"""Reads a compiled pipeline definition and checks it as a whole, before anything of it runs.

The dialect: "Pipeline definition JSON schema", https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/,
and what the SageMaker SDK v3 compiles (JsonGet, PropertyFiles and EnumValues are missing in that schema).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from local.conditions import CONDITION_TYPES
from local.expressions import EXECUTION_VARIABLES, Expression, references

StepType = Literal["Processing", "Training", "Tuning", "Condition", "RegisterModel", "Fail"]
ParameterType = Literal["String", "Integer", "Float", "Boolean"]


class DefinitionError(Exception):
    """A definition that cannot run here. `problems` has all that was found."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _with_designator(text: object) -> object:
    """The service also takes durations without their P, in small letters: "30d" is P30D."""
    return f"P{text.upper().removeprefix('P')}" if isinstance(text, str) else text


Duration = Annotated[timedelta, BeforeValidator(_with_designator)]
StepName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", frozen=True)


class Parameter(_Part):
    """One pipeline parameter. Without a default it is required."""

    name: str
    type: ParameterType
    default_value: str | int | float | bool | None = None
    enum_values: list[str] | None = None


class RetryPolicy(_Part):
    """When a failed attempt is made again ("Retry Policy for Pipeline Steps", SageMaker Developer Guide)."""

    exception_type: list[str]
    interval_seconds: float = Field(1, ge=0)
    backoff_rate: float = Field(2, ge=0)
    max_attempts: int | None = Field(None, ge=0)
    expire_after_min: float | None = Field(None, ge=0)


class CacheConfig(_Part):
    """Whether an earlier result of the same step may be used, and for how long (ISO 8601 duration)."""

    enabled: bool = False
    expire_after: Duration | None = None


class PropertyFile(_Part):
    """A JSON file in a processing output, which Std:JsonGet reads."""

    property_file_name: str
    output_name: str
    file_path: str


class Step(_Part):
    """One step. `arguments` may hold expressions; those of a Condition hold the steps of its branches."""

    name: StepName
    type: StepType
    display_name: str | None = None
    description: str | None = None
    arguments: dict[str, Any]
    depends_on: list[str | dict[str, Any]] = []
    retry_policies: list[RetryPolicy] = []
    cache_config: CacheConfig = CacheConfig()
    property_files: list[PropertyFile] = []

    @property
    def own_arguments(self) -> dict[str, Any]:
        """The arguments that are resolved before the step runs: of a Condition, not those of its branches."""
        return {key: value for key, value in self.arguments.items() if key not in ("IfSteps", "ElseSteps")}

    def branch(self, met: bool) -> list[Step]:
        """The steps that follow a Condition."""
        return [Step.model_validate(step) for step in self.arguments.get("IfSteps" if met else "ElseSteps") or []]

    @property
    def dependencies(self) -> set[str]:
        """Names of the steps that must have succeeded: DependsOn, and the steps whose values are used."""
        named = {given if isinstance(given, str) else str(given.get("Name")) for given in self.depends_on}
        return named | {get.split(".")[1] for get in references(self.own_arguments) if get.startswith("Steps.")}

    def property_file(self, name: str) -> PropertyFile:
        """The property file of that name. Raises KeyError."""
        return {file.property_file_name: file for file in self.property_files}[name]


class Definition(_Part):
    """A pipeline definition."""

    version: Literal["2020-12-01"]
    parameters: list[Parameter] = []
    steps: list[Step] = Field(min_length=1)

    def all_steps(self) -> Iterator[Step]:
        """Every step, those of branches included."""
        return _walk(self.steps)


def parse(text: str) -> Definition:
    """Reads and checks a definition. Raises DefinitionError with every problem."""
    try:
        definition = Definition.model_validate(json.loads(text))
        steps = list(definition.all_steps())
    except ValidationError as error:
        raise DefinitionError([_text(problem) for problem in error.errors()]) from error
    except (ValueError, RecursionError) as error:
        raise DefinitionError([f"definition: must be JSON, got {error}."]) from error
    try:
        problems = [*_names(steps), *_references(definition, steps), *_conditions(steps)] or _order(steps)
    except (AttributeError, TypeError) as error:
        raise DefinitionError([f"definition: has arguments of another shape, {error}."]) from error
    if problems:
        raise DefinitionError(problems)
    return definition


def _walk(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if step.type == "Condition":
            yield from _walk(step.branch(True))
            yield from _walk(step.branch(False))


def _text(problem: Any) -> str:
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}, got {str(problem['input'])[:100]!r}."


def _names(steps: list[Step]) -> list[str]:
    names = [step.name for step in steps]
    return [f"{name}: the name of a step must be unique." for name in sorted({n for n in names if names.count(n) > 1})]


def _references(definition: Definition, steps: list[Step]) -> list[str]:
    """Everything that is named must exist."""
    names = {step.name for step in steps}
    parameters = {f"Parameters.{parameter.name}" for parameter in definition.parameters}
    problems = [
        f"{step.name}: depends on {missing!r}, which is no step of this pipeline."
        for step in steps
        for missing in sorted(step.dependencies - names)
    ]
    for step in steps:
        problems += [
            f"{step.name}: {get} is not defined."
            for get in sorted(references(step.own_arguments))
            if not get.startswith("Steps.") and get not in parameters | EXECUTION_VARIABLES
        ]
    return problems


def _conditions(steps: list[Step]) -> list[str]:
    return [
        f"{step.name}: the condition {kind!r} is unknown. Known are {', '.join(CONDITION_TYPES)}."
        for step in steps
        if step.type == "Condition"
        for kind in _kinds(step.own_arguments.get("Conditions", []))
        if kind not in CONDITION_TYPES
    ]


def _kinds(conditions: list[Expression]) -> Iterator[str]:
    for condition in conditions:
        yield str(condition.get("Type"))
        yield from _kinds(condition.get("Conditions", []))
        yield from _kinds([condition["Condition"]] if "Condition" in condition else [])


def _order(steps: list[Step]) -> list[str]:
    graph = {step.name: set(step.dependencies) for step in steps}
    for step in steps:
        for inner in _walk([*step.branch(True), *step.branch(False)]) if step.type == "Condition" else []:
            graph[inner.name].add(step.name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"steps: wait for each other in a circle: {' -> '.join(error.args[1])}."]
    return []
