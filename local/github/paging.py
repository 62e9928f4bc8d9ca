"""Pages of lists and the Link header ("Using pagination in the REST API"). Pure but for the query."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from local.store import Store

USUAL_SIZE, LARGEST_SIZE, LARGEST_NUMBER = 30, 100, 1_000_000


@dataclass(frozen=True)
class Listing:
    """The rows of one page, and how many rows there are on all pages."""

    rows: Sequence[sqlite3.Row]
    total: int


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; `number` counts from 1."""

    number: int = 1
    size: int = USUAL_SIZE

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Page:
        """Of a request's `page` and `per_page`; what is no number or too small is taken as the usual, as on GitHub."""
        number = _positive(query.get("page"), 1)
        size = _positive(query.get("per_page"), USUAL_SIZE)
        return cls(min(number, LARGEST_NUMBER), min(size, LARGEST_SIZE))

    def take(self, store: Store, query: str, *values: object) -> Listing:
        """The rows of a SELECT on this page."""
        count = store.row(f"SELECT count(*) FROM ({query})", *values)  # noqa: S608 (the query is ours)
        rows = store.rows(f"{query} LIMIT ? OFFSET ?", *values, self.size, (self.number - 1) * self.size)
        return Listing(rows, 0 if count is None else int(count[0]))

    def cut(self, rows: Sequence[sqlite3.Row]) -> Listing:
        """This page of rows that are all at hand."""
        start = (self.number - 1) * self.size
        return Listing(rows[start : start + self.size], len(rows))

    def links(self, url: str, query: Mapping[str, str], total: int) -> str:
        """The Link header; empty where everything is on one page."""
        last = max(1, -(-total // self.size))
        pages = {}
        if self.number > 1:
            pages |= {"prev": self.number - 1, "first": 1}
        if self.number < last:
            pages |= {"next": self.number + 1, "last": last}
        return ", ".join(
            f'<{url}?{urlencode({**query, "page": number})}>; rel="{relation}"' for relation, number in pages.items()
        )


def _positive(text: str | None, usual: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return usual
    return int(text) or usual
