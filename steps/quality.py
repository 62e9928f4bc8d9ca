"""quality.json: what a person should know about the data before trusting a model of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algorithms.schema import TableSchema
from algorithms.wording import shown
from steps.baseline import shortened
from steps.column_types import FIRST
from steps.findings import Finding, counted, listed, to_report
from steps.row_hashes import row_hashes
from steps.side_by_side import each
from steps.suspicions import suspicions
from steps.tables import Options, PreparedRows
from steps.texts import count_values, is_text

if TYPE_CHECKING:
    import pandas as pd

    Frame = pd.DataFrame
    Series = pd.Series[Any]

MOST_COLUMNS = 200
"""Columns, or classes, that one table of the report holds."""
MANY_MISSING = 0.5
RARE_CLASS = 0.05
COMMON_CLASS = 0.9
"""Share of one class from which on accuracy says little."""
SAME = 0.999
"""Correlation with the target from which on a feature is a leakage suspect."""


class AllRows:
    """The columns of training and test rows together, one at a time: a large table is not held twice."""

    def __init__(self, *parts: Frame) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __contains__(self, name: object) -> bool:
        return name in self.parts[0]

    def __getitem__(self, name: str) -> Series:
        import pandas as pd

        return pd.concat([part[name] for part in self.parts], ignore_index=True)


def quality_report(prepared: PreparedRows, options: Options, digest: str) -> dict[str, Any]:
    """The report on a table's training and test rows. Strict JSON, bounded in size."""
    schema, typed, rows = prepared.typed.schema, prepared.typed, AllRows(prepared.train, prepared.test)
    across = _across(prepared)
    missing = {name: count for name in schema.names if (count := int(rows[name].isna().sum()))}
    suspects = leakage_suspects(rows, schema)
    classes = _class_counts(rows, schema)
    findings = [
        *_header(schema),
        *_left_out(schema),
        *_unseen_classes(prepared),
        *_leakage(suspects),
        *_duplicates(prepared, across, options),
        *_missing(missing, len(rows)),
        *_imbalance(classes, len(rows)),
        *suspicions(prepared),
        *typed.findings,
    ]
    return {
        "schema_version": 1,
        "digest": digest,
        "task_type": schema.task_type,
        "target": {"name": typed.target.name, "why": typed.target.why} if typed.target else None,
        "rows": _rows(prepared, options),
        "features": {kind: sum(c.type == kind for c in schema.columns) for kind in ("number", "category", "text")},
        "left_out": _capped(schema.left_out),
        "duplicates": {"rows": prepared.duplicates, "in_train_and_test": across, "policy": options.duplicates},
        "missing": _capped(missing),
        "outliers": _capped(_outliers(rows, schema)),
        "class_balance": _capped(classes) if classes else None,
        "leakage_suspects": suspects[:MOST_COLUMNS],
        "findings": to_report(findings),
    }


def _rows(prepared: PreparedRows, options: Options) -> dict[str, int]:
    used = {"train": len(prepared.train), "test": len(prepared.test)}
    dropped = {"without_target": prepared.typed.without_target, "duplicates_dropped": 0}
    if options.duplicates == "drop":
        dropped["duplicates_dropped"] = prepared.duplicates
    return {"read": sum(used.values()) + sum(dropped.values()), **used, **dropped}


def _capped(table: Mapping[str, Any]) -> dict[str, Any]:
    return dict(list(table.items())[:MOST_COLUMNS])


def _across(prepared: PreparedRows) -> int:
    """Test rows that are among the training rows too."""
    import pandas as pd

    return int(pd.Series(row_hashes(prepared.test)).isin(row_hashes(prepared.train)).sum())


def _outliers(rows: AllRows, schema: TableSchema) -> dict[str, int]:
    """Values more than 1.5 interquartile ranges beyond the quartiles (Tukey 1977), per column that has some."""
    numbers = [column.name for column in schema.columns if column.type == "number"]
    counts = each(lambda name: _beyond(rows[name]), numbers, len(rows))
    return {name: count for name, count in zip(numbers, counts, strict=True) if count}


def _beyond(numbers: Series) -> int:
    low, high = numbers.quantile([0.25, 0.75])
    margin = 1.5 * (high - low)
    return int(((numbers < low - margin) | (numbers > high + margin)).sum())


