"""How good the algorithms are: beside the libraries' own on the same split, and beside published results.

`python benchmarks/quality.py [--only NAME ...] [--agents]` measures and writes `results/quality.json`, from which the
pages in `docs/algorithms/` get their tables. Without `--agents` those of agents stay as they are: they take some
twenty minutes. A run that misses is in the table like any other; nothing is run until it fits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is imported: other sums, other last digits
    os.environ.setdefault(threads, "1")

PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks/results/quality.json"
sys.path[:0] = [str(PROJECT)]

LIBRARIES = {
    "agents": ("gymnasium", "numpy", "stable-baselines3", "torch"),
    "supervised": ("numpy", "scikit-learn", "xgboost-cpu"),
    "unsupervised": ("numpy", "scikit-learn"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what is asked for, and writes it beside what was measured before."""
    from benchmarks.against.agents import AGENTS, agent_table
    from benchmarks.against.supervised import SUPERVISED, supervised_table
    from benchmarks.against.unsupervised import UNSUPERVISED, unsupervised_table

    parser = argparse.ArgumentParser("python benchmarks/quality.py", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], help="algorithms; left out: all")
    parser.add_argument("--agents", action="store_true", help="reinforcement learning too")
    given = parser.parse_args(arguments)
    kinds: dict[str, Any] = {
        "supervised": (SUPERVISED, supervised_table),
        "unsupervised": (UNSUPERVISED, unsupervised_table),
        **({"agents": (AGENTS, agent_table)} if given.agents else {}),
    }
    for kind, (names, measure) in kinds.items():
        for name in names:
            if not given.only or name in given.only:
                keep(name, {**measure(name), "versions": versions(kind)})


def versions(kind: str) -> dict[str, str]:
    """Of what the figures may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES[kind]}}


def keep(name: str, found: dict[str, Any]) -> None:
    """Writes one algorithm's table, at once: a later one may be interrupted."""
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**known, name: found}, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(name, *(" | ".join(row) for row in found["rows"]), sep="\n  ", flush=True)


if __name__ == "__main__":
    main()
