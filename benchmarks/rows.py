"""How Prepare and Evaluate grow with the rows of a table, beside plain pandas and beside Polars.

`python benchmarks/rows.py` writes `results/rows.md`: a CSV file of 20 mixed columns (8 floats, 5 whole numbers,
5 categories, a day, a target of two classes), 1,000 to 10 million rows. Each way is a fresh process, its imports
included, and takes its turn in each round; a ratio is the median of the rounds', of which the largest table has one.
Memory is the peak of the process's resident set, as the kernel tells it when the process has ended.

- Prepare: `python -m steps.prepare`. Beside what the others do, it checks the file, types every column, looks for
  outliers, leakage, rows across train and test and contradictions, and writes histograms and bins
- pandas, Polars: read, quantiles and most frequent values of each column, equal rows, a stratified split, Parquet

Quantiles are exact at every size. From a million rows on, the next largest costs are, by profile, those quantiles (a
fifth of the time), then parsing the CSV file, writing Parquet and counting into bins.

Evaluate scores the model on the training and on the test rows, with `MLOPS_REPORT=brief`; its rows are both.
"""

from __future__ import annotations

import json
import os
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
ROUNDS = {1_000: 5, 10_000: 5, 100_000: 5, 1_000_000: 3, 10_000_000: 1}
EVALUATED = (100_000, 1_000_000)
MODELS = {"logistic_regression": "{}", "xgboost": '{"n_estimators": 50}'}
HEADER = ("rows", "CSV", "way", "median s", "MB/s", "peak MiB", "time beside pandas", "memory beside pandas")
EVALUATION = ("rows", "algorithm", "seconds", "rows/s", "peak MiB")


def main() -> None:
    """Measures, prints and writes."""
    sys.path[:0] = [str(PROJECT)]
    from benchmarks.tools.measuring import bars, table, write

    measured, scored, seconds = [], [], {}
    for rows, times in ROUNDS.items():
        with tempfile.TemporaryDirectory() as name:
            found, csv_bytes = compare(Path(name), rows, times)
            measured += [line(rows, csv_bytes, found, way) for way in found[0]]
            seconds.update({f"{way}, {rows:,} rows": median(one[way][0] for one in found) for way in found[0]})
            if rows in EVALUATED:
                scored += [evaluation(Path(name), rows, algorithm) for algorithm in MODELS]
    figure = bars("rows", "Preparing the largest table", dict(list(seconds.items())[-3:]), "seconds")
    write("rows", "Large tables", __doc__, table(HEADER, measured), figure, table(EVALUATION, scored))


def compare(folder: Path, rows: int, times: int) -> tuple[list[dict[str, tuple[float, int]]], int]:
    """Seconds and peak bytes by way, of each round; and the size of the file."""
    from benchmarks.tools.measuring import COMPARED, spent
    from benchmarks.tools.mixed_table import write_table

    csv, other = folder / "processing/input/raw/train.csv", folder / "other"
    for made in (csv.parent, other):
        made.mkdir(parents=True)
    write_table(csv, rows)
    scripts = {name: PROJECT / f"benchmarks/compared/rows_{name.lower()}.py" for name in ("pandas", "Polars")}
    ways: Mapping[str, Callable[[], tuple[float, int]]] = {
        "Prepare": lambda: step(folder, "prepare", "--task", "classification", "--target", "target"),
        **{name: lambda path=path: spent([COMPARED, path, csv, other]) for name, path in scripts.items()},
    }
    return [{name: run() for name, run in ways.items()} for _ in range(times)], csv.stat().st_size


def line(rows: int, csv_bytes: int, found: list[dict[str, tuple[float, int]]], way: str) -> tuple[str, ...]:
    """A row of the table."""
    seconds, peak = (median(one[way][place] for one in found) for place in (0, 1))
    beside = [median(one[way][place] / one["pandas"][place] for one in found) for place in (0, 1)]
    speed = csv_bytes / seconds / 1e6
    size = f"{csv_bytes / 1e6:,.1f} MB"
    return (
        f"{rows:,}",
        size,
        way,
        f"{seconds:.2f}",
        f"{speed:.1f}",
        f"{peak / 2**20:,.0f}",
        *(f"{b:.2f}" for b in beside),
    )


def evaluation(folder: Path, rows: int, algorithm: str) -> tuple[str, ...]:
    """Trains on what Prepare wrote, then measures Evaluate."""
    out, inputs = folder / "processing/output", folder / "processing/input"
    for target, source in [
        (folder / "input/data/train", out / "train"),
        *((inputs / name, out / name) for name in ("train", "test", "report")),
    ]:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.is_symlink() or target.symlink_to(source)
    settings = {"algorithm": algorithm, "hyperparameters": MODELS[algorithm], "seed": "0"}
    config = folder / "input/config/hyperparameters.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(settings))
    for file in (folder / "model").glob("*"):
        file.unlink()
    step(folder, "train")
    (inputs / "model").mkdir(exist_ok=True)
    with tarfile.open(inputs / "model/model.tar.gz", "w:gz", compresslevel=3) as archive:
        for file in (folder / "model").iterdir():
            archive.add(file, file.name)
    seconds, peak = step(folder, "evaluate", "--metric", "accuracy")
    return (f"{rows:,}", f"`{algorithm}`", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{peak / 2**20:,.0f}")


def step(folder: Path, name: str, *words: str) -> tuple[float, int]:
    """Seconds and peak bytes of one step in a process of its own."""
    from benchmarks.tools.measuring import spent

    os.environ.update({"MLOPS_ML_ROOT": str(folder), "MLOPS_REPORT": "brief", "PYTHONPATH": str(PROJECT)})
    return spent([sys.executable, "-m", f"steps.{name}", *words])


if __name__ == "__main__":
    main()
