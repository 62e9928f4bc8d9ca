"""How much the serving endpoint adds to the model: latency and rows per second, beside `predict` in this process.

`python benchmarks/serving.py` trains on a sample dataset, serves the model in a process of its own as `mlops serve`
does, and writes `results/serving.md`. Requests and bare calls take turns, so that a busy machine slows both; a ratio is
the median of the pairs'. One client, one connection.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

PROJECT = Path(__file__).parents[1]
DATA = PROJECT / "seed_code/starter/datasets/breast_cancer/train.csv"
PAIRS = 100
SIZES = (1, 10, 100, 1_000)
FORMATS = ("text/csv", "application/json")
MODELS = ("logistic_regression", "random_forest", "xgboost")
HEADER = ("model", "format", "rows", "bare, median ms", "endpoint, median ms", "P95 ms", "rows per second", "ratio")


def main() -> None:
    """Measures, prints and writes."""
    sys.path[:0] = [str(PROJECT)]
    from benchmarks.tools.measuring import table, write

    lines = [row for name in MODELS for row in measured(name)]
    write("serving", "What the endpoint adds to the model", __doc__, table(HEADER, lines))


def measured(name: str) -> Iterator[tuple[str, ...]]:
    """A row for each format and number of rows."""
    import pandas as pd
    import requests

    rows = pd.read_csv(DATA)
    with tempfile.TemporaryDirectory() as folder:
        predict = trained(name, rows, Path(folder))
        with serving(Path(folder)) as url, requests.Session() as session:
            for form in FORMATS:
                for size in SIZES:
                    given = pd.concat([rows.drop(columns=rows.columns[-1])] * 3, ignore_index=True).iloc[:size]
                    body = encoded(given, form)

                    def ask(body: bytes = body, form: str = form) -> None:
                        headers = {"Content-Type": form, "Accept": form}
                        answer = session.post(f"{url}/invocations", data=body, headers=headers, timeout=60)
                        answer.raise_for_status()

                    yield (name, form, f"{size:,}", *compared(lambda given=given: predict(given), ask, size))


def encoded(rows: Any, form: str) -> bytes:
    """The rows as a body of a request."""
    if form == "text/csv":
        return bytes(rows.to_csv(index=False).encode())
    return json.dumps({"instances": rows.to_dict("records")}).encode()


def trained(name: str, rows: Any, folder: Path) -> Callable[[Any], Any]:
    """A model in the folder, and its `predict`."""
    from algorithms.base import Table
    from algorithms.registry import algorithm
    from algorithms.schema import Column, TableSchema

    *features, target = rows.columns
    schema = TableSchema(
        task_type="classification",
        columns=[Column(name=column, type="number") for column in features],
        target=target,
        classes=sorted(set(rows[target].tolist())),
    )
    model = algorithm(name)().fit(Table(rows[features], rows[target], schema))
    model.save(folder / "model")
    return model.predict  # type: ignore[no-any-return]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a process that serves the model."""
    command = [sys.executable, "-m", "local.cli", "serve", str(folder / "model"), "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(iter(process.stdout or ())).split()[0]
        finally:
            process.kill()


def compared(bare: Callable[[], object], ask: Callable[[], object], rows: int) -> tuple[str, ...]:
    """Medians in milliseconds, P95, rows per second, and the median of the pairs' ratios."""
    from benchmarks.tools.measuring import ratio, rounds

    found = rounds({"bare": bare, "ask": ask}, PAIRS)
    plain, asked = [one["bare"] for one in found], [one["ask"] for one in found]
    p95 = quantiles(asked, n=20)[-1]
    times = (f"{1000 * median(plain):.2f}", f"{1000 * median(asked):.2f}", f"{1000 * p95:.2f}")
    return (*times, f"{rows / median(asked):,.0f}", f"{ratio(found, 'ask', 'bare'):.1f}")


if __name__ == "__main__":
    main()
