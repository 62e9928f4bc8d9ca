"""Checks a state machine's definition as a whole, before anything of it runs. Pure.

The language is that of https://states-language.net/spec.html in JSONPath mode, and of it the part that
workflow.asl.json uses: Pass, Task, Choice, Succeed, Fail; paths of plain names; no wildcards, filters or intrinsic
functions. Everything else is refused, so that nothing is half understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, ValidationInfo
from pydantic.alias_generators import to_pascal

from local.asl import CONTEXT_PATHS, PATH

MOST_SECONDS = 99_999_999
"""TimeoutSeconds, IntervalSeconds and MaxAttempts ("Task workflow state", "Handling errors")."""


class DefinitionError(ValueError):
    """A definition that is not understood; the message names every deviation."""


def _is_state(name: str, info: ValidationInfo) -> str:
    if name not in (info.context or ()):
        raise ValueError("must be the name of a state")
    return name


def _is_data_path(path: str) -> str:
    if PATH.fullmatch(path) is None:
        raise ValueError("must be a path of plain names, as $.a.b")
    return path


def _is_template(template: dict[str, Any]) -> dict[str, Any]:
    problems = list(_problems(template, in_list=False))
    if problems:
        raise ValueError("; ".join(problems))
    return template


def _problems(template: Any, in_list: bool) -> Iterator[str]:
    """Paths that `local.asl.fill` would not read as the service does."""
    if isinstance(template, list):
        yield from (problem for part in template for problem in _problems(part, in_list=True))
    for key, value in template.items() if isinstance(template, Mapping) else ():
        if not key.endswith(".$"):
            yield from _problems(value, in_list)
        elif in_list:
            yield f"{key}: must not stand in a list"
        elif not isinstance(value, str) or (value not in CONTEXT_PATHS and PATH.fullmatch(value) is None):
            yield f"{key}: must be a path of plain names or one of {', '.join(CONTEXT_PATHS)}, got {value!r}"


Target = Annotated[str, AfterValidator(_is_state)]
DataPath = Annotated[str, AfterValidator(_is_data_path)]
Template = Annotated[dict[str, Any], AfterValidator(_is_template)]
ErrorNames = Annotated[list[str], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="forbid", strict=True)


class _State(_Part):
    comment: str = ""


class Retrier(_Part):
    """One entry of Retry."""

    error_equals: ErrorNames
    interval_seconds: int = Field(1, ge=1, le=MOST_SECONDS)
    max_attempts: int = Field(3, ge=0, le=MOST_SECONDS)
    backoff_rate: float = Field(2, ge=1)
    max_delay_seconds: int | None = Field(None, ge=1)
    jitter_strategy: Literal["FULL", "NONE"] = "NONE"


class Catcher(_Part):
    """One entry of Catch."""

    error_equals: ErrorNames
    result_path: DataPath | None = "$"
    next: Target


def _all_stands_last(found: list[Any]) -> list[Any]:
    """States.ALL stands alone and in the last entry, as the service demands."""
    for number, entry in enumerate(found, start=1):
        if "States.ALL" in entry.error_equals and (number < len(found) or len(entry.error_equals) > 1):
            raise ValueError("States.ALL must stand alone, in the last entry")
    return found


class Comparison(_Part):
    """A variable and one comparison."""

    variable: DataPath
    string_equals: str | None = None
    boolean_equals: bool | None = None
    numeric_greater_than: float | None = None


def _has_one_comparison(rule: Comparison) -> Comparison:
    compared = (rule.string_equals, rule.boolean_equals, rule.numeric_greater_than)
    if sum(value is not None for value in compared) != 1:
        raise ValueError("must have one of StringEquals, BooleanEquals, NumericGreaterThan")
    return rule


class ComparisonRule(Comparison):
    """A rule of one comparison."""

    next: Target


class AndRule(_Part):
    """A rule of comparisons that must all hold; none of them is an And itself."""

    and_: list[Annotated[Comparison, AfterValidator(_has_one_comparison)]] = Field(min_length=1, alias="And")
    next: Target


Rule = Annotated[
    Annotated[AndRule, Tag("And")] | Annotated[ComparisonRule, AfterValidator(_has_one_comparison), Tag("comparison")],
    Discriminator(lambda rule: "And" if isinstance(rule, Mapping) and "And" in rule else "comparison"),
]


class PassState(_State):
    """Sets data."""

    type: Literal["Pass"]
    parameters: Template | None = None
    result: Any = None
    result_path: DataPath | None = "$"
    next: Target


class Invocation(_Part):
    """What a task calls, and with what."""

    function_name: str
    payload: Template = {}


class TaskState(_State):
    """Calls a function; with `.waitForTaskToken` it waits for an answer to the token."""

    type: Literal["Task"]
    resource: Literal["arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken"]
    parameters: Invocation
    timeout_seconds: int = Field(ge=1, le=MOST_SECONDS)
    result_selector: Template | None = None
    result_path: DataPath | None = "$"
    retry: Annotated[list[Retrier], AfterValidator(_all_stands_last)] = []
    catch: Annotated[list[Catcher], AfterValidator(_all_stands_last)] = []
    next: Target


class ChoiceState(_State):
    """Goes where the first rule that holds leads."""

    type: Literal["Choice"]
    choices: list[Rule] = Field(min_length=1)
    default: Target


class SucceedState(_State):
    """Ends well."""

    type: Literal["Succeed"]


class FailState(_State):
    """Ends with an error."""

    type: Literal["Fail"]
    error: str
    cause: str


AnyState = Annotated[PassState | TaskState | ChoiceState | SucceedState | FailState, Field(discriminator="type")]


class Definition(_Part):
    """A state machine."""

    comment: str = ""
    start_at: Target
    states: dict[str, AnyState]


def check(definition: Mapping[str, Any]) -> None:
    """Raises DefinitionError for a definition with anything that the interpreter would not do as the service does."""
    states = definition.get("States")
    names = set(states) if isinstance(states, Mapping) else set()
    try:
        Definition.model_validate(definition, context=names)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}, got {e['input']!r:.200}." for e in found]
        raise DefinitionError("\n".join(problems)) from error
