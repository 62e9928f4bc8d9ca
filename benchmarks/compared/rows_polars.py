"""Prepare with Polars: `python rows_polars.py CSV FOLDER`. Statistics, equal rows, a stratified split, Parquet."""

import json
import sys
from pathlib import Path

import polars as pl

QUANTILES = [step / 20 for step in range(21)]


def describe(column: pl.Series) -> dict[str, object]:
    """Quantiles of numbers, the most frequent texts."""
    found: dict[str, object] = {"missing": column.null_count(), "distinct": column.n_unique()}
    if column.dtype.is_numeric():
        ordered = column.sort()
        return {**found, "quantiles": [ordered.quantile(q) for q in QUANTILES], "std": column.std()}
    return {**found, "top": column.value_counts(sort=True).head(50).rows()}


def main(csv: Path, folder: Path) -> None:
    """Reads, describes, splits and writes."""
    rows = pl.read_csv(csv)
    report = {"repeated": int(rows.is_duplicated().sum()), "columns": {s.name: describe(s) for s in rows}}
    place = pl.int_range(pl.len()).shuffle(seed=0).over("target")
    test = rows.select((place < 0.2 * pl.len().over("target")).alias("test"))["test"]
    rows.filter(~test).write_parquet(folder / "train.parquet")
    rows.filter(test).write_parquet(folder / "test.parquet")
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
