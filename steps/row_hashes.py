"""Rows that are equal: looked for by hashes of 64 bits, then compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Frame = pd.DataFrame

MOST_COMPARED = 1_000_000
"""Rows with the hash of another one that are compared cell by cell; of more the hashes decide, which in ten million
rows are equal by chance once in some hundred thousand tables."""


def row_hashes(rows: Frame) -> Array:
    """One 64-bit hash a row, shape (n,); equal for rows that are equal."""
    import numpy as np
    import pandas as pd

    plain = {place: _one_zero(rows.iloc[:, place]) for place in range(rows.shape[1])}
    frame = pd.DataFrame(plain, index=rows.index, copy=False)
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype="uint64")


def _one_zero(values: pd.Series[Any]) -> pd.Series[Any]:
    """0.0 and -0.0 are equal, and any two missing values, though their bits are not."""
    return values.where(values.notna()) + 0.0 if values.dtype == "float64" else values


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
