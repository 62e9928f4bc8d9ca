"""From the files of a dataset to typed training and test rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.errors import Problem
from algorithms.metrics import LEARNING_TYPE_OF, TaskType
from algorithms.schema import Column, TableSchema
from algorithms.wording import shown
from steps.column_types import ColumnTyper, TypedColumn
from steps.findings import Finding, Problems, counted, listed, refuse
from steps.metadata import Metadata, read_metadata
from steps.reading import MIN_ROWS, RawTable, find_table, find_training_table, read_raw
from steps.row_hashes import repeated_rows
from steps.splitting import split_rows
from steps.target import (
    TargetChoice,
    check_declared_columns,
    check_sensitive,
    choose_target,
    read_target,
    read_test_target,
)

if TYPE_CHECKING:
    import pandas as pd

    Frame = pd.DataFrame


@dataclass(frozen=True)
class Options:
    """What the request says about a table."""

    task_type: TaskType
    target: str = ""
    duplicates: str = "keep"
    seed: int = 0
    sensitive: tuple[str, ...] = ()
    """Columns whose groups are told apart by Evaluate."""

    @property
    def supervised(self) -> bool:
        """Whether there is a target to learn."""
        return LEARNING_TYPE_OF[self.task_type] == "supervised"


@dataclass(frozen=True)
class Dataset:
    """The files of a dataset as they were read."""

    metadata: Metadata
    train: RawTable
    test: RawTable | None


@dataclass(frozen=True)
class TypedRows:
    """Typed rows: the features and, last, the target. `test` is None where the file holds no test rows of its own."""

    schema: TableSchema
    target: TargetChoice | None
    train: Frame
    test: Frame | None
    findings: list[Finding]
    repeated: pd.Series[bool]
    """For each row of the training file: whether it repeats an earlier one in every column, left-out ones too."""
    without_target: int = 0
    """Rows that were left out since they have no target."""


@dataclass(frozen=True)
class PreparedRows:
    """Training and test rows, ready to be written."""

    typed: TypedRows
    train: Frame
    test: Frame
    duplicates: int
    """Rows of the training file that repeat an earlier one exactly."""


def read_dataset(folder: Path) -> Dataset:
    """Reads every file of a dataset. Raises DatasetError with the problems of all of them."""
    problems, metadata = Problems(), Metadata()
    train = test = None
    with problems.collect():
        metadata = read_metadata(folder)
    with problems.collect():
        train = read_raw(find_training_table(folder), metadata, MIN_ROWS)
    with problems.collect():
        path = find_table(folder, "test")
        test = read_raw(path, metadata, 1) if path else None
    problems.stop()
    assert train is not None  # noqa: S101  (a table that is missing is a problem)
    return Dataset(metadata, train, test)


def type_rows(dataset: Dataset, options: Options) -> TypedRows:
    """Types the columns and reads the target. Raises DatasetError with the problems of all columns."""
    problems, frame = Problems(), dataset.train.frame
    names = [str(name) for name in frame.columns]
    check_declared_columns(dataset.metadata, names, problems)
    choice = target = None
    findings: list[Finding] = []
    with problems.collect():
        choice = _target(dataset.metadata, options, names)
    typer = ColumnTyper(dataset.metadata, dataset.train.na_values)
    typed = [typer.type(frame[name]) for name in names if choice is None or name != choice.name]
    problems.found += typer.problems
    with problems.collect():
        if choice is not None and options.supervised:
            target, findings = read_target(frame[choice.name], _target_column(dataset, choice), options.task_type)
    problems.stop()
    features, left_out, kept = _features(typed)
    schema = _schema(options, choice, target, features, left_out)
    check_sensitive(options.sensitive, schema)
    found = [*typer.findings, *findings, *kept]
    rows = TypedRows(
        schema, choice, _frame(features, target), None, found, repeated_rows(frame, dataset.train.texts_of)
    )
    if dataset.test is not None:
        rows = _with_test(rows, dataset.metadata, dataset.test, target)
    return _with_targets(rows) if options.supervised else rows


def _target(metadata: Metadata, options: Options, names: list[str]) -> TargetChoice | None:
    """Unsupervised learning has no target; the column that metadata.json names is kept away from it."""
    if options.supervised or metadata.target is not None:
        return choose_target(options.target, metadata, names)
    return None


def _target_column(dataset: Dataset, choice: TargetChoice) -> Column:
    kind = dataset.metadata.notes(choice.name).type or "number"
    return Column(name=choice.name, type=kind, na_values=dataset.train.na_values.get(choice.name))


def _features(typed: list[TypedColumn]) -> tuple[list[TypedColumn], dict[str, str], list[Finding]]:
    """The feature columns, those left out with the reason, and findings.

    Columns that look like row numbers are features after all where there are no others.
    """
    features = [column for column in typed if column.left_out is None]
    findings: list[Finding] = []
    if not features:
        features = [replace(column, left_out=None) for column in typed if "row number" in (column.left_out or "")]
        findings = [_only_row_numbers(features)] if features else []
    names = {column.column.name for column in features}
    left_out = {column.column.name: column.left_out for column in typed if column.column.name not in names}
    if not features:
        named = ", ".join(f"{shown(name)} ({reason})" for name, reason in list(left_out.items())[:3])
        raise refuse(
            "dataset", None, f"dataset: has no column to learn from, got {named or 'the target alone'}. Add some."
        )
    return features, {name: reason or "" for name, reason in left_out.items()}, findings


def _only_row_numbers(features: list[TypedColumn]) -> Finding:
    named = listed(column.column.name for column in features)
    return Finding("identifier", None, f"Looks like row numbers, but there are no other features: {named}.")


def _schema(
    options: Options,
    choice: TargetChoice | None,
    target: pd.Series[Any] | None,
    features: list[TypedColumn],
    left_out: dict[str, str],
) -> TableSchema:
    classes = None
    if target is not None and options.task_type == "classification":
        classes = sorted(target.dropna().unique().tolist())
    return TableSchema(
        task_type=options.task_type,
        columns=[feature.column for feature in features],
        target=choice.name if choice else None,
        classes=classes,
        left_out=left_out,
    )


def _frame(features: list[TypedColumn], target: pd.Series[Any] | None) -> Frame:
    import pandas as pd

    columns = {feature.column.name: feature.values for feature in features}
    return pd.DataFrame(columns if target is None else {**columns, str(target.name): target}, copy=False)


def _with_test(rows: TypedRows, metadata: Metadata, raw: RawTable, target: pd.Series[Any] | None) -> TypedRows:
    """Adds test rows in the types of the training rows. Raises DatasetError for columns that are missing."""
    needed = [*rows.schema.names, *([] if target is None else [str(target.name)])]
    missing = [name for name in needed if name not in raw.frame]
    if missing:
        message = (
            f"{raw.name}: must have the columns of the training table, got none named {listed(missing)}. Add them."
        )
        raise refuse(raw.name, missing[0], message)
    problems, typer, y = Problems(), ColumnTyper(metadata, raw.na_values), None
    features = [TypedColumn(column, typer.convert(raw.frame[column.name], column)) for column in rows.schema.columns]
    problems.found += typer.problems
    with problems.collect():
        if target is not None:
            column = Column(name=str(target.name), type="category", na_values=raw.na_values.get(str(target.name)))
            y = read_test_target(raw.frame[target.name], column, target)
    problems.stop()
    findings = [replace(found, message=f"Test rows: {found.message}") for found in typer.findings]
    return replace(rows, test=_frame(features, y), findings=[*rows.findings, *findings])


def _with_targets(rows: TypedRows) -> TypedRows:
    """Leaves out the rows without a target, in the training and the test file."""
    name = str(rows.schema.target)
    train = rows.train.dropna(subset=[name])
    test = None if rows.test is None else rows.test.dropna(subset=[name])
    missing = _count(rows.train, rows.test) - _count(train, test)
    if not missing:
        return rows
    message = f"{counted(missing, 'row')} without a value in the target {shown(name)} left out."
    findings = [*rows.findings, Finding("missing_target", name, message)]
    return replace(rows, train=train, test=test, findings=findings, without_target=missing)


def _count(train: Frame, test: Frame | None) -> int:
    return len(train) + (0 if test is None else len(test))


def split(typed: TypedRows, options: Options) -> PreparedRows:
    """Training and test rows. Exact duplicates are dropped before the split, and only if the request says so.

    Raises DatasetError where too few rows are left.
    """
    repeated = typed.repeated[typed.train.index]
    train = typed.train[~repeated] if options.duplicates == "drop" else typed.train
    _check_left(train, typed)
    classes = train[typed.schema.target] if options.task_type == "classification" else None
    if typed.test is not None:
        rows, test = train, typed.test
    else:
        numbers, others, found = split_rows(len(train), options.seed, classes)
        rows, test = train.iloc[numbers], train.iloc[others]
        typed = replace(typed, findings=[*typed.findings, *found])
    typed = replace(typed, train=typed.train.iloc[:0], repeated=repeated.iloc[:0])  # not in memory twice
    return PreparedRows(typed, _plain(rows), _plain(test), int(repeated.sum()))


def _check_left(train: Frame, typed: TypedRows) -> None:
    problems = Problems()
    if len(train) < MIN_ROWS:
        message = f"dataset: at least {MIN_ROWS} rows are needed, got {len(train)} that can be used. Add rows."
        problems.found.append(Problem("dataset", len(train), message))
    if typed.test is not None and typed.test.empty:
        problems.found.append(Problem("test", 0, "test rows: at least 1 is needed, got none with a target. Add rows."))
    problems.stop()


def _plain(rows: Frame) -> Frame:
    """Rows numbered from 0; whole numbers without a missing value as int64."""
    whole = {name: "int64" for name, kind in rows.dtypes.items() if kind == "Int64"}
    return rows.reset_index(drop=True).astype(whole)


def load_table(path: Path, schema: TableSchema) -> Table:
    """The rows of a prepared table as Train and Evaluate take them."""
    import pandas as pd

    frame = pd.read_parquet(path)
    has_target = schema.target is not None and schema.target in frame
    return Table(frame[schema.names], frame[schema.target] if has_target else None, schema)
