"""steps.model_archive: nothing but plain files at the top of a bounded archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from algorithms.errors import DatasetError
from steps import model_archive
from steps.model_archive import unpack_model


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, 3 if kind == tarfile.REGTYPE else 0
    return entry


@pytest.fixture
def archive(tmp_path) -> Path:
    return tmp_path / "model.tar.gz"


def write(archive: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(archive, "w:gz") as tar:
        for entry in members:
            tar.addfile(entry, io.BytesIO(b"abc") if entry.size else None)
    return archive


@pytest.mark.parametrize("prefix", ["", "./"])
def test_plain_files(archive, tmp_path, prefix):
    write(archive, member(".", tarfile.DIRTYPE), member(f"{prefix}manifest.json"), member(f"{prefix}model.skops"))
    folder = unpack_model(archive, tmp_path / "model")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "manifest.json": b"abc",
        "model.skops": b"abc",
    }


@pytest.mark.parametrize(
    "entry",
    [
        member("../outside"),
        member("/tmp/outside"),
        member("folder/file"),
        member("a\\b"),
        member(".."),
        member("x" * 101),
        member("a\nb"),
        member("folder", tarfile.DIRTYPE),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", tarfile.LNKTYPE, "manifest.json"),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
    ],
    ids=lambda entry: f"{entry.type.decode()}-{entry.name[:12]}",
)
def test_anything_else_is_refused(archive, tmp_path, entry):
    write(archive, member("manifest.json"), entry)
    with pytest.raises(DatasetError, match="plain files at its top"):
        unpack_model(archive, tmp_path / "inner" / "model")
    assert not list(tmp_path.rglob("outside"))


def test_a_name_twice(archive, tmp_path):
    write(archive, member("a"), member("./a"))
    with pytest.raises(DatasetError, match="twice"):
        unpack_model(archive, tmp_path / "model")


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 1), ("MAX_BYTES", 5)])
def test_limits(archive, tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(model_archive, limit, value)
    write(archive, member("a"), member("b"))
    with pytest.raises(DatasetError, match="at most"):
        unpack_model(archive, tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00cut"])
def test_damaged(archive, tmp_path, content):
    archive.write_bytes(content)
    with pytest.raises(DatasetError, match="cannot be read"):
        unpack_model(archive, tmp_path / "model")


def test_cut_in_the_middle(archive, tmp_path):
    whole = write(archive, member("a")).read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="cannot be read"):
        unpack_model(archive, tmp_path / "model")


def test_missing(archive, tmp_path):
    with pytest.raises(DatasetError, match="is missing"):
        unpack_model(archive, tmp_path / "model")
