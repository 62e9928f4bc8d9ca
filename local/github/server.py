"""The REST API on the loopback interface, in a thread of this process."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from local.github.app import create_app
from local.github.service import LocalGitHub
from local.serving import Serving, listen

HOST = "127.0.0.1"
PATH = "/api/v3"


class Server:
    """Listens until `close`. `url` is what PyGithub takes as its base address."""

    def __init__(self, url: str, serving: Serving) -> None:
        self.url = url
        self._serving = serving

    @classmethod
    def start(cls, github: LocalGitHub) -> Server:
        """Listens on a free port; connections are taken from the moment this returns."""
        from starlette.applications import Starlette
        from starlette.routing import Mount

        listener = listen(HOST, 0)
        site = f"http://{HOST}:{listener.getsockname()[1]}"
        github.serve_at(site)
        app = Starlette(routes=[Mount(PATH, create_app(github))])
        return cls(site + PATH, Serving(app, listener, "local-github"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the requests that are under way and the thread; again is no harm."""
        self._serving.close()
