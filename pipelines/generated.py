"""Writes generated files, or says which of them are stale. Light."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def write_or_report(files: Mapping[Path, str], check: bool, command: str) -> int:
    """Writes the files that are missing or hold something else. With `check` it only names them.

    Returns the exit code: 1 if `check` found one. `command` is what its message says to run.
    """
    stale = stale_files(files)
    for path in stale:
        if check:
            print(f"{os.path.relpath(path)}: is stale. Run: {command}", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            print(f"{os.path.relpath(path)}: written")
    return 1 if check and stale else 0


def stale_files(files: Mapping[Path, str]) -> list[Path]:
    """Those that are missing or hold something else."""
    return [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
