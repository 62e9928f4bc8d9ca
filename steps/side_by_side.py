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
NO_THREAD = "can't start new thread"
"""What Python says, in a RuntimeError, when the system has no memory for one."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def each(work: Callable[[Item], Found], items: Iterable[Item], rows: int) -> list[Found]:
    """What `work` finds of each item, in their order, for a table of so many rows.

    Raises what `work` raises, and MemoryError where there is too little left for a thread.
    """
    if rows < LARGE_ROWS:
        return [work(item) for item in items]
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(work, items))
    except RuntimeError as error:
        if str(error) == NO_THREAD:
            raise MemoryError from error
        raise
