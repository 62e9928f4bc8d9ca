"""steps.model_archive: nothing but plain files at the top of a bounded archive."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
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


def raw_archive(archive: Path, *blocks: bytes) -> Path:
    """A gzip of tar blocks as they are, which tarfile would not write."""
    with gzip.open(archive, "wb") as file:
        for block in blocks:
            file.write(block)
    return archive


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"], ids=["pax", "global pax", "long name", "long link"])
def test_a_header_that_promises_much_is_not_read(archive, tmp_path, kind):
    header = member("header", kind)
    header.size = 64 * 2**20
    raw_archive(archive, header.tobuf(tarfile.USTAR_FORMAT), b"a" * header.size)
    tracemalloc.start()
    with pytest.raises(DatasetError, match="a header has at most 65536 bytes"):
        unpack_model(archive, tmp_path / "model")
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


def test_a_long_map_of_a_sparse_file_is_not_read(archive, tmp_path):
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        entry = member("a")
        entry.size = 2**20
        entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "3"}
        tar.addfile(entry, io.BytesIO(b"9999999\n" + b"0\n" * 2**19))
    with pytest.raises(DatasetError, match="a header has at most"):
        unpack_model(archive, tmp_path / "model")


def test_folders_without_end_are_refused(archive, tmp_path):
    write(archive, *[member(".", tarfile.DIRTYPE)] * 100)
    with pytest.raises(DatasetError, match="at most 20 files"):
        unpack_model(archive, tmp_path / "model")


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_every_dialect_is_read(archive, tmp_path, format_):
    """With times as PAX headers, and names that need a header of their own."""
    names = ["manifest.json", "n" * 99] if format_ != tarfile.USTAR_FORMAT else ["manifest.json"]
    source = tmp_path / "source"
    source.mkdir()
    for name in names:
        (source / name).write_bytes(b"x" * 30_000)
    with tarfile.open(archive, "w:gz", format=format_) as tar:
        tar.add(source, ".")
    folder = unpack_model(archive, tmp_path / "model")
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == dict.fromkeys(names, 30_000)
