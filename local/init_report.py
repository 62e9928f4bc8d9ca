"""What `mlops init` found and did: the object that `--json` prints, the lines that people read, the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from algorithms.errors import Problem
from lambda_bridge.inert import printable

Status = Literal["done", "nothing_to_do", "planned", "failed", "invalid"]
Action = Literal["there", "create", "update", "keep", "wait"]
EXIT_CODES: dict[Status, int] = {"done": 0, "nothing_to_do": 0, "planned": 0, "failed": 1, "invalid": 2}
CHANGES: tuple[Action, ...] = ("create", "update")
PLANNED: dict[Action, str] = {"create": "would be created", "update": "would be updated"}
PAST: dict[Action, str] = {
    "there": "is there",
    "create": "created",
    "update": "updated",
    "keep": "kept as it is",
    "wait": "waits in a pull request",
}


@dataclass(frozen=True)
class Step:
    """One thing of the repository, and what is to be done about it.

    Parameters
    ----------
    thing : label, file, webhook, pull request
    action : `keep`: somebody's own version stays; `wait`: it is in a pull request that nobody merged yet
    detail : why it is updated or kept, or where it was made
    done : whether an action that changes something was carried out
    """

    thing: str
    name: str
    action: Action
    detail: str = ""
    done: bool = False

    @property
    def changes(self) -> bool:
        """Whether something is to be done at all."""
        return self.action in CHANGES

    def line(self) -> str:
        """For people; names may come from the repository, and a terminal obeys control characters."""
        word = PLANNED[self.action] if self.changes and not self.done else PAST[self.action]
        return printable(f"{self.thing} {self.name}: {word}{self.detail and f' ({self.detail})'}")


@dataclass
class Report:
    """The result. Every field is always there. `next`: what a person does now, a sentence each."""

    repository: str
    dry_run: bool = False
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    commit: str | None = None
    branch: str | None = None
    pull_request: str | None = None
    next: list[str] = field(default_factory=list)
    invalid: bool = False
    """The arguments themselves are wrong."""

    @property
    def status(self) -> Status:
        """`planned`: only looked, and there is something to do."""
        if self.problems:
            return "invalid" if self.invalid else "failed"
        if not any(step.changes for step in self.steps):
            return "nothing_to_do"
        return "planned" if self.dry_run else "done"

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return EXIT_CODES[self.status]

    def to_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        found = asdict(self)
        del found["invalid"]
        return {"status": self.status, **found}

    def lines(self) -> Iterator[str]:
        """What is told on standard output. Problems are told elsewhere."""
        yield from (step.line() for step in self.steps if not self.problems or step.done)
        if self.status == "nothing_to_do":
            yield "Nothing to do."
        yield from (f"Next: {printable(text)}" for text in self.next)
