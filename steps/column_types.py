"""Decides what each column of a table is: a number, a category, a text, or nothing to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from algorithms.columns import read_numbers, read_texts
from algorithms.errors import Problem
from algorithms.schema import Column, ColumnType
from algorithms.wording import plain, shown
from steps.findings import Finding, counted, listed
from steps.metadata import ColumnNotes, Metadata

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

MOSTLY = 0.9
"""Share of numbers from which on a column is a number, and its other values are missing."""
LONG_TEXT = 40
"""Mean number of characters from which on different values are texts, in languages without spaces too."""
MIN_DISTINCT_TEXTS = 20

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
            numbers = read_numbers(values, AS_NUMBER)
            kind = self._guess(values, numbers)
        column = Column(name=str(values.name), type=kind, na_values=self.na_values.get(str(values.name)))
        typed = self.convert(values, column, numbers)
        return TypedColumn(column, typed, _useless(typed) or self._identifier(typed, notes))

    def convert(self, values: Series, column: Column, numbers: Series | None = None) -> Series:
        """The values in the type of `column`. What does not fit is missing, and told.

        `numbers` : the values as numbers, where they were read before
        """
        if column.type != "number":
            return as_texts(values, column)
        numbers = read_numbers(values, column) if numbers is None else numbers
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

    def _guess(self, values: Series, numbers: Series) -> ColumnType:
        if values.dtype != "str":
            return "number"
        present = values.dropna()
        numeric = _number_share(present, numbers[present.index])
        if numeric >= MOSTLY:
            return "number"
        if numeric > 0:
            self.findings.append(_mixed(present[numbers[present.index].isna()], numeric))
        return "text" if _is_free_text(present) else "category"

    def _identifier(self, values: Series, notes: ColumnNotes) -> str | None:
        """Why a column only names its row; a column with a declared type never does."""
        present = values.dropna()
        if notes.type is not None or not present.is_unique or len(present) < len(values) / 2:
            return None
        if values.dtype == "str":
            single_words = present.str.fullmatch(r"[!-~]+").all()
            return "looks like an identifier: every value is different" if single_words else None
        low, high = present.min(), present.max()
        consecutive = len(present) == len(values) and high - low == len(values) - 1 and bool((present % 1 == 0).all())
        return "looks like a row number: consecutive whole numbers" if consecutive else None


def _mixed(others: Series, numeric: float) -> Finding:
    message = (
        f"{shown(others.name)}: a category, though {numeric:.0%} of its values are numbers. "
        f"If others mean missing ({listed(others.unique())}), list them as na_values in metadata.json."
    )
    return Finding("mixed", str(others.name), message)


def as_texts(values: Series, column: Column) -> Series:
    """Categories and texts, with 1.0 and 1, true and True alike."""
    return read_texts(values, column).astype("str")


def _useless(values: Series) -> str | None:
    distinct = values.nunique()
    if distinct == 0:
        return "all values are missing"
    return "constant: all values are equal" if distinct == 1 else None


def _number_share(present: Series, numbers: Series) -> float:
    """Share of numbers and dates among the values; infinite ones count. Truth values are categories."""
    if not len(present) or present.str.lower().isin(["true", "false"]).all():
        return 0.0
    truth_values = present.isin(["True", "False"])
    return float(((numbers.notna() & ~truth_values) | _infinite(present)).mean())


def _infinite(values: Series) -> Series:
    import numpy as np

    if values.dtype != "str":
        return values.abs() == np.inf
    return values.str.lower().str.lstrip("+-").isin(["inf", "infinity"])


def _is_free_text(present: Series) -> bool:
    """Many different values, most of several parts (words, a date's day, month and year) or long."""
    if present.nunique() <= max(MIN_DISTINCT_TEXTS, len(present) / 2):
        return False
    several_parts = present.str.contains(r"\w\W+\w").mean() >= 0.5
    return bool(several_parts or present.str.len().mean() > LONG_TEXT)
