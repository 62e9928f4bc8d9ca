"""A program: finds Chromium for the tests, or installs Debian's where that is possible.

Playwright's own download is not used: a browser of the system gets the system's updates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

VARIABLE = "MLOPS_TEST_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ADVICE = (
    f"The tests of the board need Chromium or Chrome: install it (Debian: apt-get install chromium), or set {VARIABLE}."
)
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
"""Nothing of the browser's own asks the network."""


def find() -> str | None:
    """The browser's path."""
    named = os.environ.get(VARIABLE)
    found = (named, *map(shutil.which, NAMES), MAC)
    return next((path for path in found if path and os.access(path, os.X_OK)), None)


def main() -> int:
    """Installs where nothing is found. Returns the exit code."""
    tool = shutil.which("apt-get")
    if find() is None and tool is not None and os.geteuid() == 0:
        for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run([tool, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if find() is None:
        print(ADVICE, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
