"""Many issues at once on one machine, beside as many single runs divided by its cores.

`python benchmarks/throughput.py` opens 1, 4, 16 and 64 issues (a random forest of 100 on breast_cancer, as in
`issue_to_model.py`, `MLOPS_REPORT=brief`) in one running process and waits until all are registered; single runs are
measured before and after each. Writes `results/throughput.md`. "busy" is what all processes of the machine computed
meanwhile: where a single run keeps more than one core busy, no queue reaches 1.0 in the last column but one.
"""

from __future__ import annotations

import os
import sys
import tempfile
from itertools import count
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
ISSUES = (1, 4, 16, 64)
SINGLES = 3
"""Single runs before each number of issues, and at the end."""
BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: breast_cancer\nseed: {seed}\n"
HEADER = (
    "issues",
    "seconds",
    "seconds an issue",
    "busy cores",
    "beside single runs / cores",
    "beside busy seconds / cores",
)

sys.path[:0] = [str(PROJECT)]


def main() -> None:
    """Measures, prints and writes."""
    os.environ.update({"MLOPS_REPORT": "brief", "PYTHONPATH": str(PROJECT)})
    from algorithms.cores import usable_cores
    from benchmarks.tools.measuring import bars, table, write

    cores = usable_cores()
    with tempfile.TemporaryDirectory() as folder:
        singles, found = measured(Path(folder))
    one, busy = (median(values) for values in zip(*singles, strict=True))
    rows = [
        (
            f"{issues}",
            f"{wall:.2f}",
            f"{wall / issues:.2f}",
            f"{work / wall:.2f}",
            f"{wall / (issues * one / min(cores, issues)):.2f}",
            f"{wall / (issues * busy / min(cores, issues)):.2f}",
        )
        for issues, (wall, work) in found.items()
    ]
    single = f"A single run takes {one:.2f} s, in which the machine computes {busy:.2f} s; {cores} cores."
    values = {f"{issues} issues": wall / issues for issues, (wall, _) in found.items()}
    figure = bars("throughput", "Seconds an issue, by how many are opened at once", values, "seconds")
    write("throughput", "Many issues at once", __doc__, single, table(HEADER, rows), figure)


def measured(folder: Path) -> tuple[list[tuple[float, float]], dict[int, tuple[float, float]]]:
    """(seconds, seconds of computing) of single runs, and by number of issues."""
    from local.datasets import ensure_dataset
    from local.loop import Loop
    from local.workspace import Workspace

    seeds = count(1)
    with Workspace(folder / "many", "benchmark") as workspace:
        ensure_dataset(workspace.objects, "breast_cancer", None)
        with Loop(workspace, lambda _: None, "benchmark", None) as loop:
            together(loop, 1, seeds)  # the first one is slower
            singles, found = [], {}
            for issues in ISSUES:
                singles += [together(loop, 1, seeds) for _ in range(SINGLES)]
                found[issues] = together(loop, issues, seeds)
            return singles + [together(loop, 1, seeds) for _ in range(SINGLES)], found


def together(loop: object, issues: int, seeds: count[int]) -> tuple[float, float]:
    """(seconds, seconds of computing) until so many issues, opened at once, are registered."""
    import time

    from local.console import Silent
    from local.issue_file import Issue
    from local.session import Session

    start, before = time.perf_counter(), computed()
    sessions = [Session(loop, Silent(), ()) for _ in range(issues)]  # type: ignore[arg-type]
    for session in sessions:
        body = BODY.format(seed=next(seeds))
        session.open(Issue("An issue", ("mlops:train",), body, ""), None, lambda _: False)
        loop.go_on(session.issue)  # type: ignore[attr-defined]
    states = {session.drive().status for session in sessions}
    if states != {"registered"}:
        raise RuntimeError(f"not registered: {states}")
    return time.perf_counter() - start, computed() - before


def computed() -> float:
    """Seconds that all cores have computed since the start of the machine, kernel included."""
    import psutil

    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + getattr(times, "irq", 0) + getattr(times, "softirq", 0))


if __name__ == "__main__":
    main()
