"""Rows of a request into the columns of a table model: by name in any order, or by position as in the training file.

Columns that the model does not use are ignored. A missing column is refused, and so is a text in a number column,
since a guess in its place would look like an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from algorithms.columns import read_numbers, read_texts
from algorithms.schema import Column
from algorithms.wording import did_you_mean, nearest, shown
from steps.findings import counted, listed
from steps.refusals import MOST_TOLD, RefusedError, RowProblem

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

SCALARS = {bool, float, int, str, type(None)}
NUMBERS = {float, int, type(None)}


def by_name(columns: Sequence[Column], names: Sequence[str], rows: list[list[str]]) -> dict[str, list[Any]]:
    """The cells of each column from records with a header line. Raises RefusedError (400)."""
    repeated = sorted({name for name in names if names.count(name) > 1} & {column.name for column in columns})
    if repeated:
        raise RefusedError.of(400, f"header: names {listed(repeated)} more than once. Keep one of each.")
    check_names(columns, names)
    _check_widths(rows, len(names))
    places = {name: place for place, name in enumerate(names)}
    return {column.name: [row[places[column.name]] for row in rows] for column in columns}


def by_position(columns: Sequence[Column], order: Sequence[str], rows: list[Any]) -> dict[str, list[Any]]:
    """The cells of each column from rows without names; `order` are all features. Raises RefusedError (400)."""
    _check_widths(rows, len(order), f" Send the features alone ({listed(order)}), or a header line or objects.")
    places = {name: place for place, name in enumerate(order)}
    return {column.name: [row[places[column.name]] for row in rows] for column in columns}


def from_json(columns: Sequence[Column], order: Sequence[str], rows: list[Any]) -> dict[str, list[Any]]:
    """The cells of each column from JSON values, all objects or all lists. Raises RefusedError (400)."""
    kinds = {type(row) for row in rows}
    if kinds == {list}:
        cells = by_position(columns, order, rows)
    elif kinds <= {dict}:
        _check_keys(columns, rows)
        cells = {column.name: [row[column.name] for row in rows] for column in columns}
    else:
        _refuse_mixture(rows)
    problems = [problem for name, values in cells.items() if (problem := _no_scalar(name, values))]
    if problems:
        raise RefusedError(400, problems)
    return cells


def check_names(columns: Sequence[Column], names: Iterable[str]) -> None:
    """Raises RefusedError (400) with every column that is missing, and the name that may be a misspelling of it."""
    given = set(names)
    missing = [column.name for column in columns if column.name not in given]
    if missing:
        unknown = sorted(given - {column.name for column in columns})
        problems = [RowProblem(_missing(name, unknown), None, name) for name in missing]
        more = f" and {len(missing) - MOST_TOLD} more" if len(missing) > MOST_TOLD else ""
        named = ", ".join(map(shown, missing[:MOST_TOLD])) + more
        advice = "Add what is missing, empty where a value is unknown."
        summary = f"rows: lack {counted(len(missing), 'column')} of the model: {named}. {advice}"
        raise RefusedError(400, problems, summary if len(missing) > 1 else None)


def _missing(name: str, unknown: list[str]) -> str:
    hint = f" {did_you_mean(name, unknown)}" if nearest(name, unknown) else ""
    return f"{shown(name)}: the column is missing from the rows.{hint} Add it, empty where a value is unknown."


def _check_keys(columns: Sequence[Column], rows: list[dict[str, Any]]) -> None:
    check_names(columns, set().union(*rows))
    problems = []
    for column in columns:
        lacking = [number for number, row in enumerate(rows, 1) if column.name not in row]
        if lacking:
            what = f"row {lacking[0]}: has no {shown(column.name)}{_and_more(lacking)}. Send null where it is unknown."
            problems.append(RowProblem(what, lacking[0], column.name))
    if problems:
        raise RefusedError(400, problems)


def _refuse_mixture(rows: list[Any]) -> None:
    kind = dict if isinstance(rows[0], dict) else list
    number, row = next((n, row) for n, row in enumerate(rows, 1) if type(row) is not kind)
    text = f"row {number}: must be an object with the columns' names, or in every row a list, got {shown(row)}."
    raise RefusedError.of(400, f"{text} Send a list of rows, also for one.", number)


def _check_widths(rows: list[list[Any]], width: int, advice: str = "") -> None:
    wrong = [(number, len(row)) for number, row in enumerate(rows, 1) if len(row) != width]
    if wrong:
        number, got = wrong[0]
        message = f"row {number}: must have {counted(width, 'value')}, got {got}{_and_more(wrong)}.{advice}"
        raise RefusedError.of(400, message, number)


def _no_scalar(name: str, values: list[Any]) -> RowProblem | None:
    if {type(value) for value in values} <= SCALARS:
        return None
    number, value = next((n, value) for n, value in enumerate(values, 1) if type(value) not in SCALARS)
    message = f"row {number}, {shown(name)}: must be a number, a text, true, false or null, got {shown(value)}."
    return RowProblem(f"{message} Flatten it.", number, name)


def to_frame(columns: Sequence[Column], cells: dict[str, Any], strays_missing: bool) -> pd.DataFrame:
    """The columns in the types that the model takes. Raises RefusedError (400) for texts in number columns.

    `cells` : column -> its values, a list or a Series
    `strays_missing` : such texts count as missing
    """
    import pandas as pd

    typed, problems = {}, []
    for column in columns:
        values = _series(column, cells[column.name])
        typed[column.name] = read_numbers(values, column) if column.type == "number" else values
        if column.type == "number" and not strays_missing:
            problems += _strays(column, values, typed[column.name])
    if problems:
        raise RefusedError(400, problems)
    return pd.DataFrame(typed)


def _series(column: Column, values: Any) -> Series:
    import pandas as pd

    if not isinstance(values, list):
        series: Series = values
        return series
    kinds = {type(value) for value in values}
    if bool in kinds:  # 1 and true are equal to a hash table
        values = [str(value) if isinstance(value, bool) else value for value in values]
    elif column.type == "number" and kinds <= NUMBERS:
        try:
            return pd.Series(values, dtype="float64")
        except OverflowError:  # an integer beyond 1e308
            pass
    return pd.Series(values, dtype="object")


def _strays(column: Column, values: Series, numbers: Series) -> list[RowProblem]:
    """The values that are neither a number nor missing; infinite ones are among them."""
    if not numbers.isna().any():
        return []
    present = read_texts(values, column).notna()
    strays = [place + 1 for place in (present & numbers.isna()).to_numpy().nonzero()[0]]
    if not strays:
        return []
    value = values.iloc[strays[0] - 1]
    got = shown(value if isinstance(value, str) else str(value))
    message = f"row {strays[0]}, {shown(column.name)}: must be a number, got {got}{_and_more(strays)}."
    return [RowProblem(f"{message} Send null or nothing where it is unknown.", int(strays[0]), column.name)]


def _and_more(found: Sequence[Any]) -> str:
    return f" (and in {counted(len(found) - 1, 'other row')})" if len(found) > 1 else ""
