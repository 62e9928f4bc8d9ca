"""The bucket of the local mode, as the bridge reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from algorithms.errors import PlatformError
from lambda_bridge.ports import StoredObject, TooLargeError
from local.objects import BUCKET, LargeObjectError, MissingObjectError, ObjectStore, ObjectStoreError


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ObjectStoreError as error:
        raise PlatformError(str(error)) from error


class LocalArtifacts:
    """Objects of the bucket `mlops-local`."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def list(self, prefix: str) -> Sequence[StoredObject]:
        """See `lambda_bridge.ports.Artifacts`."""
        start = f"s3://{BUCKET}/{prefix}"
        with _refusals():
            found = self._objects.list(start)
        return [StoredObject(item.uri.removeprefix(start), item.size, item.etag) for item in found]

    def read(self, key: str, limit: int) -> bytes | None:
        """See `lambda_bridge.ports.Artifacts`."""
        with _refusals():
            try:
                return self._objects.read(f"s3://{BUCKET}/{key}", limit)
            except MissingObjectError:
                return None
            except LargeObjectError as error:
                raise TooLargeError(str(error)) from error

    def folders(self, prefix: str) -> Sequence[str]:
        """See `lambda_bridge.ports.Artifacts`."""
        with _refusals():
            return self._objects.folders(f"s3://{BUCKET}/{prefix}")
