"""Raw cells in, typed columns out: the same reading of numbers, categories and texts in training and in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from algorithms.errors import DatasetError, Problem
from algorithms.schema import Column
from algorithms.wording import shown

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

MISSING_TEXTS = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""The texts that pandas.read_csv takes for a missing value by default."""

NUMBER_LIMIT = 1e100
"""Numbers are cut to this size, so that their squares and sums stay finite."""

_BOOLEANS = {"true": "True", "TRUE": "True", "false": "False", "FALSE": "False"}


def read_columns(rows: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """The feature columns of `rows` as float64 (numbers) or text objects (categories, texts), missing cells as NaN.

    Other columns are ignored and the order does not matter. Raises DatasetError for columns that are missing, that
    appear twice, or that hold lists or mappings.
    """
    import pandas as pd

    rows = rows.set_axis(rows.columns.map(str), axis="columns")
    problems = [problem for column in columns if (problem := _name_problem(column.name, rows))]
    if problems:
        raise DatasetError(problems)
    typed = {column.name: _READERS[column.type](rows[column.name], column) for column in columns}
    return pd.DataFrame(typed, index=rows.index)


def _name_problem(name: str, rows: pd.DataFrame) -> Problem | None:
    count = int((rows.columns == name).sum())
    if count == 1:
        return None
    wrong = "the column is missing from the rows. Add it" if count == 0 else "the column appears twice. Keep one"
    return Problem(name, None, f"{shown(name)}: {wrong}, empty where a value is unknown.")


def read_numbers(series: Series, column: Column) -> Series:
    """Numbers as they are, texts of numbers read, dates as days since 1970-01-01, anything else missing."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series):
        numbers = _days(series).to_numpy()
    elif pd.api.types.is_numeric_dtype(series):
        numbers = series.to_numpy(dtype="float64", na_value=np.nan)
        if column.na_values:
            numbers = np.where(np.isin(numbers, _number_markers(column)), np.nan, numbers)
    else:
        numbers = _parse_numbers(read_texts(series, column)).to_numpy()
    # NumPy's operations, not pandas': a request of one row has as many of them as a table of a million
    numbers = np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -NUMBER_LIMIT, NUMBER_LIMIT)
    return pd.Series(numbers, index=series.index)


def _number_markers(column: Column) -> Series:
    """The numbers among the column's own markers, -999 say."""
    import pandas as pd

    return pd.to_numeric(pd.Series(column.na_values or [], dtype="str"), errors="coerce")


def _parse_numbers(texts: Series) -> Series:
    """Numbers, else ISO dates. The truth values count as 1 and 0."""
    import pandas as pd

    texts = texts.replace({"True": "1", "False": "0"})
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    if numbers.notna().equals(texts.notna()):
        return numbers
    dates = pd.to_datetime(texts.where(numbers.isna()), errors="coerce", format="ISO8601", utc=True)
    return numbers.where(numbers.notna(), _days(dates))


def _days(dates: Series) -> Series:
    import pandas as pd

    epoch = pd.Timestamp("1970-01-01", tz=dates.dt.tz)
    return (dates - epoch) / pd.Timedelta(days=1)


def read_texts(series: Series, column: Column) -> Series:
    """Each value as text: 1.0 and 1 alike, true and True alike; the column's own or pandas' markers are missing."""
    import numpy as np
    import pandas as pd

    missing = MISSING_TEXTS if column.na_values is None else {"", *column.na_values}
    try:
        codes, values = pd.factorize(series)
    except TypeError as error:
        message = f"{shown(column.name)}: cells must be numbers or texts, got a list or a mapping. Flatten the column."
        raise DatasetError.of(column.name, None, message) from error
    texts = [np.nan if (text := _text(value)) in missing else text for value in values.tolist()]
    return pd.Series(np.array([*texts, np.nan], dtype=object)[codes], index=series.index, dtype=object)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return _BOOLEANS.get(text, text)


_READERS: dict[str, Callable[[Series, Column], Series]] = {
    "number": read_numbers,
    "category": read_texts,
    "text": read_texts,
}