def _class_counts(rows: AllRows, schema: TableSchema) -> dict[str, int]:
    if schema.task_type != "classification":
        return {}
    return {shortened(label): int(count) for label, count in count_values(rows[str(schema.target)]).items()}


def leakage_suspects(rows: Frame | AllRows, schema: TableSchema) -> list[str]:
    """Features that give the target away: they equal it, map to it one to one, or correlate above 0.999 with it."""
    if schema.target not in rows:
        return []
    target = rows[str(schema.target)]
    tells = _correlates if schema.task_type == "regression" else _maps_one_to_one
    found = each(lambda name: tells(rows[name], target), schema.names, len(target))
    return [name for name, told in zip(schema.names, found, strict=True) if told]


def _correlates(feature: Series, target: Series) -> bool:
    if is_text(feature) or feature.nunique() < 2:
        return False
    return bool(abs(feature.corr(target)) > SAME)


def _maps_one_to_one(feature: Series, target: Series) -> bool:
    import pandas as pd

    if feature.head(FIRST).nunique() > target.nunique():
        return False
    present = feature.notna()
    classes = target[present].nunique()
    if classes < 2 or feature.nunique() != classes:
        return False
    return len(pd.DataFrame({"feature": feature[present], "target": target[present]}).drop_duplicates()) == classes


def _header(schema: TableSchema) -> list[Finding]:
    """A first line of data is easily taken for the header."""
    numbers = [name for name in (*schema.names, *schema.left_out) if re.fullmatch(r"[+-]?\d+\.\d+", name)]
    if not numbers:
        return []
    message = f"Column names that are numbers: {listed(numbers)}. Is the line of column names missing?"
    return [Finding("header", numbers[0], message)]


def _unseen_classes(prepared: PreparedRows) -> list[Finding]:
    target = prepared.typed.schema.target
    if prepared.typed.schema.classes is None:
        return []
    unseen = sorted(set(prepared.test[target].unique()) - set(prepared.train[target].unique()))
    if not unseen:
        return []
    message = f"Classes of test rows that training did not see, so every such row counts as wrong: {listed(unseen)}."
    return [Finding("unseen_class", target, message)]


def _left_out(schema: TableSchema) -> list[Finding]:
    reasons: dict[str, list[str]] = {}
    for name, reason in schema.left_out.items():
        reasons.setdefault(reason, []).append(name)
    return [Finding("left_out", None, f"Left out, {why}: {listed(names)}.") for why, names in reasons.items()]


def _leakage(suspects: list[str]) -> list[Finding]:
    if not suspects:
        return []
    message = f"May give the target away: {listed(suspects)}. If so, name it under drop_columns."
    return [Finding("leakage", suspects[0] if len(suspects) == 1 else None, message)]


def _duplicates(prepared: PreparedRows, across: int, options: Options) -> list[Finding]:
    findings = []
    if prepared.duplicates:
        what = "dropped" if options.duplicates == "drop" else "kept; `duplicates: drop` leaves them out"
        rows = counted(prepared.duplicates, "row")
        message = f"{rows} equal to an earlier one in every column, left-out columns too: {what}."
        findings.append(Finding("duplicates", None, message))
    if across:
        message = f"{counted(across, 'test row')} also among the training rows; the score may look too good."
        findings.append(Finding("duplicates", None, message))
    return findings


def _missing(missing: Mapping[str, int], rows: int) -> list[Finding]:
    many = [name for name, count in missing.items() if count > MANY_MISSING * rows]
    return [Finding("missing", None, f"More than half of the values are missing: {listed(many)}.")] if many else []


def _imbalance(classes: Mapping[str, int], rows: int) -> list[Finding]:
    rare = [
        f"{shown(label)} ({counted(count, 'row')})" for label, count in classes.items() if count < RARE_CLASS * rows
    ]
    if not rare or len(classes) > 1 / RARE_CLASS:
        return []
    share = max(classes.values()) / rows
    easy = f" Who always answers {shown(max(classes, key=lambda name: classes[name]))} has an accuracy of {share:.1%}."
    advice = f"Look at recall and f1 too.{easy if share >= COMMON_CLASS else ''}"
    return [Finding("class_balance", None, f"Rare classes: {', '.join(rare[:5])}. {advice}")]
