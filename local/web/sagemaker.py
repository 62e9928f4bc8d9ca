"""`/sagemaker`: the SageMaker calls that the bridge uses, for boto3 and the AWS CLI (AWS_ENDPOINT_URL_SAGEMAKER).

The protocol is AWS JSON 1.1 (Smithy, "AWS JSON 1.1 protocol"); requests are checked against botocore's service model.
What defines a step or a model is left out, since whoever may do that runs code here.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lambda_bridge.events import TooManyBytesError
from local.sagemaker import LocalSageMaker
from local.web.webhook import read

if TYPE_CHECKING:
    from botocore.model import ServiceModel
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOG = logging.getLogger(__name__)
MOST_BYTES = 2**20
TARGET = "SageMaker."
LOOPBACK = ("127.0.0.1", "::1")
OPERATIONS = (
    "CreateModelPackageGroup",
    "DescribeModelPackage",
    "DescribeModelPackageGroup",
    "DescribePipeline",
    "DescribePipelineExecution",
    "ListModelPackageGroups",
    "ListModelPackages",
    "ListPipelineExecutionSteps",
    "ListPipelineExecutions",
    "ListTrainingJobsForHyperParameterTuningJob",
    "StartPipelineExecution",
    "StopPipelineExecution",
    "UpdateModelPackage",
)


class _RefusedError(Exception):
    """A request that gets no further. `code` is AWS's name of the error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def create_sagemaker_app(sagemaker: LocalSageMaker) -> Starlette:
    """The endpoint. It serves this machine only, and no page in a browser: it knows no credentials."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    async def endpoint(request: Request) -> Response:
        try:
            _check_caller(request)
            body = await read(request, MOST_BYTES)
            target = request.headers.get("x-amz-target", "")
            return _response(200, await run_in_threadpool(_call, sagemaker, target, body))
        except _RefusedError as error:
            return _error(error.status, error.code, str(error))
        except TooManyBytesError:
            return _error(413, "RequestEntityTooLarge", f"A request has at most {MOST_BYTES} bytes.")

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=["POST"])])


def _check_caller(request: Request) -> None:
    """A page in a browser sends Origin, and cannot send X-Amz-Target without being asked first."""
    local = request.client is not None and request.client.host in LOOPBACK
    if not local or "origin" in request.headers:
        raise _RefusedError("AccessDeniedException", "Only programs on this machine are served.", 403)


def _call(sagemaker: LocalSageMaker, target: str, body: bytes) -> Any:
    """Calls the operation that `target` names."""
    from botocore import xform_name
    from botocore.exceptions import ClientError

    operation = target.removeprefix(TARGET)
    if operation not in OPERATIONS or not target.startswith(TARGET):
        raise _RefusedError("UnknownOperationException", f"Known here: {', '.join(OPERATIONS)}.")
    request = _checked(operation, body)
    try:
        return getattr(sagemaker, xform_name(operation))(**request)
    except ClientError as error:
        found = error.response["Error"]
        raise _RefusedError(str(found["Code"]), str(found["Message"])) from error
    except TypeError as error:  # a member of the service model that the local SageMaker does not know
        LOG.warning("%s: %s", operation, error)
        raise _RefusedError("ValidationException", f"{operation}: a member is not known here.") from error


def _checked(operation: str, body: bytes) -> dict[str, Any]:
    """The members of a request, of the types that the service model names."""
    from botocore.validate import ParamValidator

    try:
        request = json.loads(body or b"{}")
        json.dumps(request, ensure_ascii=False).encode()  # halves of surrogate pairs cannot be stored
    except (ValueError, RecursionError) as error:
        raise _RefusedError("SerializationException", "The body is no JSON.") from error
    shape = _model().operation_model(operation).input_shape
    if not isinstance(request, dict) or shape is None:
        raise _RefusedError("SerializationException", "The body is no object.")
    try:
        report = ParamValidator().validate(request, shape)
    except (ArithmeticError, OSError, RuntimeError) as error:  # a moment that is out of range
        raise _RefusedError("ValidationException", f"{operation}: a member is out of range.") from error
    unknown = sorted(set(request) - set(shape.members))
    if report.has_errors() or unknown:
        problems = report.generate_report() or f"Unknown members: {', '.join(unknown)[:200]}"
        raise _RefusedError("ValidationException", problems)
    return {name: value for name, value in request.items() if value is not None}


@cache
def _model() -> ServiceModel:
    import botocore.session

    return botocore.session.Session().get_service_model("sagemaker")


def _response(status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    from starlette.responses import Response

    text = json.dumps(content, default=_seconds, ensure_ascii=True)
    given = {"x-amzn-requestid": str(uuid.uuid4()), **(headers or {})}
    return Response(text, status, given, "application/x-amz-json-1.1")


def _seconds(value: object) -> float:
    """Moments are seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _error(status: int, code: str, message: str) -> Response:
    return _response(status, {"__type": code, "message": message, "Message": message}, {"x-amzn-errortype": code})
