"""How long the Lambda functions take to import, beside the two clients that they import only when they need them.

`python benchmarks/import_time.py` prints a table and writes it to `results/import_time.md`. Each number is the median
of RUNS fresh processes, taken in turn, with compiled bytecode, by `python -X importtime`.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

RUNS = 5
HANDLER = "lambda_bridge.handler"
MODULES = (HANDLER, "boto3", "github")
PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks/results/import_time.md"
PREFIX = "import time:"


@dataclass(frozen=True)
class Import:
    """What one import cost: seconds, and how many modules it loaded."""

    seconds: float
    modules: int


def main() -> None:
    """Measures, prints and writes."""
    text = table(measure())
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n")


def measure() -> dict[str, Import]:
    """Module -> its median import."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for module in MODULES:
            timed(module, environment)  # compiles
        found = [{module: timed(module, environment) for module in MODULES} for _ in range(RUNS)]
    return {
        module: Import(median(each[module].seconds for each in found), found[0][module].modules) for module in MODULES
    }


def timed(module: str, environment: Mapping[str, str]) -> Import:
    """Imports a module in a fresh process."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(command, cwd=PROJECT, env=dict(environment), capture_output=True, text=True, check=True)
    lines = [line.removeprefix(PREFIX).split("|") for line in done.stderr.splitlines() if line.startswith(PREFIX)]
    names = [name.strip() for *_, name in lines]
    own = lines[names.index("site") + 1 :]  # before it, what every Python imports
    return Import(sum(int(microseconds) for microseconds, *_ in own) / 1e6, len(own))


def table(found: Mapping[str, Import]) -> str:
    """Markdown; times as they were here, ratios for comparing."""
    base = found[HANDLER].seconds
    rows = [
        f"| `import {name}` | {each.seconds * 1000:.0f} ms | {each.seconds / base:.1f} | {each.modules} |"
        for name, each in found.items()
    ]
    about = f"Python {platform.python_version()}, median of {RUNS} fresh processes, `python -X importtime`"
    head = ["| what | time | handler = 1 | modules |", "|---|---|---|---|"]
    return "\n".join(["# Import time of the Lambda functions", "", about, "", *head, *rows])


if __name__ == "__main__":
    main()
