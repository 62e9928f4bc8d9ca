"""Decides what each column of a table is: a number, a category, a text, or nothing to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from algorithms.columns import read_numbers
from algorithms.errors import Problem
from algorithms.schema import Column, ColumnType
from algorithms.wording import plain, shown
from steps.findings import Finding, counted, listed
from steps.metadata import ColumnNotes, Metadata
from steps.texts import Texts, as_texts, is_text, numbers_of

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

MOSTLY = 0.9
"""Share of numbers from which on a column is a number, and its other values are missing."""
LONG_TEXT = 40
"""Mean number of characters from which on different values are texts, in languages without spaces too."""
MIN_DISTINCT_TEXTS = 20
FIRST = 10_000
"""Rows of a column that are looked at first: where they settle a question, the others need not be looked at."""

AS_NUMBER = Column(name="", type="number", na_values=[])


@dataclass(frozen=True)
class TypedColumn:
    """A column with its type, its values in that type, and the reason if it is no feature."""

    column: Column
    values: Series
    left_out: str | None = None


class ColumnTyper:
    """Types columns one by one; collects findings and problems.

    Parameters
    ----------
    metadata : declared types, which win
    na_values : column -> texts that mean "missing", where they are not the default ones
    """

    def __init__(self, metadata: Metadata, na_values: Mapping[str, list[str]]) -> None:
        self.metadata = metadata
        self.na_values = na_values
        self.findings: list[Finding] = []
        self.problems: list[Problem] = []

    def type(self, values: Series) -> TypedColumn:
        """The type of a feature column, and whether there is anything to learn from it."""
        notes = self.metadata.notes(str(values.name))
        kind, numbers = notes.type, None
        if kind is None:
            kind, numbers = self._guess(values)
        column = Column(name=str(values.name), type=kind, na_values=self.na_values.get(str(values.name)))
        typed = self.convert(values, column, numbers)
        return TypedColumn(column, typed, _useless(typed) or self._identifier(typed, notes))

    def convert(self, values: Series, column: Column, numbers: Series | None = None) -> Series:
        """The values in the type of `column`. What does not fit is missing, and told.

        `numbers` : the values as numbers, where they were read before
        """
        if column.type != "number":
            return as_texts(values, column)
        numbers = numbers_of(values, column) if numbers is None else numbers
        strays = values[values.notna() & numbers.isna()]
        if len(strays):
            self._tell_strays(column, strays, _infinite(strays))
        return numbers

    def _tell_strays(self, column: Column, strays: Series, infinite: Series) -> None:
        if infinite.any():
            message = f"{shown(column.name)}: {counted(int(infinite.sum()), 'infinite value')} counted as missing."
            self.findings.append(Finding("infinite", column.name, message))
        texts = strays[~infinite]
        if not len(texts):
            return
        if self.metadata.notes(column.name).type == "number":
            self._refuse(column.name, texts)
        else:
            named = listed(texts.unique())
            message = f"{shown(column.name)}: a number; {counted(len(texts), 'value')} counted as missing: {named}."
            self.findings.append(Finding("mixed", column.name, message))

    def _refuse(self, name: str, texts: Series) -> None:
        message = (
            f"{shown(name)}: metadata.json says number, got {listed(texts.unique())}. "
            f"Correct the values, list them as na_values, or declare a category."
        )
        self.problems.append(Problem(name, plain(str(texts.iloc[0])), message))

    def _guess(self, values: Series) -> tuple[ColumnType, Series]:
        """The type, and the values as numbers."""
        import pandas as pd

        if not is_text(values):
            return "number", numbers_of(values, AS_NUMBER)
        texts = Texts.of(values)
        numbers = read_numbers(texts.values, AS_NUMBER)
        numeric = _number_share(texts, numbers)
        kind: ColumnType = "number" if numeric >= MOSTLY else "text" if _is_free_text(texts) else "category"
        if 0 < numeric < MOSTLY:
            self.findings.append(_mixed(texts.values[numbers.isna()], numeric))
        return kind, pd.Series(texts.spread(numbers, float("nan")), index=values.index)

    def _identifier(self, values: Series, notes: ColumnNotes) -> str | None:
        """Why a column only names its row; a column with a declared type never does."""
        present = values.dropna()
        if notes.type is not None or len(present) < len(values) / 2 or not _all_differ(present):
            return None
        if is_text(values):
            single_words = Texts.of(present).values.str.fullmatch(r"[!-~]+").all()
            return "looks like an identifier: every value is different" if single_words else None
        low, high = present.min(), present.max()
        consecutive = len(present) == len(values) and high - low == len(values) - 1 and bool((present % 1 == 0).all())
        return "looks like a row number: consecutive whole numbers" if consecutive else None


def _all_differ(present: Series) -> bool:
    """Whether no value comes twice. The first ones are looked at first: mostly they tell."""
    return present.head(FIRST).is_unique and present.is_unique


def _mixed(others: Series, numeric: float) -> Finding:
    message = (
        f"{shown(others.name)}: a category, though {numeric:.0%} of its values are numbers. "
        f"If others mean missing ({listed(others.unique())}), list them as na_values in metadata.json."
    )
    return Finding("mixed", str(others.name), message)


def _useless(values: Series) -> str | None:
    if values.head(FIRST).nunique() > 1:
        return None
    distinct = values.nunique()
    if distinct == 0:
        return "all values are missing"
    return "constant: all values are equal" if distinct == 1 else None


def _number_share(texts: Texts, numbers: Series) -> float:
    """Share of numbers and dates among the values; infinite ones count. Truth values are categories.

    `numbers` : the number in each different text, or NaN
    """
    counts = texts.counts
    if not counts.sum() or texts.values.str.lower().isin(["true", "false"]).all():
        return 0.0
    truth_values = texts.values.isin(["True", "False"])
    numeric = (numbers.notna() & ~truth_values) | _infinite(texts.values)
    return float(counts[numeric].sum() / counts.sum())


def _infinite(values: Series) -> Series:
    import numpy as np

    if not is_text(values):
        return values.abs() == np.inf
    return values.str.lower().str.lstrip("+-").isin(["inf", "infinity"])


def _is_free_text(texts: Texts) -> bool:
    """Many different values, most of several parts (words, a date's day, month and year) or long."""
    import numpy as np

    counts = texts.counts
    if len(texts.values) <= max(MIN_DISTINCT_TEXTS, counts.sum() / 2):
        return False
    several_parts = np.average(texts.values.str.contains(r"\w\W+\w"), weights=counts) >= 0.5
    return bool(several_parts or np.average(texts.values.str.len(), weights=counts) > LONG_TEXT)
