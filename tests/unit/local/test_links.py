"""A file with a second name: no copy where the file system can, and nobody writes to it by mistake."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from local import links
from local.links import share


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "another file system")


@pytest.mark.parametrize("refused", [(), ("_clone",), ("_clone", "link")])
def test_the_bytes_are_there_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...]
) -> None:
    if "_clone" in refused:
        monkeypatch.setattr(links, "_clone", lambda *_: False)
    if "link" in refused:
        monkeypatch.setattr(os, "link", fail)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"rows")
    share(source, target)
    source.unlink()
    assert target.read_bytes() == b"rows"
    assert target.stat().st_mode & 0o777 == 0o444


def test_no_bytes_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_clone", lambda *_: False)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"rows")
    share(source, target)
    assert target.stat().st_ino == source.stat().st_ino


def test_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        share(source, target)
    assert target.read_bytes() == b"old"
