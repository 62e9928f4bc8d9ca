"""The version of this program, and the commit where it runs from a checkout."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def full_version() -> str:
    """Such as `0.1.0 (50c37c4)`."""
    git = ["git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
    commit = ""
    if (PROJECT / ".git").exists():
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    return f"{version('mlops-pipeline')} ({commit or 'commit unknown'})"
