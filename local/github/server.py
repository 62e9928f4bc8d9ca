"""The REST API on the loopback interface, in a thread of this process."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from local.github.app import create_app
from local.github.service import LocalGitHub

if TYPE_CHECKING:
    from uvicorn import Server as Uvicorn

HOST = "127.0.0.1"
PATH = "/api/v3"


class Server:
    """Listens until `close`. `url` is what PyGithub takes as its base address."""

    def __init__(self, github: LocalGitHub, server: Uvicorn, listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._thread = threading.Thread(target=server.run, args=([listener],), name="local-github", daemon=True)
        site = f"http://{HOST}:{listener.getsockname()[1]}"
        self.url = site + PATH
        github.serve_at(site)

    @classmethod
    def start(cls, github: LocalGitHub) -> Server:
        """Listens on a free port; connections are taken from the moment this returns."""
        from starlette.applications import Starlette
        from starlette.routing import Mount
        from uvicorn import Config
        from uvicorn import Server as Uvicorn

        listener = socket.create_server((HOST, 0))
        # asyncio does this for sockets that name their protocol only; without it each answer waits 40 ms for an ACK
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = Starlette(routes=[Mount(PATH, create_app(github))])
        config = Config(app, lifespan="off", log_config=None, log_level="critical", access_log=False, ws="none")
        server = cls(github, Uvicorn(config), listener)
        server._thread.start()
        return server

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
