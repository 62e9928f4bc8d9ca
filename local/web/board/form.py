"""The form of a new training: the fields of the issue form, and the body that GitHub would make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from algorithms.errors import Problem, RequestError
from algorithms.registry import ALGORITHMS
from algorithms.validation import branches_of, choices, fields
from lambda_bridge.issue_body import read_body
from local.github.issues import LONGEST_TITLE
from pipelines.issue_form import EXAMPLES
from pipelines.request import TrainingRequest, form_label

FIRST = ("learning_type", "algorithm", "dataset_id", "environment", "evaluation_threshold", "hyperparameters")
"""What most people fill in; the others are folded away."""


@dataclass(frozen=True)
class Field:
    """One field with what was written and what is wrong with it."""

    key: str
    label: str
    about: str
    kind: str
    """`select`, `textarea` or `input`."""
    options: tuple[str, ...]
    required: bool
    example: str
    value: str
    problems: tuple[str, ...] = ()

    @property
    def main(self) -> bool:
        """Whether it is shown at once."""
        return self.key in FIRST or bool(self.problems) or bool(self.value)


@dataclass(frozen=True)
class Form:
    """The fields, and the problems that belong to none of them."""

    title: str
    fields: tuple[Field, ...]
    problems: tuple[str, ...]

    @property
    def body(self) -> str:
        """The issue's body, as GitHub renders its form; without the sections that hold nothing."""
        return "\n\n".join(f"### {field.label}\n\n{_section(field)}" for field in self.fields if field.value)


def read_form(given: Mapping[str, str], checked: bool) -> Form:
    """The form with these values; `checked`: and with everything that is wrong with them."""
    values = {key: given.get(key, "").strip() for key in fields(TrainingRequest)}
    title = given.get("title", "").strip()
    empty = _form(title, values, ())
    return _form(title, values, _problems(empty)) if checked else empty


def _problems(form: Form) -> Sequence[Problem]:
    found: list[Problem] = []
    if not form.title or len(form.title) > LONGEST_TITLE:
        found.append(Problem("title", form.title, f"title: must be 1 to {LONGEST_TITLE} characters. Write one."))
    if not form.body:
        return [*found, Problem("learning_type", None, "learning_type: must be given. Choose one.")]
    try:
        read_body(form.body)
    except RequestError as error:
        found += error.problems
    return found


def _form(title: str, values: Mapping[str, str], problems: Sequence[Problem]) -> Form:
    listed = fields(TrainingRequest)
    by_key: dict[str, list[str]] = {}
    for problem in problems:
        key = problem.key.partition(".")[0]
        by_key.setdefault(key if key in listed else "", []).append(problem.message)
    found = tuple(_field(key, schema, values[key], by_key.get(key, [])) for key, schema in listed.items())
    return Form(title, found, tuple(by_key.get("", [])))


def _field(key: str, schema: dict[str, object], value: str, problems: Sequence[str]) -> Field:
    branch = branches_of(schema)[0]
    options = tuple(str(option) for option in choices(schema) or choices(branch) or ())
    if key == "algorithm":
        options = tuple(ALGORITHMS)
    kind = "select" if options else "textarea" if branch.get("type") == "object" else "input"
    required, example = "default" not in schema, EXAMPLES.get(key, "").strip()
    about = str(schema["description"])
    return Field(key, form_label(key), about, kind, options, required, example, value, tuple(problems))


def _section(field: Field) -> str:
    return f"```yaml\n{field.value}\n```" if field.kind == "textarea" else field.value
