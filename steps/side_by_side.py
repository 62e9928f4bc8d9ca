"""Work on several columns of a large table at a time. The libraries compute outside of Python's own lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from algorithms.cores import usable_cores

LARGE_ROWS = 2**20
"""Rows from which on threads are worth their while."""
WORKERS = min(4, usable_cores())
"""Each holds a column or two of its own."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def each(work: Callable[[Item], Found], items: Iterable[Item], rows: int) -> list[Found]:
    """What `work` finds of each item, in their order, for a table of so many rows."""
    if rows < LARGE_ROWS:
        return [work(item) for item in items]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, items))
