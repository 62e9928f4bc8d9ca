"""Markdown that the reference pages and the comments share. Light."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

BARE_PIPE = re.compile(r"(?<!\\)\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, without a line end after its last row. A pipe in a cell is escaped, unless it is already."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return BARE_PIPE.sub(r"\|", text)
