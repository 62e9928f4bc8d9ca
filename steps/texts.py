"""Columns of texts. A large table holds each different text once (pandas' `category`), a small one each cell (`str`).

What is told from a text alone is worked out once for each different one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from algorithms.columns import NUMBER_LIMIT, read_numbers, read_texts
from algorithms.schema import Column

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Series = pd.Series[Any]


def is_text(values: Series) -> bool:
    """Whether a column holds texts, in either form."""
    return bool(values.dtype == "str") or is_compact(values)


def is_compact(values: Series) -> bool:
    """Whether a column holds each different text once."""
    import pandas as pd

    return isinstance(values.dtype, pd.CategoricalDtype)


@dataclass(frozen=True)
class Texts:
    """A column by its different values, shape (k,), in the order in which they first come.

    `codes` : the place of each cell's value, shape (n,); -1 where it is missing
    """

    values: Series
    codes: Array
    index: pd.Index[Any]

    @classmethod
    def of(cls, column: Series) -> Texts:
        """The texts of a column in either form."""
        import pandas as pd

        if is_compact(column):
            values: Any = column.cat.categories
            return cls(pd.Series(values, name=column.name, dtype="str"), column.cat.codes.to_numpy(), column.index)
        codes, values = pd.factorize(column)
        return cls(pd.Series(values, name=column.name, dtype="str"), codes, column.index)

    @property
    def counts(self) -> Array:
        """How many cells hold each value, shape (k,)."""
        import numpy as np

        # -1, missing, is counted at place 0
        return np.bincount(self.codes.astype("int64") + 1, minlength=len(self.values) + 1)[1:]

    def spread(self, found: Series, missing: Any) -> Array:
        """What was found of each value, for each cell; `missing` for cells without a value."""
        import numpy as np

        cells: Array = np.append(found.to_numpy(), missing)[self.codes]
        return cells


def numbers_of(values: Series, column: Column) -> Series:
    """The numbers in a column, as `algorithms.columns.read_numbers` reads them."""
    import pandas as pd

    if not is_text(values):
        return values if _is_plain(values, column) else read_numbers(values, column)
    texts = Texts.of(values)
    return pd.Series(texts.spread(read_numbers(texts.values, column), float("nan")), index=values.index)


def _is_plain(values: Series, column: Column) -> bool:
    """Whether reading would change nothing, so that no copy is needed."""
    if values.dtype != "float64" or column.na_values:
        return False
    return bool(values.isna().all() or (values.min() >= -NUMBER_LIMIT and values.max() <= NUMBER_LIMIT))


def as_texts(values: Series, column: Column) -> Series:
    """Categories and texts, with 1.0 and 1, true and True alike; compact where the column is."""
    import pandas as pd

    if not is_compact(values):
        return read_texts(values, column).astype("str")
    texts = Texts.of(values)
    codes, different = pd.factorize(read_texts(texts.values, column))
    cells = texts.spread(pd.Series(codes), -1)
    return pd.Series(pd.Categorical.from_codes(cells, pd.Index(different, dtype="str")), index=values.index)


def count_values(present: Series) -> pd.Series[int]:
    """How often each value comes, the most frequent first; values that do not come are left out."""
    import pandas as pd

    if not is_compact(present):
        return present.value_counts()
    counts = present.cat.codes[present.notna()].value_counts()
    return pd.Series(counts.to_numpy(), index=present.cat.categories[counts.index])


def mean_of(present: Series, measure: Callable[[Series], Series]) -> float:
    """The mean of what `measure` says of each cell."""
    if not is_compact(present):
        return float(measure(present).mean())
    texts = Texts.of(present)
    counts = texts.counts
    return float((measure(texts.values).to_numpy() * counts).sum() / max(1, counts.sum()))
