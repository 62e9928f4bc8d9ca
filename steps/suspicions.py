"""What in the split or in the labels makes a score say less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator

from algorithms.wording import shown
from steps.baseline import describe_column
from steps.drift import compare
from steps.findings import Finding, counted, listed
from steps.row_hashes import contradictions
from steps.tables import PreparedRows

UNSEEN = 0.05
"""Share of test rows with a category that training did not see, from which on it is told."""
CONTRADICTIONS = 0.01
"""Share of rows that equal another one in every feature and have another class, from which on they are told."""
MOST_SHIFTED = 5
ROWS_TO_COMPARE = 30


def suspicions(prepared: PreparedRows) -> Iterator[Finding]:
    """Findings about the split and the labels."""
    yield from _unseen_categories(prepared)
    if prepared.typed.test is not None:
        yield from _shifted(prepared)
    if prepared.typed.schema.task_type == "classification":
        yield from _contradictions(prepared)


def _unseen_categories(prepared: PreparedRows) -> Iterator[Finding]:
    for column in prepared.typed.schema.columns:
        if column.type != "category":
            continue
        present = prepared.test[column.name].dropna()
        unseen = present[~present.isin(prepared.train[column.name].unique())]
        if len(unseen) > UNSEEN * len(prepared.test):
            values = listed(unseen.unique())
            message = (
                f"{shown(column.name)}: {counted(len(unseen), 'test row')} with a value that training did not see "
                f"({values}). The model knows nothing of it."
            )
            yield Finding("unseen_category", column.name, message)


def _shifted(prepared: PreparedRows) -> Iterator[Finding]:
    """A test file of its own may hold other rows than the training file (see `steps.drift`)."""
    if min(len(prepared.train), len(prepared.test)) < ROWS_TO_COMPARE:
        return
    columns = {column.name: column for column in prepared.typed.schema.columns}
    known = {name: describe_column(prepared.train[name], column.type) for name, column in columns.items()}
    changes = compare(known, {name: prepared.test[name] for name in columns})
    major = [change for change in changes if change.verdict == "major"]
    if major:
        told = "; ".join(f"{shown(change.column)}: {change.told}" for change in major[:MOST_SHIFTED])
        message = f"The test rows differ from the training rows ({told}). The score tells of those test rows alone."
        yield Finding("shift", major[0].column if len(major) == 1 else None, message)


def _contradictions(prepared: PreparedRows) -> Iterator[Finding]:
    schema = prepared.typed.schema
    count = contradictions([prepared.train, prepared.test], schema.names, str(schema.target))
    if count > CONTRADICTIONS * (len(prepared.train) + len(prepared.test)):
        message = (
            f"{counted(count, 'row')} equal to another one in every feature, with another class: "
            "no model can have them all right. Look for wrong labels, or for a feature that is missing."
        )
        yield Finding("contradictions", None, message)
