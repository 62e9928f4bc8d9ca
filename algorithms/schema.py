"""The shape of a table: which columns are features, of which type, and what is predicted. Light: pydantic only."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from algorithms.metrics import TaskType

ColumnType = Literal["number", "category", "text"]


class Column(BaseModel):
    """One feature column. Booleans are categories; dates are numbers (days since 1970-01-01)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: ColumnType
    na_values: list[str] | None = None
    """Texts that mean "missing" in place of pandas' default markers; None: the default markers."""


class TableSchema(BaseModel):
    """Features, target and task of a prepared table. Written by Prepare, kept in the model's manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_type: TaskType
    columns: list[Column]
    target: str | None = None
    classes: list[str] | list[int] | list[bool] | None = None
    """The class labels in sorted order; classification only."""
    left_out: dict[str, str] = {}
    """Columns of the file that are no features, with the reason."""

    @property
    def names(self) -> list[str]:
        """The names of the feature columns, in the file's order."""
        return [column.name for column in self.columns]
