"""Peers: the processes that train one model together, each with some of the rows. Light."""

from __future__ import annotations

import json
from typing import Any, Protocol


class Peers(Protocol):
    """One of them, and how it reaches the others. Every peer makes the same calls in the same order."""

    @property
    def rank(self) -> int:
        """Which one it is, from 0."""

    @property
    def size(self) -> int:
        """How many there are."""

    def gather(self, content: bytes) -> list[bytes]:
        """What each peer gave, by rank, for each of them."""


def gather_values(peers: Peers, value: Any) -> list[Any]:
    """As `Peers.gather`, for what JSON can say."""
    return [json.loads(content) for content in peers.gather(json.dumps(value).encode())]
