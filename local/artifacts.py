"""The bucket of the local mode, as the bridge reads it."""

from __future__ import annotations

from collections.abc import Sequence

from algorithms.errors import PlatformError
from lambda_bridge.ports import StoredObject
from local.objects import BUCKET, ObjectStore, ObjectStoreError


class LocalArtifacts:
    """Objects of the bucket `mlops-local`."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def list(self, prefix: str) -> Sequence[StoredObject]:
        """See `lambda_bridge.ports.Artifacts`."""
        start = f"s3://{BUCKET}/{prefix}"
        return [
            StoredObject(found.uri.removeprefix(start), found.size, found.etag) for found in self._objects.list(start)
        ]

    def read(self, key: str, limit: int) -> bytes | None:
        """See `lambda_bridge.ports.Artifacts`."""
        uri = f"s3://{BUCKET}/{key}"
        if not self._objects.exists(uri):
            return None
        try:
            return self._objects.read(uri, limit)
        except ObjectStoreError as error:
            raise PlatformError(str(error)) from error

    def folders(self, prefix: str) -> Sequence[str]:
        """See `lambda_bridge.ports.Artifacts`."""
        return self._objects.folders(f"s3://{BUCKET}/{prefix}")
