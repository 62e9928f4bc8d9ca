"""baseline.json: what the training rows look like, so that later rows can be compared with them.

Quantiles serve the Kolmogorov-Smirnov distance and, as bin edges, the population stability index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from algorithms.evaluation import finite
from algorithms.schema import ColumnType, TableSchema
from steps.side_by_side import each
from steps.texts import count_values, mean_of

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

QUANTILES = [step / 20 for step in range(21)]
BINS = 20
TOP = 50
LONGEST_VALUE = 100


def describe_rows(rows: pd.DataFrame, schema: TableSchema) -> dict[str, Any]:
    """Statistics of each feature, and of the target where there is one. Strict JSON, bounded in size."""
    found = each(lambda column: describe_column(rows[column.name], column.type), schema.columns, len(rows))
    columns = dict(zip(schema.names, found, strict=True))
    target = None
    if schema.target in rows:
        target = describe_column(rows[schema.target], "number" if schema.task_type == "regression" else "category")
    return {"schema_version": 1, "rows": len(rows), "columns": columns, "target": target}


def describe_column(values: Series, kind: ColumnType) -> dict[str, Any]:
    """Statistics of one column; missing values are counted and left out of the rest."""
    present = values.dropna()
    common = {"type": kind, "count": len(present), "missing": len(values) - len(present)}
    describe = {"number": _numbers, "category": _categories, "text": _texts}[kind]
    return {**common, **(describe(present) if len(present) else {})}


def _numbers(present: Series) -> dict[str, Any]:
    low, high = float(present.min()), float(present.max())
    quantiles = present.quantile(QUANTILES).tolist()
    edges = sorted(set(present.quantile(QUANTILES[1:-1], interpolation="lower").tolist()))
    return {
        "mean": finite(present.mean()),
        "std": finite(present.std(ddof=0)),
        "min": low,
        "max": high,
        "quantiles": dict(zip(map(str, QUANTILES), quantiles, strict=True)),
        "bins": {"edges": edges, "counts": count_in_bins(present, edges)},
        "histogram": _histogram(present, low, high),
    }


def count_in_bins(present: Series, edges: list[float]) -> list[int]:
    """How many values lie up to the first edge, up to each further one, and beyond the last one."""
    import numpy as np

    places = np.searchsorted(edges, present.to_numpy(dtype=float), side="left")
    counts: list[int] = np.bincount(places, minlength=len(edges) + 1).tolist()
    return counts


def _histogram(present: Series, low: float, high: float) -> dict[str, list[float]]:
    """Bins of equal width; a single one where no floats lie between the values."""
    import numpy as np

    try:
        counts, edges = np.histogram(present, bins=BINS, range=(low, high))
    except ValueError:
        return {"edges": [low, high], "counts": [len(present)]}
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _categories(present: Series) -> dict[str, Any]:
    counts = count_values(present)
    top = [{"value": shortened(value), "count": int(count)} for value, count in counts.head(TOP).items()]
    return {"distinct": len(counts), "top": top}


def _texts(present: Series) -> dict[str, Any]:
    return {
        "distinct": int(present.nunique()),
        "mean_characters": finite(mean_of(present, lambda texts: texts.str.len())),
        "mean_words": finite(mean_of(present, lambda texts: texts.str.count(r"\S+"))),
    }


def shortened(value: Any) -> str:
    """The value as a text of bounded length."""
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
