"""The board's routes: who may come in, what may happen on a page, and what is told when something is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from local.web.board.actions import (
    ACTIONS,
    LARGEST_UPLOAD,
    LONGEST_FIELD,
    MOST_FIELDS,
    Act,
    ForgedError,
    check_origin,
)
from local.web.board.files import URL
from local.web.board.pages import PAGES
from local.web.board.view import HERE, Board, NotFoundError, SignInError
from pipelines.language import say

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

Page = Callable[[Board, "Request"], "Response"]
MOST_FILES = 5
"""Of a dataset: one for each name that it may have."""
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def board_routes(board: Board) -> list[BaseRoute]:
    """Every route of the board."""
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    found: list[BaseRoute] = [Route(path, _page(board, page), methods=["GET"]) for path, page in PAGES.items()]
    found += [Route(path, _action(board, act), methods=["POST"]) for path, act in ACTIONS.items()]
    return [
        *found,
        Route("/events", board.changes.endpoint, methods=["GET"]),
        Route(f"{URL}{{path:path}}", board.files.endpoint, methods=["GET"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]


def _page(board: Board, page: Page) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        return _guarded(board, request, lambda: page(board, request))

    return endpoint


def _action(board: Board, act: Act) -> Callable[[Request], Awaitable[Response]]:
    from starlette.concurrency import run_in_threadpool

    async def endpoint(request: Request) -> Response:
        visitor = board.sessions.of(request)
        if _too_large(request):
            return _message(board, request, say("This is too large. Put large datasets in with `mlops data add`."), 413)
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as form:

            def run() -> Response:
                check_origin(request)
                if not board.sessions.is_genuine(visitor, str(form.get("form_secret", ""))):
                    raise ForgedError
                return act(board, request, visitor, form)

            return await run_in_threadpool(_guarded, board, request, run)

    return endpoint


def _too_large(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    return not length.isdigit() or int(length) > LARGEST_UPLOAD


def _guarded(board: Board, request: Request, work: Callable[[], Response]) -> Response:
    """The answer of a page, or what the visitor can do where it has none."""
    try:
        response = work()
    except NotFoundError as error:
        response = _message(board, request, str(error), 404)
    except ForgedError:
        told = say("This page is old, or the form came from another one. Load it again.")
        response = _message(board, request, told, 403)
    except SignInError as error:
        told = say("This is for people with the permission `{role}`. Sign in first.", role=error)
        response = _message(board, request, told, 403)
    response.headers.update(HEADERS)
    return response


def _message(board: Board, request: Request, text: str, status: int) -> Response:
    return board.show(request, "message.html", {"text": text, "status": status}, status)
