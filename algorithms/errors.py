"""Errors, by who can fix them.

A message reads *thing: what is wrong, got value. What to do.* Scores below a threshold are outcomes, not errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the key it stands under, the value found, and what to do about it."""

    key: str
    value: Any
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The object that reports and failure messages hold."""
        return asdict(self)


class RequestError(Exception):
    """The requester can fix it. Carries every problem that was found, never just the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problem.message for problem in self.problems))

    @classmethod
    def of(cls, key: str, value: Any, message: str) -> Self:
        """An error with one problem."""
        return cls([Problem(key, value, message)])


class IssueFormatError(RequestError):
    """The text is no readable request: not YAML, too long, or YAML of a kind that is refused."""


class ParameterError(RequestError):
    """A key of the request is unknown, missing, or out of its bounds."""


class DatasetError(RequestError):
    """The dataset cannot be used as it is."""


class PlatformError(Exception):
    """Capacity, throttling or the network: worth another try, then the operator is told."""


class MissingExtraError(Exception):
    """An optional part of the installation is missing. The message is the line that says what to install."""

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra = extra
        super().__init__(f"{purpose} needs the extra {extra!r}: pip install -c constraints.txt -e '.[{extra}]'")
