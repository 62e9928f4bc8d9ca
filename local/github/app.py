"""The REST API over HTTP: routes, tokens, headers. An app of its own, made to be mounted at /api/v3."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from local.github import git_routes, hook_routes, routes
from local.github.calls import Answer, Call, read_fields
from local.github.problems import GitHubError, not_found, unauthorized
from local.github.users import User

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from local.github.service import LocalGitHub

LOG = logging.getLogger(__name__)
Handler = Callable[[Call], Answer]

LARGEST_BODY = 100 * 2**20
"""Bytes of a request: what GitHub takes for a blob, in Base64 and with some room."""
RATE_LIMIT = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "4102444800"}
REPOSITORY = "/repos/{owner}/{name}"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/collaborators/{user}/permission", routes.permission),
    ("GET", "/issues", routes.list_issues),
    ("POST", "/issues", routes.create_issue),
    ("GET", "/issues/comments", routes.all_comments),
    ("GET", "/issues/comments/{comment}", routes.get_comment),
    ("PATCH", "/issues/comments/{comment}", routes.edit_comment),
    ("DELETE", "/issues/comments/{comment}", routes.delete_comment),
    ("GET", "/issues/comments/{comment}/reactions", routes.reactions),
    ("POST", "/issues/comments/{comment}/reactions", routes.react),
    ("GET", "/issues/{issue}", routes.get_issue),
    ("PATCH", "/issues/{issue}", routes.edit_issue),
    ("GET", "/issues/{issue}/labels", routes.issue_labels),
    ("POST", "/issues/{issue}/labels", routes.add_labels),
    ("PUT", "/issues/{issue}/labels", routes.set_labels),
    ("DELETE", "/issues/{issue}/labels", routes.remove_labels),
    ("DELETE", "/issues/{issue}/labels/{label:path}", routes.remove_label),
    ("GET", "/issues/{issue}/comments", routes.issue_comments),
    ("POST", "/issues/{issue}/comments", routes.create_comment),
    ("GET", "/issues/{issue}/events", routes.events),
    ("GET", "/issues/{issue}/timeline", routes.timeline),
    ("GET", "/hooks", hook_routes.hooks),
    ("POST", "/hooks", hook_routes.create_hook),
    ("PATCH", "/hooks/{hook}", hook_routes.edit_hook),
    ("GET", "/hooks/{hook}/deliveries", hook_routes.deliveries),
    ("POST", "/hooks/{hook}/deliveries/{delivery}/attempts", hook_routes.redeliver),
    ("GET", "/labels", routes.labels),
    ("POST", "/labels", routes.create_label),
    ("GET", "/labels/{label:path}", routes.get_label),
    ("PATCH", "/labels/{label:path}", routes.edit_label),
    ("GET", "/branches/{branch:path}", git_routes.get_branch),
    ("GET", "/contents", git_routes.contents),
    ("GET", "/contents/{path:path}", git_routes.contents),
    ("POST", "/git/blobs", git_routes.create_blob),
    ("GET", "/git/blobs/{sha}", git_routes.get_blob),
    ("POST", "/git/trees", git_routes.create_tree),
    ("GET", "/git/trees/{sha:path}", git_routes.get_tree),
    ("POST", "/git/commits", git_routes.create_commit),
    ("GET", "/git/commits/{sha}", git_routes.get_commit),
    ("GET", "/git/ref/{ref:path}", git_routes.get_reference),
    ("GET", "/git/matching-refs/{ref:path}", git_routes.references),
    ("GET", "/git/refs", git_routes.references),
    ("POST", "/git/refs", git_routes.create_reference),
    ("GET", "/git/refs/{ref:path}", git_routes.get_reference),
    ("PATCH", "/git/refs/{ref:path}", git_routes.update_reference),
)


def create_app(github: LocalGitHub) -> Starlette:
    """The REST API of a local GitHub. Paths begin after /api/v3."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    named: list[tuple[str, str, Handler]] = [("GET", "/user", routes.me), ("GET", REPOSITORY, routes.repository)]
    named += [(method, REPOSITORY + path, handler) for method, path, handler in ROUTES]
    table = [Route(path, _endpoint(github, handler), methods=[method]) for method, path, handler in named]
    unknown = Route("/{path:path}", _endpoint(github, _unknown), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    return Starlette(routes=[*table, unknown])


def _unknown(_: Call) -> Answer:
    raise not_found()


def _endpoint(github: LocalGitHub, handler: Handler) -> Callable[[Request], object]:
    """Asks for the token before a body is read: a stranger's takes no memory."""
    from starlette.concurrency import run_in_threadpool

    async def endpoint(request: Request) -> Response:
        try:
            user = _user(github, request.headers.get("authorization", ""))
            body = await _body(request)
        except GitHubError as error:
            return _response(request, Answer(error.body(), error.status))
        return await run_in_threadpool(_answer, github, handler, request, user, body)

    return endpoint


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise GitHubError(413, "Payload too large")
        parts.append(part)
    return b"".join(parts)


def _answer(github: LocalGitHub, handler: Handler, request: Request, user: User, body: bytes) -> Response:
    try:
        _check_repository(github, user, request.path_params)
        path = {name: _plain(str(value)) for name, value in request.path_params.items()}
        query = {name: _plain(value) for name, value in request.query_params.items()}
        url = github.shapes.at.root + request.url.path.removeprefix(request.scope.get("root_path", ""))
        answer = handler(Call(github, user, url, path, query, read_fields(body)))
    except GitHubError as error:
        answer = Answer(error.body(), error.status)
    except Exception:
        LOG.exception("%s %s", request.method, request.url.path)
        answer = Answer(GitHubError(500, "Server Error").body(), 500)
    return _response(request, answer)


def _user(github: LocalGitHub, header: str) -> User:
    kind, _, token = header.partition(" ")
    found = github.users.with_token(token.strip()) if kind.lower() in ("token", "bearer") else None
    if found is None:
        raise unauthorized()
    return found


def _check_repository(github: LocalGitHub, user: User, path: Mapping[str, str]) -> None:
    """Raises GitHubError 404 for another repository, and for one that the account may not see."""
    if "owner" not in path:
        return
    ours = f"{path['owner']}/{path['name']}".lower() == github.repository.lower()
    if not ours or (github.private and not user.has("read")):
        raise not_found()


def _plain(text: str) -> str:
    """Text of an address. Raises GitHubError 404 for bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise not_found() from error
    return text


def _response(request: Request, answer: Answer) -> Response:
    from starlette.responses import Response

    headers = {"x-github-media-type": "github.v3; format=json", **RATE_LIMIT}
    if answer.link:
        headers["link"] = answer.link
    if answer.status == 204:
        return Response(status_code=204, headers=headers)
    body = json.dumps(answer.content, ensure_ascii=False, separators=(",", ":")).encode()
    if request.method == "GET" and answer.status == 200:
        headers["etag"] = f'W/"{sha256(body).hexdigest()}"'
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(body, answer.status, headers, "application/json; charset=utf-8")
