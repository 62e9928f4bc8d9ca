from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from local.objects import ObjectStore, ObjectStoreError, finish_replacements, join, split

URI = "s3://mlops-local"
HOSTILE = [
    "s3://mlops-local/../secret",
    "s3://mlops-local/a/../../secret",
    "s3://mlops-local/a/./b",
    "s3://mlops-local//etc/passwd",
    "s3://mlops-local/a//b",
    "s3://mlops-local/a\x00b",
    "s3://mlops-local/a\nb",
    "s3://mlops-local/" + "x" * 300,
    "s3://mlops-local/" + "x/" * 600 + "x",
    "s3://../x",
    "s3://a..b/x",
    "s3://UPPER/x",
    "s3:///x",
    "/etc/passwd",
    "file:///etc/passwd",
    "",
]


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "s3", tmp_path / "staging")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "deep").mkdir(parents=True)
    (made / "a.csv").write_text("a")
    (made / "deep/b.csv").write_text("bb")
    return made


class TestPutAndGet:
    def test_an_object_comes_back(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put_bytes(b"content", f"{URI}/a/b.txt")
        assert store.read(f"{URI}/a/b.txt", 7) == b"content"
        assert store.get(f"{URI}/a/b.txt", tmp_path / "out") == [tmp_path / "out/b.txt"]

    def test_a_folder_comes_back_below_its_prefix(self, store: ObjectStore, folder: Path, tmp_path: Path) -> None:
        store.put_folder(folder, f"{URI}/data/")
        store.get(f"{URI}/data", tmp_path / "out")
        assert (tmp_path / "out/deep/b.csv").read_text() == "bb"

    def test_put_folder_keeps_what_is_there(self, store: ObjectStore, folder: Path) -> None:
        store.put_bytes(b"x", f"{URI}/data/old")
        store.put_folder(folder, f"{URI}/data")
        assert [found.uri for found in store.list(f"{URI}/data/")] == [
            f"{URI}/data/{key}" for key in ("a.csv", "deep/b.csv", "old")
        ]

    def test_replace_leaves_only_the_new(self, store: ObjectStore, folder: Path, tmp_path: Path) -> None:
        store.put_bytes(b"x", f"{URI}/data/old")
        store.replace([folder / "a.csv", folder / "deep/b.csv"], f"{URI}/data/")
        assert [found.uri for found in store.list(f"{URI}/data/")] == [f"{URI}/data/a.csv", f"{URI}/data/b.csv"]
        assert list((tmp_path / "staging").iterdir()) == []

    def test_a_replacement_that_was_killed_half_way_is_completed(
        self, store: ObjectStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put_bytes(b"x", f"{URI}/data/old")
        rename = Path.rename

        def killed(source: Path, target: Path) -> Path:
            if source.name == "new":
                raise KeyboardInterrupt
            return rename(source, target)

        monkeypatch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            store.replace([folder / "a.csv"], f"{URI}/data/")
        assert not store.exists(f"{URI}/data/")
        monkeypatch.undo()
        finish_replacements(tmp_path / "staging")
        assert [found.uri for found in store.list(f"{URI}/data/")] == [f"{URI}/data/a.csv"]

    def test_folders_are_one_level_below(self, store: ObjectStore) -> None:
        for name in ("b/raw/x", "a/raw/x", "c"):
            store.put_bytes(b"", f"{URI}/data/{name}")
        assert store.folders(f"{URI}/data/") == ["a", "b"]
        assert store.folders(f"{URI}/nothing") == []

    def test_missing(self, store: ObjectStore, tmp_path: Path) -> None:
        assert not store.exists(f"{URI}/nothing")
        assert store.list(f"{URI}/nothing") == []
        for action in (lambda: store.read(f"{URI}/nothing", 1), lambda: store.get(f"{URI}/nothing", tmp_path)):
            with pytest.raises(ObjectStoreError, match="there is no such object"):
                action()

    def test_a_reader_has_a_limit(self, store: ObjectStore) -> None:
        store.put_bytes(b"12345", f"{URI}/a")
        with pytest.raises(ObjectStoreError, match="at most 4 bytes"):
            store.read(f"{URI}/a", 4)

    def test_a_key_is_no_object_and_prefix_at_once(self, store: ObjectStore) -> None:
        store.put_bytes(b"", f"{URI}/a")
        for uri in (f"{URI}/a/b", f"{URI}/a/b/c"):
            with pytest.raises(ObjectStoreError, match="object and a prefix"):
                store.put_bytes(b"", uri)

    @pytest.mark.parametrize("uri", [f"{URI}/a/", URI, f"{URI}/"], ids=["slash", "bucket", "bucket_slash"])
    def test_an_object_needs_a_key(self, store: ObjectStore, uri: str) -> None:
        with pytest.raises(ObjectStoreError):
            store.put_bytes(b"", uri)


class TestHostileKeys:
    @pytest.mark.parametrize("uri", HOSTILE, ids=range(len(HOSTILE)))
    def test_are_refused_by_every_method(self, store: ObjectStore, tmp_path: Path, folder: Path, uri: str) -> None:
        (tmp_path / "secret").write_text("secret")
        actions = [
            lambda: store.put_bytes(b"", uri),
            lambda: store.put_file(folder / "a.csv", uri),
            lambda: store.put_folder(folder, uri),
            lambda: store.replace([folder / "a.csv"], uri),
            lambda: store.read(uri, 10),
            lambda: store.get(uri, tmp_path / "out"),
            lambda: store.exists(uri),
            lambda: store.list(uri),
        ]
        for action in actions:
            with pytest.raises(ObjectStoreError):
                action()
        assert (tmp_path / "secret").read_text() == "secret"

    def test_links_in_the_store_are_refused(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put_bytes(b"", f"{URI}/a/b")
        (tmp_path / "s3/mlops-local/a/link").symlink_to("/etc")
        with pytest.raises(ObjectStoreError, match="symbolic link"):
            store.exists(f"{URI}/a/link/passwd")
        with pytest.raises(ObjectStoreError, match="symbolic link"):
            store.list(f"{URI}/a")

    def test_links_and_pipes_do_not_become_objects(self, store: ObjectStore, folder: Path) -> None:
        (folder / "link").symlink_to("/etc/passwd")
        with pytest.raises(ObjectStoreError, match="regular file"):
            store.put_folder(folder, f"{URI}/data")
        (folder / "link").unlink()
        os.mkfifo(folder / "pipe")
        with pytest.raises(ObjectStoreError, match="regular file"):
            store.replace([folder / "pipe"], f"{URI}/data")
        assert not store.exists(f"{URI}/data")


def test_the_etag_is_the_md5_of_a_plain_put(store: ObjectStore) -> None:
    store.put_bytes(b"hello", f"{URI}/a")
    [found] = store.list(f"{URI}/a")
    assert (found.size, found.etag) == (5, hashlib.md5(b"hello").hexdigest())  # noqa: S324


def test_split_and_join() -> None:
    assert split("s3://mlops-local/a/b/") == ("mlops-local", "a/b")
    assert join("s3://mlops-local/a/", "b") == "s3://mlops-local/a/b"
