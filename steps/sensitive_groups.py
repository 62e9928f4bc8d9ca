"""The groups of a sensitive column: which one each row belongs to, and in which order they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Series = pd.Series[Any]

MOST_GROUPS = 10
"""Of a column; the rarest categories beyond are told together, and what is missing by itself."""
BINS = 4
"""Of a number: its quartiles."""
DIGITS = range(6, 18)
"""Significant digits of a quartile's ends: as few as tell the quartiles apart. 17 tell any two floats apart."""
LONGEST_NAME = 60
MISSING, OTHERS = "(missing)", "(others)"


def group_names(values: Series) -> Array:
    """The group of each row, shape (n,): categories, quartiles of a number with many values, `(missing)`."""
    import numpy as np

    if _numeric(values) and values.nunique() > MOST_GROUPS:
        named = _quartiles(values.astype("float64"))
    else:
        named = values.astype("object").map(lambda value: str(value)[:LONGEST_NAME], na_action="ignore")
    if named.nunique() > MOST_GROUPS:
        common = named.value_counts().index[: MOST_GROUPS - 1]
        named = named.where(named.isin(common), OTHERS)
    named = named.where(values.notna(), MISSING)
    return np.array(named.tolist(), dtype=object)


def _numeric(values: Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _quartiles(numbers: Series) -> Series:
    """The quartile of each number, named by the least and the greatest number in it."""
    import pandas as pd

    codes = pd.qcut(numbers, BINS, labels=False, duplicates="drop")
    ends = numbers.groupby(codes).agg(["min", "max"])
    for digits in DIGITS:
        names = {code: f"{low:.{digits}g} to {high:.{digits}g}" for code, low, high in ends.itertuples()}
        if len(set(names.values())) == len(names):
            break
    return codes.map(names).astype("object")


def in_order(groups: Array, values: Series) -> list[str]:
    """The names of the groups: numbers by size, texts by the alphabet, what is missing or pooled last."""
    numeric = _numeric(values)

    def place(name: str) -> tuple[bool, Any]:
        return name in (MISSING, OTHERS), values[groups == name].min() if numeric else name

    return sorted(set(groups), key=place)
