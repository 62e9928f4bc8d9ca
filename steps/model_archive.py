"""Unpacks a model.tar.gz of unknown origin: plain files in one flat list, of bounded number and size.

`extractall` is not used, not even with its "data" filter, which has been bypassed before (CVE-2025-4517).
"""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path

from algorithms.manifest import MAX_BYTES, MAX_FILES, model_error

ARCHIVE_NAME = "model.tar.gz"
MAX_NAME = 100
PLAIN_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE)


def unpack_model(archive: Path, model_dir: Path) -> Path:
    """Writes the files of `archive` into `model_dir`, which is returned.

    Raises DatasetError for an archive that is missing or damaged, that holds anything but plain files at its top, or
    more than a model may have. What is in the files is for `algorithms.manifest` to check.
    """
    if not archive.is_file():
        raise model_error(f"{archive.name} is missing. Train again.")
    model_dir.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r|gz") as members:
            _unpack(members, model_dir)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise model_error(f"{archive.name} cannot be read ({type(error).__name__}). Train again.") from error
    return model_dir


def _unpack(members: tarfile.TarFile, model_dir: Path) -> None:
    files = size = 0
    for member in members:
        if member.isdir() and member.name in (".", ""):
            continue
        name = _checked_name(member)
        files, size = files + 1, size + member.size
        if files > MAX_FILES or size > MAX_BYTES:
            raise model_error(f"at most {MAX_FILES} files and {MAX_BYTES} bytes are read. Train a smaller model.")
        source = members.extractfile(member)
        if source is None or (model_dir / name).exists():
            raise model_error(f"holds {name!r} twice. Train again.", name)
        with (model_dir / name).open("xb") as target:
            shutil.copyfileobj(source, target)


def _checked_name(member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    plain_name = name.isprintable() and 0 < len(name) <= MAX_NAME and not set(name) & set("/\\:") and name != ".."
    if member.type not in PLAIN_TYPES or not plain_name:
        raise model_error(f"holds only plain files at its top, got {name[:MAX_NAME]!r}. Train again.", name[:MAX_NAME])
    return name
