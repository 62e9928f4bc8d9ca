"""Server-sent events: "something has changed", to every page that is open (HTML Standard, "Server-sent events")."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MOST_LISTENERS = 100
HEARTBEAT_SECONDS = 15.0
"""A comment now and then, so that a connection that is gone is noticed."""


class Changes:
    """Tells pages that something changed. From any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.closed = False

    def tell(self) -> None:
        """Something has changed."""
        with self._guard:
            listeners = list(self._listeners.items())
        for event, loop in listeners:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # the loop has ended
                continue

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        self.tell()

    async def endpoint(self, _: Request) -> Response:
        """`GET /events`."""
        from starlette.responses import PlainTextResponse, StreamingResponse

        if len(self._listeners) >= MOST_LISTENERS or self.closed:
            return PlainTextResponse("Too many pages are open.\n", 503)
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _stream(self) -> AsyncIterator[str]:
        event = asyncio.Event()
        with self._guard:
            self._listeners[event] = asyncio.get_running_loop()
        try:
            yield "retry: 2000\n\n"
            while not self.closed:
                try:
                    await asyncio.wait_for(event.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                event.clear()
                if not self.closed:
                    yield "data: changed\n\n"
        finally:
            with self._guard:
                del self._listeners[event]
