"""Unpacks a model.tar.gz of unknown origin: plain files in one flat list, of bounded number and size.

`extractall` is not used, not even with its "data" filter, which has been bypassed before (CVE-2025-4517).
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zlib
from pathlib import Path

from algorithms.manifest import MAX_BYTES, MAX_FILES, model_error

ARCHIVE_NAME = "model.tar.gz"
MAX_NAME = 100
PLAIN_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE)
MAX_HEADER_BYTES = 64 * 2**10
"""Of all headers in front of one file: a long name and times need less than 2 KiB."""


class BoundedReader(io.RawIOBase):
    """The decompressed archive, no more of it than is allowed at the moment.

    `tarfile` reads a header of any length that the archive promises into memory (PAX, GNU long names, sparse maps).
    """

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._left = 0

    def allow(self, size: int) -> None:
        """Allows `size` bytes from here on, and the one record that `tarfile` may read ahead."""
        self._left = size + tarfile.RECORDSIZE

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes. Raises DatasetError where they are more than allowed."""
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise model_error(f"a header has at most {MAX_HEADER_BYTES} bytes, got more. Train again.")
        return data


def unpack_model(archive: Path, model_dir: Path) -> Path:
    """Writes the files of `archive` into `model_dir`, which is returned.

    Raises DatasetError for an archive that is missing or damaged, that holds anything but plain files at its top, or
    more than a model may have. What is in the files is for `algorithms.manifest` to check.
    """
    if not archive.is_file():
        raise model_error(f"{archive.name} is missing. Train again.")
    model_dir.mkdir(parents=True, exist_ok=True)
    try:
        with gzip.open(archive) as file:
            _unpack(BoundedReader(file), model_dir)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise model_error(f"{archive.name} cannot be read ({type(error).__name__}). Train again.") from error
    return model_dir


def _unpack(reader: BoundedReader, model_dir: Path) -> None:
    entries = size = 0
    reader.allow(MAX_HEADER_BYTES)
    with tarfile.open(fileobj=reader, mode="r|") as members:
        for member in members:
            entries, size = entries + 1, size + member.size
            if entries > MAX_FILES or size > MAX_BYTES:
                raise model_error(f"at most {MAX_FILES} files and {MAX_BYTES} bytes are read. Train a smaller model.")
            if not (member.isdir() and member.name in (".", "")):
                reader.allow(member.size)
                _write(members, member, model_dir / _checked_name(member))
            reader.allow(MAX_HEADER_BYTES)


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = members.extractfile(member)
    if source is None or path.exists():
        raise model_error(f"holds {path.name!r} twice. Train again.", path.name)
    with source, path.open("xb") as target:
        shutil.copyfileobj(source, target)


def _checked_name(member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    plain_name = name.isprintable() and 0 < len(name) <= MAX_NAME and not set(name) & set("/\\:") and name != ".."
    if member.type not in PLAIN_TYPES or not plain_name:
        raise model_error(f"holds only plain files at its top, got {name[:MAX_NAME]!r}. Train again.", name[:MAX_NAME])
    return name
