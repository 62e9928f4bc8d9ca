"""The local bucket refuses what S3 cannot hold; what both do is tested in tests/conformance."""

from __future__ import annotations

import pytest

from algorithms.errors import PlatformError
from local.artifacts import LocalArtifacts
from local.objects import BUCKET, ObjectStore


@pytest.fixture
def artifacts(tmp_path):
    store = ObjectStore(tmp_path / "s3", tmp_path / "staging")
    store.put_bytes(b"x", f"s3://{BUCKET}/datasets/iris/raw/train.csv")
    return LocalArtifacts(store)


def test_a_link_in_the_bucket_is_a_platform_error(artifacts, tmp_path):
    (tmp_path / "secret").write_text("secret")
    link = tmp_path / f"s3/{BUCKET}/datasets/iris/raw/link.csv"
    link.symlink_to(tmp_path / "secret")
    for call in (
        lambda: artifacts.read("datasets/iris/raw/link.csv", 100),
        lambda: artifacts.list("datasets/iris/raw/"),
    ):
        with pytest.raises(PlatformError, match="link"):
            call()


def test_a_key_with_a_slash_at_its_end_is_a_platform_error(artifacts):
    with pytest.raises(PlatformError, match="must not end with a slash"):
        artifacts.read("datasets/iris/", 100)
