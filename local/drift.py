"""`mlops drift`: new rows against the rows that a registered model learned from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.errors import DatasetError
from algorithms.schema import Column
from algorithms.wording import bare, shown
from lambda_bridge.inert import code, prose
from local.objects import ObjectStore, ObjectStoreError
from local.registry import Package, Registry
from local.store import Store
from pipelines.markdown import table
from steps.drift import Change, compare
from steps.findings import refuse

if TYPE_CHECKING:
    import pandas as pd

    Series = pd.Series[Any]

MOST_BYTES = 50 * 2**20
"""Of baseline.json."""
LEAST_ROWS = 30
"""Below it no test says much."""
MOST_TOLD = 20
"""Columns that the issue names."""


@dataclass
class Drift:
    """What was found. `changes`: every test, the greatest changes first; `notes`: what could not be compared."""

    model: str
    rows: int
    training_rows: int
    changes: list[Change]
    notes: list[str] = field(default_factory=list)
    issue: str | None = None
    """The address of the issue that was opened."""

    @property
    def drifted(self) -> list[Change]:
        """What changed, and by more than chance explains."""
        return [change for change in self.changes if change.verdict != "stable"]

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return 3 if self.drifted else 0

    def to_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "status": "drift" if self.drifted else "stable",
            "model": self.model,
            "rows": self.rows,
            "training_rows": self.training_rows,
            "changes": [change.to_dict() for change in self.changes],
            "notes": self.notes,
            "issue": self.issue,
        }

    def lines(self) -> Iterator[str]:
        """The result for people."""
        yield from self.notes
        for change in self.drifted:
            yield f"{change.verdict}: {_sentence(change)}"
        columns = len({change.column for change in self.drifted})
        compared = len({change.column for change in self.changes})
        yield f"{self.model}: {columns} of {compared} columns changed, {self.rows} rows against {self.training_rows}"
        if self.issue:
            yield f"opened {self.issue}"


@dataclass(frozen=True)
class Model:
    """A registered version, or a file: what is known of the rows that it learned from."""

    name: str
    baseline: Mapping[str, Any]
    package: Package | None = None


def find_drift(model: str, data: Path, workspace: Path) -> tuple[Drift, Model]:
    """Compares the rows in `data` with those that `model` learned from.

    Parameters
    ----------
    model : the ARN of a version, the name of a model package group (its newest approved version, else its newest), or a
        baseline.json
    data : a CSV or Parquet file, or a folder with a dataset
    workspace : where the version is registered; it is only read

    Raises DatasetError.
    """
    found = _model(model, workspace)
    columns = found.baseline["columns"]
    rows, notes = _rows(data, columns)
    count = len(next(iter(rows.values()))) if rows else 0
    return Drift(found.name, count, found.baseline["rows"], compare(columns, rows), notes), found


def _model(name: str, workspace: Path) -> Model:
    if Path(name).is_file():
        return Model(name, _checked(Path(name).read_bytes()[: MOST_BYTES + 1], name))
    if not (workspace / "mlops.db").is_file():
        raise refuse("model", name, f"{bare(str(workspace))}: is no workspace. Name another with --workspace.")
    package = _package(Registry(Store(workspace / "mlops.db")), name)
    statistics = package.request.get("ModelMetrics", {}).get("ModelDataQuality", {}).get("Statistics")
    if statistics is None:
        raise refuse(
            "model", name, f"{package.arn}: has no statistics of rows. Name a model that learned from a table."
        )
    try:
        content = ObjectStore(workspace / "s3", workspace / "staging").read(statistics["S3Uri"], MOST_BYTES)
    except ObjectStoreError as error:
        raise refuse("model", name, f"{package.arn}: {error} Train it again.") from error
    return Model(package.arn, _checked(content, package.arn), package)


def _package(registry: Registry, name: str) -> Package:
    if name.startswith("arn:"):
        try:
            return registry.package(name)
        except KeyError:
            raise refuse("model", name, f"model: there is no version {bare(name)} in the workspace.") from None
    found = registry.packages(name, "Approved") or registry.packages(name)
    if not found:
        known = ", ".join(group.name for group in registry.groups()) or "none"
        raise refuse("model", name, f"model: there is no file or model package group {bare(name)}. Known are: {known}.")
    return found[0]


def _checked(content: bytes, name: str) -> Mapping[str, Any]:
    """A baseline of this version, as Prepare writes it."""
    try:
        found = json.loads(content)
        numbers = [column for column in found["columns"].values() if column["type"] == "number" and column["count"]]
        if found["schema_version"] == 1 and all(
            len(one["bins"]["edges"]) + 1 == len(one["bins"]["counts"]) for one in numbers
        ):
            return found  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise refuse("model", name, f"{bare(name)}: has no baseline of a table that this version can read. Train it again.")


def _rows(data: Path, columns: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Series], list[str]]:
    """The columns of the model that the data has, in their types; and what is to be said of the others."""
    from steps.column_types import ColumnTyper
    from steps.metadata import Metadata, read_metadata
    from steps.reading import find_training_table, read_raw

    if not data.exists():
        raise refuse("data", str(data), f"{bare(str(data))}: there is no such file or folder.")
    file = find_training_table(data) if data.is_dir() else data
    if file.suffix not in (".csv", ".parquet"):
        raise refuse("data", file.name, f"{bare(file.name)}: must be a .csv or .parquet file. Convert it.")
    raw = read_raw(file, read_metadata(data) if data.is_dir() else Metadata(), LEAST_ROWS)
    missing = [name for name in columns if name not in raw.frame]
    if len(missing) == len(columns):
        raise refuse("data", file.name, f"{bare(file.name)}: has none of the model's columns: {_named(missing)}.")
    typer = ColumnTyper(Metadata(), raw.na_values)
    rows = {
        name: typer.convert(raw.frame[name], Column(name=name, type=known["type"], na_values=raw.na_values.get(name)))
        for name, known in columns.items()
        if name in raw.frame
    }
    notes = [finding.message for finding in typer.findings]
    if missing:
        notes.insert(0, f"not in the data: {_named(missing)}")
    return rows, notes


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(map(shown, names[:MOST_TOLD])) + more


def _sentence(change: Change) -> str:
    index = "" if change.test == "missing" else f", stability index {change.size:.2f}"
    return f"{shown(change.column)}: {change.told}{index}, p = {change.p_value:.2g}"


def open_issue(repository: str, drift: Drift, model: Model) -> str:
    """Opens the issue of `issue_of` and answers its address. Raises RequestError, SettingError, PlatformError."""
    from lambda_bridge.github_client import connect, refusals
    from local.environment import api_url, credentials

    title, body = issue_of(drift, model)
    github = connect(credentials().auth, api_url(), repository)
    with refusals():
        return github.create_issue(title, body).html_url


def issue_of(drift: Drift, model: Model) -> tuple[str, str]:
    """Title and body of an issue that would train the model anew. It starts nothing until somebody labels it.

    Names of columns and values are strangers': they stand in it as data.
    """
    if model.package is None:
        raise DatasetError.of("model", model.name, "--open: needs a registered version, got a file. Name its ARN.")
    told = model.package.request["CustomerMetadataProperties"]
    kind = model.package.group_name.partition("-")[0]
    request = f"learning_type: {kind}\nalgorithm: {told['algorithm']}\ndataset_id: {told['dataset_id']}"
    changes = [
        [code(change.column), change.verdict, prose(change.told), f"{change.size:.2f}", f"{change.p_value:.2g}"]
        for change in drift.drifted[:MOST_TOLD]
    ]
    head = ["column", "change", "before and now", "size", "p"]
    advice = (
        f"{drift.rows} new rows differ from the {drift.training_rows} that {code(drift.model)} learned from. "
        "Add the new rows to the dataset, or name another one, and apply the label `mlops:train`. "
        "Nothing runs before that."
    )
    body = "\n\n".join((f"```yaml\n{request}\n```", advice, table(head, changes)))
    return f"[MLOps] Train {told['algorithm']} on {told['dataset_id']} anew: the data changed", body
