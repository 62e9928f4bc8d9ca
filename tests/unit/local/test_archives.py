from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from local.archives import pack
from local.objects import ObjectStoreError


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for seconds, name, order in ((1_000, "one", ("a", "b/c")), (2_000, "two", ("b/c", "a"))):
        for file in order:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file)
            path.chmod(0o600 if name == "one" else 0o644)
            os.utime(path, (seconds, seconds))
        pack(tmp_path / name, tmp_path / f"{name}.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert archive.getnames() == ["a", "b/c"]
        assert archive.extractfile("b/c").read() == b"b/c"  # type: ignore[union-attr]


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/link").symlink_to("/etc/passwd")
    with pytest.raises(ObjectStoreError, match="regular file"):
        pack(tmp_path / "model", tmp_path / "model.tar.gz")
