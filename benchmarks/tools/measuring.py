"""Ways take turns, so that a busy machine slows all of them; a ratio is the median of the rounds'."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parents[1] / "results"
Rounds = list[dict[str, float]]


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


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
