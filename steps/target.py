"""Chooses the target column, and checks that it suits the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from algorithms.errors import DatasetError
from algorithms.schema import Column, TableSchema
from algorithms.wording import shown
from steps.findings import Finding, Problems, listed, refuse, unknown_column
from steps.metadata import Metadata
from steps.texts import as_texts, is_text, numbers_of

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

USUAL_NAMES = ("target", "label")
FEW_CLASSES = 20
"""Up to so many different whole numbers are classes, however few rows there are."""
ROWS_PER_CLASS = 10
MAX_CLASSES = 1_000
MAX_STRAYS = 0.1


@dataclass(frozen=True)
class TargetChoice:
    """The target column, and why it was chosen."""

    name: str
    why: str


def choose_target(asked_for: str, metadata: Metadata, columns: list[str]) -> TargetChoice:
    """The column to predict. Raises DatasetError for a name that is no column."""
    if asked_for:
        return _existing("target", TargetChoice(asked_for, "the request names it"), columns)
    if metadata.target is not None:
        return _existing("metadata.json: target", TargetChoice(metadata.target, "metadata.json names it"), columns)
    usual = next((name for name in USUAL_NAMES if name in columns), None)
    if usual is not None:
        return TargetChoice(usual, "its name says so")
    return TargetChoice(columns[-1], "it is the last column")


def _existing(key: str, choice: TargetChoice, columns: list[str]) -> TargetChoice:
    if choice.name not in columns:
        raise DatasetError([unknown_column(key, choice.name, columns)])
    return choice


def check_sensitive(sensitive: Sequence[str], schema: TableSchema) -> None:
    """Raises DatasetError for sensitive columns that the table has not, or that Evaluate would not see."""
    problems, key = Problems(), "sensitive_columns"
    for name in sensitive:
        if name == schema.target:
            problems.add(key, name, f"{key}: names the target, got {shown(name)}. Take it out.")
        elif name in schema.left_out:
            why = f"was left out ({schema.left_out[name]}), got {shown(name)}"
            problems.add(key, name, f"{key}: {why}. Name another column.")
        elif name not in schema.names:
            problems.found.append(unknown_column(key, name, schema.names))
    problems.stop()


def read_target(values: Series, column: Column, task_type: str) -> tuple[Series, list[Finding]]:
    """The target as classes or numbers; missing where there is none. Raises DatasetError where it does not suit."""
    present = values.dropna()
    if present.nunique() < 2:
        got = listed(present.unique()) if len(present) else "only missing values"
        message = f"{_name(column)}: needs at least 2 different values, got {got}. Choose another target or add rows."
        raise refuse("target", column.name, message)
    read = _read_numbers if task_type == "regression" else _read_classes
    target, findings = read(values, column)
    return target.rename(column.name), findings


def _name(column: Column) -> str:
    return f"target {shown(column.name)}"


def _read_numbers(values: Series, column: Column) -> tuple[Series, list[Finding]]:
    """Numbers; a few texts among them count as missing. Truth values are no numbers."""
    numbers = numbers_of(values.where(~values.isin(["True", "False", "true", "false"])), column)
    strays = values[values.notna() & numbers.isna()]
    if len(strays) > MAX_STRAYS * values.notna().sum():
        message = (
            f"{_name(column)}: must hold numbers for regression, got {listed(strays.unique())}. "
            f"Correct them, choose another target, or ask for `task_type: classification`."
        )
        raise refuse("target", column.name, message)
    if not len(strays):
        return numbers, []
    message = f"{_name(column)}: values that are no finite numbers count as missing: {listed(strays.unique())}."
    return numbers, [Finding("mixed", column.name, message)]


def _read_classes(values: Series, column: Column) -> tuple[Series, list[Finding]]:
    """Whole numbers where every value is one, else texts."""
    texts = as_texts(values, column)
    numbers = numbers_of(values, column)
    if texts.isin(["True", "False"]).any() or (texts.notna() & numbers.isna()).any():
        _check_texts(texts, column)
        return texts, []
    _check_whole_numbers(numbers, column)
    return numbers.astype("Int64"), []


def _check_texts(texts: Series, column: Column) -> None:
    distinct, rows = texts.nunique(), int(texts.notna().sum())
    if column.type != "category" and distinct > max(FEW_CLASSES, rows / 2):
        message = (
            f"{_name(column)}: almost every row has a class of its own, got {distinct} classes in {rows} rows. "
            f"Choose another target."
        )
        raise refuse("target", column.name, message)
    _check_class_count(distinct, column)


def _check_whole_numbers(numbers: Series, column: Column) -> None:
    """Metadata may declare a target of many whole numbers a category; fractions are never classes."""
    fractions = numbers[numbers % 1 > 0]
    distinct, rows = numbers.nunique(), int(numbers.notna().sum())
    declared = column.type == "category"
    if len(fractions) or (not declared and distinct > max(FEW_CLASSES, rows / ROWS_PER_CLASS)):
        got = (
            f"fractions such as {listed(fractions.unique()[:3])}" if len(fractions) else f"{distinct} different numbers"
        )
        or_declare = "" if len(fractions) else ", or declare the column a category in metadata.json"
        message = f"{_name(column)}: looks continuous, got {got}. Ask for `task_type: regression`{or_declare}."
        raise refuse("target", column.name, message)
    _check_class_count(distinct, column)


def _check_class_count(distinct: int, column: Column) -> None:
    if distinct > MAX_CLASSES:
        message = f"{_name(column)}: at most {MAX_CLASSES} classes are learned, got {distinct}. Group them."
        raise refuse("target", column.name, message)


def read_test_target(values: Series, column: Column, training: Series) -> Series:
    """The test rows' target in the type that the training rows have. Raises DatasetError for texts among numbers."""
    if is_text(training):
        return as_texts(values, column).rename(column.name)
    numbers = numbers_of(values, column)
    strays = values[(values.notna() & numbers.isna()) | (numbers % 1 > 0 if training.dtype == "Int64" else False)]
    if len(strays):
        message = (
            f"test rows: {_name(column)} must hold numbers as in training, got {listed(strays.unique())}. Correct it."
        )
        raise refuse("target", column.name, message)
    return numbers.astype(training.dtype).rename(column.name)


def check_declared_columns(metadata: Metadata, columns: list[str], problems: Problems) -> None:
    """Collects the columns that metadata.json describes and the table does not have."""
    problems.found += [
        unknown_column("metadata.json: columns", name, columns) for name in metadata.columns if name not in columns
    ]
