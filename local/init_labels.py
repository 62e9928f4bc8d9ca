"""`mlops init`: the labels of the bridge in a repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lambda_bridge.labels import LABELS, Label
from local.init_report import Step

if TYPE_CHECKING:
    from github.Label import Label as Found
    from github.Repository import Repository

MADE_BY_USE = "ededed"
"""The colour that GitHub gives to a label that was made by putting it on an issue."""


class Labels:
    """Missing ones are made, and unfinished ones completed. A colour or text that a person chose stays, unless `force`.

    A name in other letters, such as `MLOps:Train`, is corrected: to GitHub it is the same label, to the bridge none.
    """

    name = "labels"
    things: tuple[str, ...] = ("label",)
    needs = "The token needs Issues: read and write (of a classic token: repo)."

    def __init__(self, repository: Repository, force: bool) -> None:
        self._repository = repository
        self._force = force
        self._found: dict[str, Found] = {}

    def look(self) -> Sequence[Step]:
        """A step for each label."""
        self._found = {label.name.lower(): label for label in self._repository.get_labels()}
        return [self._step(label) for label in LABELS]

    def apply(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Carries the steps out, and answers each once it is done."""
        for label in LABELS:
            for step in steps:
                if step.name == label.name:
                    self._write(label)
                    yield replace(step, done=True)

    def _step(self, label: Label) -> Step:
        found = self._found.get(label.name)
        if found is None:
            return Step("label", label.name, "create")
        before, after = _state(found), self._wanted(label, found)
        if before != after:
            return Step("label", label.name, "update", _difference(after, before))
        wanted = (label.name, label.colour, label.description)
        if before != wanted:
            return Step("label", label.name, "keep", f"{_difference(wanted, before)}; --force changes it")
        return Step("label", label.name, "there")

    def _wanted(self, label: Label, found: Found) -> tuple[str, str, str]:
        """Name, colour and description as they should become."""
        _, colour, description = _state(found)
        unfinished = colour == MADE_BY_USE and not description
        return (
            label.name,
            label.colour if self._force or unfinished else colour,
            label.description if self._force or not description else description,
        )

    def _write(self, label: Label) -> None:
        found = self._found.get(label.name)
        if found is None:
            self._repository.create_label(label.name, label.colour, label.description)
        else:
            found.edit(*self._wanted(label, found))


def _state(found: Found) -> tuple[str, str, str]:
    return found.name, found.color.lower(), found.description or ""


def _difference(wanted: tuple[str, str, str], found: tuple[str, str, str]) -> str:
    """Such as: colour: wanted d93f0b, got 000000."""
    parts = zip(("name", "colour", "description"), wanted, found, strict=True)
    return "; ".join(f"{part}: wanted {new!r}, got {old!r}" for part, new, old in parts if new != old)
