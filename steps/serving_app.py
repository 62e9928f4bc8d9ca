"""The web application around a predictor: SageMaker's container contract for endpoints and batch transform.

`/ping`, `/invocations`: "Custom Inference Code with Hosting Services"; `/execution-parameters`: "Custom Inference Code
with Batch Transform" (SageMaker Developer Guide).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from algorithms.cores import usable_cores
from steps.answer_formats import write_answer
from steps.capture import DataCapture
from steps.limits import BATCH_PAYLOAD_MB, MOST_BATCH_MB, Deadline, Limits
from steps.media_types import Content, Wanted, read_accept, read_content
from steps.openapi import describe
from steps.predictor import Predictor
from steps.refusals import RefusedError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOG = logging.getLogger(__name__)
MOST_OPEN = 64
"""Requests whose bodies are in memory at a time; others wait in their sockets."""
BODY_SECONDS = 30.0
"""Time for a body to come in, so that slow callers do not keep others out."""
INFERENCE_ID = "x-amzn-sagemaker-inference-id"
INFERENCE_IDS = re.compile(r"[ -~]{1,64}")
"""InvokeEndpoint, InferenceId: 1 to 64 characters."""


class Service:
    """Answers requests with a predictor, as many side by side as there are cores; `/ping` waits for none of them.

    Parameters
    ----------
    capture : where to write what was asked and answered; None: nowhere
    hosts : names that callers may use; "*": any
    """

    def __init__(
        self,
        predictor: Predictor,
        limits: Limits | None = None,
        capture: DataCapture | None = None,
        hosts: Sequence[str] = ("*",),
    ) -> None:
        self._predictor, self._capture = predictor, capture
        self._limits = limits or Limits.from_environment()
        self._cores = usable_cores()
        self._threads = ThreadPoolExecutor(self._cores, thread_name_prefix="predict")
        self._open = asyncio.Semaphore(MOST_OPEN)
        self._stopping = False
        self._document = describe(predictor, self._limits)
        self.app = self._create_app(hosts)

    def close(self) -> None:
        """Ends the predictions that are under way at their next part."""
        self._stopping = True
        self._threads.shutdown(cancel_futures=True)

    def _create_app(self, hosts: Sequence[str]) -> Starlette:
        from starlette.applications import Starlette
        from starlette.exceptions import HTTPException
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
        from starlette.routing import Route

        return Starlette(
            routes=[
                Route("/ping", self._ping, methods=["GET"]),
                Route("/invocations", self._invocations, methods=["POST"]),
                Route("/execution-parameters", self._execution_parameters, methods=["GET"]),
                Route("/openapi.json", self._openapi, methods=["GET"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
            exception_handlers={RefusedError: _refused, HTTPException: _not_found, Exception: _defect},
        )

    async def _ping(self, _: Request) -> Response:
        from starlette.responses import Response

        return Response(status_code=200)

    async def _openapi(self, _: Request) -> Response:
        from starlette.responses import JSONResponse

        return JSONResponse(self._document)

    async def _execution_parameters(self, _: Request) -> Response:
        from starlette.responses import JSONResponse

        side_by_side = min(self._cores, MOST_BATCH_MB // BATCH_PAYLOAD_MB)
        return JSONResponse(
            {
                "MaxConcurrentTransforms": side_by_side,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": BATCH_PAYLOAD_MB,
            }
        )

    async def _invocations(self, request: Request) -> Response:
        from starlette.responses import Response

        content = read_content(request.headers.get("content-type"), request.headers.get("content-encoding"))
        wanted = _with_query(read_accept(request.headers.get("accept"), content), request)
        inference_id = _inference_id(request)
        deadline = Deadline(self._limits.seconds, lambda: self._stopping)
        async with self._open:
            body = await read_body(request, self._limits.body_bytes)
            answer = partial(self._answer, body, content, wanted, deadline)
            answered, media_type = await asyncio.get_running_loop().run_in_executor(self._threads, answer)
            if self._capture is not None:
                asked = (request.headers["content-type"], body)
                add = partial(self._capture.add, asked, (media_type, answered), inference_id)
                await asyncio.get_running_loop().run_in_executor(self._threads, add)
        return Response(answered, media_type=media_type)

    def _answer(self, body: bytes, content: Content, wanted: Wanted, deadline: Deadline) -> tuple[bytes, str]:
        deadline.check()
        rows = self._predictor.read(body, content, self._limits)
        predictions = self._predictor.predict(rows, wanted.probabilities, deadline)
        return write_answer(predictions, wanted, rows.header)


async def read_body(request: Request, limit: int, seconds: float = BODY_SECONDS) -> bytes:
    """The body. Raises RefusedError: 413 beyond `limit` bytes, 408 after `seconds`, 400 where its sender left."""
    from starlette.requests import ClientDisconnect

    body = bytearray()
    declared = request.headers.get("content-length", "")
    too_large = RefusedError.of(413, f"body: has at most {limit} bytes, got more. Send it in parts.")
    if len(declared) > 15 or (declared.isdecimal() and int(declared) > limit):
        raise too_large
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise RefusedError.of(408, f"body: did not come within {seconds:g} s. Send it again.") from None
    except ClientDisconnect:  # nobody is there to read this; as a defect it would fill the log
        raise RefusedError.of(400, "body: ended before it was whole. Send it again.") from None
    return bytes(body)


def _with_query(wanted: Wanted, request: Request) -> Wanted:
    """`?probabilities=true`, for callers that write no headers. InvokeEndpoint passes on no query."""
    given = request.query_params.get("probabilities")
    if given not in (None, "true", "false"):
        raise RefusedError.of(400, "probabilities: must be true or false. Correct the query.")
    return Wanted(wanted.format, wanted.header, wanted.probabilities if given is None else given == "true")


def _inference_id(request: Request) -> str | None:
    given = request.headers.get(INFERENCE_ID)
    if given is not None and not INFERENCE_IDS.fullmatch(given):
        raise RefusedError.of(400, f"{INFERENCE_ID}: must have 1 to 64 printable characters. Correct it.")
    return given


def _refused(_: Request, error: Exception) -> Response:
    from starlette.responses import JSONResponse

    refusal = error if isinstance(error, RefusedError) else RefusedError.of(400, str(error))
    return JSONResponse(refusal.to_dict(), refusal.status)


def _not_found(_: Request, error: Exception) -> Response:
    """Another path or method."""
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse

    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
    message = "service: answers GET /ping, POST /invocations, GET /openapi.json and GET /execution-parameters only."
    return JSONResponse({"error": message, "problems": [], "more": 0}, status, headers)


def _defect(request: Request, error: Exception) -> Response:
    """What nobody expected: the log has it, and nothing of it is told."""
    from starlette.responses import JSONResponse

    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": "service: could not answer, a defect of the program. Its log has the details."}, 500)
