"""Ways take turns, so that a busy machine slows all of them; a ratio is the median of the rounds'."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks/results"
COMPARED = PROJECT / ".venv/compared/bin/python"
"""The interpreter that has the tools that are compared with; `make bench` sets it up."""
Rounds = list[dict[str, float]]


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def spent(words: Sequence[str | Path]) -> tuple[float, int]:
    """Seconds of a command, and the peak of its resident set in bytes. Raises RuntimeError where it fails."""
    if not Path(words[0]).is_file():
        raise RuntimeError(f"{words[0]}: is not there. Set it up with `make .venv/compared`.")
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words[1:3]} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def rounds(ways: Mapping[str, Callable[[], object]], times: int) -> Rounds:
    """Seconds by way, of each round; a first one, in which everything is slower, does not count."""
    for run in ways.values():
        run()
    return [{way: seconds(run) for way, run in ways.items()} for _ in range(times)]


def ratio(found: Rounds, way: str, beside: str) -> float:
    """How much longer one way takes than another."""
    return median(one[way] / one[beside] for one in found)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


def write(name: str, title: str, about: str | None, *parts: str) -> None:
    """Prints a page and writes it to `results/NAME.md`. `about` is the module's docstring, without its first line."""
    text = "\n\n".join([f"# {title}", (about or "").split("\n\n", 1)[1].strip(), *parts])
    print(text)
    (RESULTS / f"{name}.md").write_text(text + "\n")


def bars(name: str, title: str, values: Mapping[str, float], unit: str) -> str:
    """Draws `results/NAME.svg`, a bar for each value; returns the Markdown that shows it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from steps.drawing import BLUE, style

    with style(), rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure = Figure(figsize=(6.4, 0.6 + 0.34 * len(values)), layout="constrained")
        axes = figure.add_subplot()
        drawn = axes.barh([name.replace("`", "") for name in values], list(values.values()), color=BLUE)
        axes.bar_label(drawn, fmt="{:,.3g}", padding=3)
        axes.set(title=title, xlabel=unit)
        axes.margins(x=0.15)
        axes.invert_yaxis()
        figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    return f"![{title}]({name}.svg)"
