"""Gives a file a second name without a second copy of its bytes, where the file system can."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

READ_ONLY = 0o444
FICLONE = 0x40049409
"""Of ioctl(2): both files share their blocks until one of them is written (Linux, ioctl_ficlonerange(2))."""


def share(source: Path, target: Path) -> None:
    """Makes `target`, which must not be there, a read-only file with the bytes of `source`.

    A clone where the file system has them (Btrfs, XFS), else a hard link, so that `source` becomes read-only too, else
    a copy. Raises OSError.
    """
    if not _clone(source, target) and not _link(source, target):
        shutil.copyfile(source, target)
    target.chmod(READ_ONLY)


def _clone(source: Path, target: Path) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    with source.open("rb") as old, target.open("xb") as new, suppress(OSError):
        fcntl.ioctl(new.fileno(), FICLONE, old.fileno())
        return True
    target.unlink()
    return False


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        return False
    return True
