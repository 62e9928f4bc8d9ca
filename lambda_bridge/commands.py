"""A comment -> a command. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ReviewKind = Literal["approve", "reject", "rollback"]


@dataclass(frozen=True)
class Adjust:
    """Train again with these hyperparameters changed; None restores a default."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class Cancel:
    """End the run."""


@dataclass(frozen=True)
class Status:
    """Tell how it stands."""


@dataclass(frozen=True)
class Help:
    """Tell the commands."""


@dataclass(frozen=True)
class Review:
    """Approve, reject or roll back a version; None: the newest."""

    kind: ReviewKind
    version: int | None


@dataclass(frozen=True)
class Unknown:
    """Looks like a command and is none."""

    name: str
    suggestion: str


Command = Adjust | Cancel | Status | Help | Review | Unknown


def read_command(text: str) -> Command | None:
    """The command in a comment; None: ordinary talk. Raises IssueFormatError for a reply that cannot be read."""
    raise NotImplementedError
