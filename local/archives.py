"""Packs a model folder as `model.tar.gz`: the same files give the same bytes."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from local.objects import regular_files


def pack(folder: Path, archive: Path) -> None:
    """Writes the files of a folder, sorted by name, without owners and times. Links are refused."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in sorted(regular_files(folder)):
            entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
            entry.size = file.stat().st_size
            with file.open("rb") as content:
                tar.addfile(entry, content)
