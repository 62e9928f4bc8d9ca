"""ministack in its own environment, made once beside the project's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

PROJECT = Path(__file__).parents[3]
LOCK = PROJECT / "constraints-ministack.txt"


@pytest.fixture(scope="session")
def ministack() -> Path:
    """The program."""
    folder = PROJECT / "build" / f"ministack-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            quiet = ("--quiet", "--disable-pip-version-check")
            subprocess.run([folder / "bin" / "pip", "install", *quiet, "-r", LOCK], check=True)
            (folder / "done").touch()
    return folder / "bin" / "ministack"
