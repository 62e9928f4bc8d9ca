"""Everything that `mlops up` answers over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from local.github.app import create_app as create_github_app
from local.web.board.app import board_routes
from local.web.sagemaker import create_sagemaker_app
from local.web.webhook import webhook

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from local.github import LocalGitHub
    from local.service import Service

Endpoint = Callable[["Request"], "Response"]

LOG = logging.getLogger(__name__)
GITHUB_PATH = "/api/v3"
SAGEMAKER_PATH = "/sagemaker"
"""With and without a slash at the end: boto3 adds none."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 (named, to be told apart)


def create_app(service: Service, github: LocalGitHub | None, host: str, asks_no_token: bool = False) -> Starlette:
    """The app. `host` is what it listens at: on loopback a page in a browser must not reach it by another name.

    `asks_no_token` : whoever reaches the board on loopback is the owner
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount, Route

    sagemaker = create_sagemaker_app(service.bridge.sagemaker)
    deliveries = Route("/webhook", webhook(service), methods=["POST"])
    routes = [
        Route("/healthz", health(service), methods=["GET"]),
        deliveries,
        Route(SAGEMAKER_PATH, sagemaker),
        Mount(SAGEMAKER_PATH, sagemaker),
    ]
    if github is None:
        routes.append(Route("/", index(service), methods=["GET"]))
    else:
        routes.append(Mount(GITHUB_PATH, create_github_app(github)))
        routes += board_routes(service.board(github, automatic=asks_no_token and _is_loopback(host)))
    allowed = [*LOOPBACK, "[::1]", host] if _is_loopback(host) else ["*"]
    guarded = Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=allowed)],
        exception_handlers={Exception: defect},
    )
    # deliveries are signed, so they may come under any name: a tunnel keeps its own
    return Starlette(routes=[deliveries, Mount("/", guarded)], exception_handlers={Exception: defect})


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


def defect(request: Request, error: Exception) -> Response:
    """What nobody expected, such as a full disk: the log has it, and nothing of it is told."""
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse

    if not isinstance(error, ClientDisconnect):
        LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return JSONResponse({"message": "The service could not do this; its log tells why. Try again."}, 500)


def health(service: Service) -> Endpoint:
    """`GET /healthz`: 200 while all work goes on, else 503."""
    from starlette.responses import JSONResponse

    def endpoint(_: Request) -> Response:
        found = service.health()
        return JSONResponse(found, 200 if found["status"] == "ok" else 503)

    return endpoint


def index(service: Service) -> Endpoint:
    """`GET /`: what is served here, where the repository is on GitHub, and its issues with it."""
    from starlette.responses import PlainTextResponse

    def endpoint(_: Request) -> Response:
        lines = [
            f"mlops {service.version}, repository {service.repository}",
            "",
            "POST /webhook    GitHub's deliveries of issues and issue comments, as application/json",
            "POST /sagemaker  pipelines and model registry, for AWS_ENDPOINT_URL_SAGEMAKER",
            "GET  /healthz    how it goes",
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    return endpoint
