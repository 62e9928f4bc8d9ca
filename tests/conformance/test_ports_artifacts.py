"""The bucket: S3 and the local object store answer the bridge in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from algorithms.errors import DatasetError, PlatformError
from lambda_bridge.aws import Bucket
from lambda_bridge.datasets import dataset_digest
from lambda_bridge.ports import Artifacts, StoredObject, TooLargeError
from local.artifacts import LocalArtifacts
from local.objects import BUCKET, ObjectStore

Put = Callable[[str, bytes], Any]
FILES = {"train.csv": b"a,b\n1,2\n", "metadata.json": b"{}", "more/z.csv": b"", "more.csv": b"a"}


def on_s3(_: Path) -> tuple[Artifacts, Put]:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return Bucket(client, BUCKET), lambda key, content: client.put_object(Bucket=BUCKET, Key=key, Body=content)


def in_folder(folder: Path) -> tuple[Artifacts, Put]:
    objects = ObjectStore(folder / "s3", folder / "staging")
    return LocalArtifacts(objects), lambda key, content: objects.put_bytes(content, f"s3://{BUCKET}/{key}")


@pytest.fixture(params=[on_s3, in_folder])
def both(request: pytest.FixtureRequest, aws: None, tmp_path: Path) -> tuple[Artifacts, Put]:
    made: tuple[Artifacts, Put] = request.param(tmp_path)
    return made


@pytest.fixture
def artifacts(both: tuple[Artifacts, Put]) -> Artifacts:
    return both[0]


@pytest.fixture
def put(both: tuple[Artifacts, Put]) -> Put:
    return both[1]


def fill(put: Put, files: dict[str, bytes] = FILES, dataset: str = "iris") -> None:
    for name, content in files.items():
        put(f"datasets/{dataset}/raw/{name}", content)


def test_objects_below_a_prefix(artifacts: Artifacts, put: Put) -> None:
    fill(put)
    fill(put, dataset="iris2")
    put("datasets/iris/other.csv", b"")
    found = artifacts.list("datasets/iris/raw/")
    expected = [
        StoredObject(name, len(FILES[name]), hashlib.md5(FILES[name], usedforsecurity=False).hexdigest())
        for name in ("metadata.json", "more.csv", "more/z.csv", "train.csv")
    ]
    assert list(found) == expected


def test_nothing_below_a_prefix(artifacts: Artifacts, put: Put) -> None:
    fill(put)
    assert list(artifacts.list("datasets/wine/raw/")) == []


def test_more_objects_than_one_page_has(artifacts: Artifacts, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """ListObjectsV2 answers at most 1,000; here moto answers 10."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    for number in range(21):
        put(f"many/{number:02}", b"")
    assert [found.name for found in artifacts.list("many/")] == [f"{number:02}" for number in range(21)]


def test_an_object_is_read_up_to_the_limit(artifacts: Artifacts, put: Put) -> None:
    put("a/b", b"12345")
    assert artifacts.read("a/b", 5) == b"12345"
    with pytest.raises(TooLargeError, match="a/b: must have at most 4 bytes"):
        artifacts.read("a/b", 4)


def test_an_empty_object_is_not_a_missing_one(artifacts: Artifacts, put: Put) -> None:
    put("a/b", b"")
    assert artifacts.read("a/b", 0) == b""


@pytest.mark.parametrize("key", ["a/c", "a", "a/b/c", "other/b"])
def test_what_is_no_object_is_none(artifacts: Artifacts, put: Put, key: str) -> None:
    put("a/b", b"x")
    assert artifacts.read(key, 10) is None


def test_folders_one_level_below_a_prefix(artifacts: Artifacts, put: Put) -> None:
    for dataset in ("wine", "iris"):
        fill(put, dataset=dataset)
    put("datasets/readme.txt", b"")
    assert list(artifacts.folders("datasets/")) == ["iris", "wine"]
    assert list(artifacts.folders("nothing/")) == []


def test_a_dataset_has_the_same_digest_in_both(aws: None, tmp_path: Path) -> None:
    digests = set()
    for make in (on_s3, in_folder):
        artifacts, put = make(tmp_path)
        fill(put)
        digests.add(dataset_digest(artifacts, "iris"))
    assert len(digests) == 1


@pytest.mark.parametrize("change", [{"train.csv": b"a,b\n1,3\n"}, {"new.csv": b""}])
def test_new_data_has_a_new_digest(artifacts: Artifacts, put: Put, change: dict[str, bytes]) -> None:
    fill(put)
    before = dataset_digest(artifacts, "iris")
    assert dataset_digest(artifacts, "iris") == before
    fill(put, change)
    assert dataset_digest(artifacts, "iris") != before


def test_a_missing_dataset_is_refused_with_the_nearest_name(artifacts: Artifacts, put: Put) -> None:
    fill(put)
    with pytest.raises(DatasetError, match="iris"):
        dataset_digest(artifacts, "irs")


def test_a_bucket_that_is_not_there_is_a_platform_error(aws: None) -> None:
    missing = Bucket(boto3.client("s3"), "missing")
    for call in (lambda: missing.list("a/"), lambda: missing.read("a", 1), lambda: missing.folders("a/")):
        with pytest.raises(PlatformError, match="NoSuchBucket"):
            call()


@pytest.mark.parametrize("prefix", ["../", "a/../../b/"])
def test_a_path_out_of_the_local_bucket_is_a_platform_error(tmp_path: Path, prefix: str) -> None:
    artifacts, _ = in_folder(tmp_path)
    for call in (lambda: artifacts.list(prefix), lambda: artifacts.read(f"{prefix}x", 1)):
        with pytest.raises(PlatformError, match="plain path"):
            call()
