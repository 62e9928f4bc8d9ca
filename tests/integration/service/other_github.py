"""Another GitHub: the REST calls that the bridge needs, as GitHub documents them, in memory and behind HTTP.

It shares no code with the local one, and differs from it where GitHub lets it: the API's address has no path, ids are
large, the bridge's account is a machine user, events of other kinds stand in between, the name's case is another.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.integration.service.other_git import OtherGit
from tests.integration.service.other_hook import Hook
from tests.integration.service.other_records import Records
from tests.integration.service.other_routes import ROUTES, Call, unknown
from tests.integration.service.other_setup import SETUP_ROUTES, Setup
from tests.integration.service.other_shapes import Account, RefusedError

REPOSITORY = "acme/models"
SILENT = 0
"""The status of an answer that never comes."""
LONGEST_SILENCE_SECONDS = 30


@dataclass
class Obstacle:
    """What an account's next requests get in the place of an answer."""

    login: str
    pattern: str
    status: int
    headers: dict[str, str]
    left: int


class OtherGitHub:
    """Listens on a free port from the beginning. `requests` has the method, path, login and status of each."""

    def __init__(self, accounts: Sequence[Account], secret: str) -> None:
        self.ahead = timedelta()
        """How far its clock is ahead."""
        self.records = Records(accounts, lambda: datetime.now(UTC) + self.ahead)
        self.git = OtherGit()
        self.hook = Hook(secret)
        self.setup = Setup()
        self.noticed: Callable[[], None] = lambda: None
        """Is called after each request, before it is answered."""
        self.lagging = 0
        """How many times the list of an issue's events leaves out the newest one."""
        self.obstacles: list[Obstacle] = []
        self.given_up = 0
        """Of the requests that got no answer, how many callers waited no longer."""
        self.requests: list[tuple[str, str, str, int]] = []
        self._tokens = {account.token: account for account in accounts}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.records.api, self.records.html = f"{self.url}/repos/Acme/Models", "https://github.example/Acme/Models"
        config = uvicorn.Config(self._app(), lifespan="off", log_config=None, access_log=False, ws="none")
        self._server = uvicorn.Server(config)
        self._guard = threading.RLock()
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the server and the deliveries."""
        self.hook.close()
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def account(self, login: str) -> Account:
        """An account by its name."""
        return self.records.accounts[login.lower()]

    def open_by_form(self, login: str, title: str, body: str, labels: Sequence[str]) -> int:
        """What an issue form does: it labels for anybody."""
        with self._guard:
            found = self.records.open(self.account(login), title, body, labels)
            self.hook.deliver(self.records.take_changes())
            return found.number

    def hinder(self, login: str, pattern: str, status: int, times: int = 1_000_000, **headers: str) -> None:
        """The next requests of an account, whose path a pattern is found in, are refused."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.obstacles.append(Obstacle(login, pattern, status, named, times))

    def _app(self) -> Starlette:
        routes: list[tuple[str, str, Callable[..., Any]]] = [*SETUP_ROUTES, *ROUTES]
        table = [Route(path, self._endpoint(handler), methods=[method]) for method, path, handler in routes]
        rest = Route("/{path:path}", self._endpoint(unknown), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return Starlette(routes=[*table, rest])

    def _endpoint(self, handler: Callable[..., Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            await self._keep_silent(request)
            with self._guard:
                login, answer = self._answer(handler, request, body)
                self.requests.append((request.method, request.url.path, login, answer.status_code))
                self.noticed()
                self.hook.deliver(self.records.take_changes())
            return answer

        return endpoint

    async def _keep_silent(self, request: Request) -> None:
        """Until the caller hangs up, or the obstacle is gone."""
        who = self._who(request)
        for _ in range(10 * LONGEST_SILENCE_SECONDS):
            obstacle = self._obstacle(who, request.url.path) if who else None
            if obstacle is None or obstacle.status != SILENT:
                return
            if await request.is_disconnected():
                self.given_up += 1
                return
            await asyncio.sleep(0.1)

    def _who(self, request: Request) -> Account | None:
        return self._tokens.get(request.headers.get("authorization", " ").partition(" ")[2])

    def _answer(self, handler: Callable[..., Any], request: Request, body: bytes) -> tuple[str, Response]:
        who = self._who(request)
        if who is None:
            return "", _refused(401, "Bad credentials")
        obstacle = self._obstacle(who, request.url.path)
        if obstacle is not None:
            obstacle.left -= 1
            return who.login, _refused(obstacle.status or 504, "No", obstacle.headers)
        try:
            path = dict(request.path_params)
            if "owner" in path and f"{path['owner']}/{path['name']}".lower() != REPOSITORY:
                raise RefusedError(404, "Not Found")
            call = Call(who, path, dict(request.query_params), json.loads(body) if body else {})
            found = handler(self, call)
        except RefusedError as error:
            return who.login, _refused(error.status, error.message)
        status, content = found if isinstance(found, tuple) else (200, found)
        return who.login, _shown(request, status, content)

    def _obstacle(self, who: Account, path: str) -> Obstacle | None:
        for obstacle in self.obstacles:
            if obstacle.left > 0 and obstacle.login == who.login and re.search(obstacle.pattern, path):
                return obstacle
        return None


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return Response(json.dumps(body), status, headers, "application/json; charset=utf-8")


def _shown(request: Request, status: int, content: Any) -> Response:
    """Pages with their Link header, and ETags."""
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": "4102444800"}
    if isinstance(content, list) and request.method == "GET":
        content, link = _page(request, content)
        headers |= {"link": link} if link else {}
    if status == 204:
        return Response(status_code=204, headers=headers)
    body = json.dumps(content).encode()
    if request.method == "GET":
        headers["etag"] = f'W/"{sha256(body).hexdigest()}"'
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "application/json; charset=utf-8")


def _page(request: Request, items: list[Any]) -> tuple[list[Any], str]:
    query = dict(request.query_params)
    number, size = int(query.get("page", "1")), min(int(query.get("per_page", "30")), 100)
    last = max(1, -(-len(items) // size))
    links = {"prev": number - 1, "first": 1} if number > 1 else {}
    links |= {"next": number + 1, "last": last} if number < last else {}
    base = str(request.url.replace(query=""))
    link = ", ".join(f'<{base}?{urlencode({**query, "page": page})}>; rel="{name}"' for name, page in links.items())
    return items[(number - 1) * size : number * size], link
