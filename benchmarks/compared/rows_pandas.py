"""Prepare with pandas: `python rows_pandas.py CSV FOLDER`. Statistics, equal rows, a stratified split, Parquet."""

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

QUANTILES = [step / 20 for step in range(21)]


def describe(column: pd.Series) -> dict[str, object]:
    """Quantiles of numbers, the most frequent texts."""
    found: dict[str, object] = {"missing": int(column.isna().sum()), "distinct": int(column.nunique())}
    if column.dtype.kind in "if":
        return {**found, "quantiles": column.quantile(QUANTILES).tolist(), "std": float(column.std())}
    return {**found, "top": column.value_counts().head(50).to_dict()}


def main(csv: Path, folder: Path) -> None:
    """Reads, describes, splits and writes."""
    rows = pd.read_csv(csv)
    report = {"repeated": int(rows.duplicated().sum()), "columns": {name: describe(rows[name]) for name in rows}}
    train, test = train_test_split(rows, test_size=0.2, random_state=0, stratify=rows["target"])
    train.to_parquet(folder / "train.parquet", index=False)
    test.to_parquet(folder / "test.parquet", index=False)
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
