"""Errors of the local SageMaker, as boto3 raises them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from local.catalog import PipelineExistsError
from local.definitions import DefinitionError
from local.executions import TokenConflictError
from local.objects import ObjectStoreError
from local.parameters import ParameterValueError
from local.registry import RegistryError

REFUSED = (DefinitionError, ObjectStoreError, ParameterValueError, RegistryError)


@contextmanager
def client_errors(operation: str) -> Iterator[None]:
    """Turns what the local runner raises into a ClientError of the operation."""
    try:
        yield
    except REFUSED as error:
        refuse(operation, "ValidationException", str(error))
    except (PipelineExistsError, TokenConflictError) as error:
        refuse(operation, "ConflictException", str(error))
    except KeyError as error:
        refuse(operation, "ResourceNotFound", f"{error.args[0]}: does not exist.")


def refuse(operation: str, code: str, message: str) -> NoReturn:
    """Raises botocore's ClientError, which is imported only when it is needed."""
    from botocore.exceptions import ClientError

    raise ClientError({"Error": {"Code": code, "Message": message}}, operation) from None
