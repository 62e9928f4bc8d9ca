"""What the serving endpoint answers to a request that it cannot take: a status and every problem, by row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from algorithms.errors import Problem

MOST_TOLD = 50
"""Problems that one answer holds; the rest is counted."""


@dataclass(frozen=True)
class RowProblem:
    """One thing that is wrong. Rows count from 1, a header line is none of them; None: not about one row or column."""

    message: str
    row: int | None = None
    column: str | None = None


class RefusedError(Exception):
    """A request that is answered with a 4xx status, which the caller can mend; 503 where the service ends.

    `summary` : the text for people, where it is shorter than all problems one after the other
    """

    def __init__(self, status: int, problems: Sequence[RowProblem], summary: str | None = None) -> None:
        self.status, self.summary = status, summary
        self.problems = list(problems)
        super().__init__(summary or "\n".join(problem.message for problem in self.problems))

    @classmethod
    def of(cls, status: int, message: str, row: int | None = None, column: str | None = None) -> RefusedError:
        """A refusal with one problem."""
        return cls(status, [RowProblem(message, row, column)])

    @classmethod
    def malformed(cls, problems: Sequence[Problem]) -> RefusedError:
        """The refusal (400) of what a DatasetError found."""
        return cls(400, [RowProblem(problem.message) for problem in problems])

    def to_dict(self) -> dict[str, Any]:
        """The body of the answer: `error` is one text for people, `problems` holds each for programs."""
        told = self.problems[:MOST_TOLD]
        more = len(self.problems) - len(told)
        texts = [problem.message for problem in told] + ([f"{more} more problems did not fit."] if more else [])
        text = self.summary or " ".join(texts)
        return {"error": text, "problems": [asdict(problem) for problem in told], "more": more}
