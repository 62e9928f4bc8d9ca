"""An app on a socket, in a thread of this process."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from starlette.applications import Starlette

MOST_CONNECTIONS = 512
IDLE_SECONDS = 5
LONGEST_HEADERS = 64 * 1024
CLOSING_SECONDS = 5


class PortError(Exception):
    """The address cannot be listened at. The message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; port 0 is a free one. Raises PortError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024, dualstack_ipv6=host == "::")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{host}:{port}: cannot be listened at, got: {reason}. Give another --host or --port."
        raise PortError(message) from error
    # asyncio does this for sockets that name their protocol only; without it each answer waits 40 ms for an ACK
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Serving:
    """Serves until `close`."""

    def __init__(self, app: Starlette, listener: socket.socket, name: str = "web") -> None:
        from uvicorn import Config, Server

        config = Config(
            app,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            http="h11",
            ws="none",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=CLOSING_SECONDS,
            h11_max_incomplete_event_size=LONGEST_HEADERS,
        )
        self._server = Server(config)
        self._listener = listener
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=name, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the requests that are under way and the thread; again is no harm."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
