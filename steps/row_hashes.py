"""Rows that are equal: looked for by hashes of 64 bits, then compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from steps.side_by_side import WORKERS, each

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Frame = pd.DataFrame

MULTIPLIER = 6_364_136_223_846_793_005
"""Knuth's, of his linear congruential generator MMIX: the order of the columns counts."""
MOST_COMPARED = 1_000_000
"""Rows with the hash of another one that are compared cell by cell; of more the hashes decide, which in ten million
rows are equal by chance once in some hundred thousand tables."""


def row_hashes(rows: Frame) -> Array:
    """One 64-bit hash a row, shape (n,); equal for rows that are equal."""
    import numpy as np

    total = np.zeros(len(rows), dtype="uint64")
    for start in range(0, rows.shape[1], WORKERS):
        places = range(start, min(start + WORKERS, rows.shape[1]))
        for hashes in each(lambda place: _cell_hashes(rows.iloc[:, place]), places, len(rows)):
            total *= np.uint64(MULTIPLIER)
            total += hashes
    return total


def _cell_hashes(values: pd.Series[Any]) -> Array:
    """0.0 and -0.0 are equal, and any two missing values, though their bits are not."""
    import numpy as np
    import pandas as pd

    if values.dtype == "float64":
        return pd.util.hash_array(np.where(np.isnan(values), np.nan, values + 0.0))
    return np.asarray(pd.util.hash_pandas_object(values, index=False), dtype="uint64")


def repeated_rows(frame: Frame, texts_of: Callable[[Array], Frame] | None = None) -> pd.Series[bool]:
    """For each row whether it repeats an earlier one in every column.

    `texts_of` : gives the rows of a mask as they stand in the file, where `frame` holds numbers that were read from
        texts: 1 and 1.0 are equal numbers, and different rows
    """
    import pandas as pd

    hashes = pd.Series(row_hashes(frame), index=frame.index)
    repeated, alike = hashes.duplicated(), hashes.duplicated(keep=False).to_numpy()
    if 0 < alike.sum() <= MOST_COMPARED:
        rows = frame[alike] if texts_of is None else texts_of(alike)
        repeated[alike] = rows.duplicated().to_numpy()
    return repeated


def contradictions(parts: list[Frame], features: list[str], target: str) -> int:
    """How many rows equal another one in every feature and have another target."""
    import numpy as np
    import pandas as pd

    hashes = [row_hashes(part[features]) for part in parts]
    alike = pd.Series(np.concatenate(hashes)).duplicated(keep=False).to_numpy()
    masks = np.split(alike, np.cumsum([len(part) for part in parts])[:-1])
    rows = pd.concat([part[mask] for part, mask in zip(parts, masks, strict=True)], ignore_index=True)
    compared = len(rows) <= MOST_COMPARED
    keys = [rows[name] for name in features] if compared else [pd.Series(np.concatenate(hashes)[alike])]
    labels = pd.Series(pd.factorize(rows[target])[0])
    return int((labels.groupby(keys, dropna=False, observed=True).transform("nunique") > 1).sum())
