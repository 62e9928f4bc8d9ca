"""`POST /webhook`: GitHub's deliveries. The size is checked first, then the signature, then the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from algorithms.errors import PlatformError
from lambda_bridge.events import MOST_BYTES, TooManyBytesError
from lambda_bridge.webhook import REFUSALS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local.service import Service

READING_SECONDS = 10
"""GitHub waits no longer for the whole answer ("Best practices for using webhooks")."""


def webhook(service: Service, seconds: float = READING_SECONDS) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint. Whatever is stored is answered 202 before it is handled; 400, 401, 408, 413 and 415 refuse it.

    `seconds`: so long it waits for a body.
    """
    from anyio import CapacityLimiter, fail_after
    from anyio.to_thread import run_sync
    from starlette.responses import JSONResponse

    limiter = CapacityLimiter(4)

    async def endpoint(request: Request) -> Response:
        try:
            with fail_after(seconds):
                body = await read(request, MOST_BYTES)
            headers = dict(request.headers)
            message = await run_sync(lambda: service.receive(headers, body), limiter=limiter)
        except tuple(REFUSALS) as error:
            return JSONResponse({"message": str(error)}, REFUSALS[type(error)])
        except TimeoutError:
            return JSONResponse({"message": f"body: must come within {seconds:g} s. Send it again."}, 408)
        except PlatformError as error:
            return JSONResponse({"message": str(error)}, 503)
        return JSONResponse({"message": message}, 202)

    return endpoint


async def read(request: Request, most: int) -> bytes:
    """The body of a request. Raises TooManyBytesError as soon as it has more than `most` bytes."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooManyBytesError
        parts.append(part)
    return b"".join(parts)
