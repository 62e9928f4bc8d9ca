"""What the board shows of the model registry: groups, versions with their figures, decisions, comparisons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambda_bridge.review_record import FOLDER
from lambda_bridge.review_texts import number_of
from lambda_bridge.runs import Attempt, Run
from lambda_bridge.sentences import inline, number, primary_of
from local.registry import Package, Registry
from local.store import Store
from local.web.board.files import HISTORY, Files

OF_PACKAGE = """
SELECT r.document FROM run_records r, json_each(r.document, '$.attempts') a
WHERE r.group_name = ?1 AND a.value ->> '$.model_package_arn' IS NOT NULL GROUP BY r.issue
"""


@dataclass(frozen=True)
class GroupLine:
    """A model package group."""

    name: str
    versions: int
    live: int | None


@dataclass(frozen=True)
class Version:
    """A version with where it comes from."""

    number: int
    arn: str
    approval: str
    told: str
    created: str
    live: bool
    issue: int | None
    attempt: Attempt | None

    @property
    def score(self) -> str:
        """Its primary metric."""
        return primary_of(self.attempt) if self.attempt else ""


def list_groups(registry: Registry) -> list[GroupLine]:
    """Every group, newest first."""
    return [_group(group.name, registry.packages(group.name)) for group in registry.groups()]


def _group(name: str, packages: Sequence[Package]) -> GroupLine:
    return GroupLine(name, len(packages), _live(packages))


def _live(packages: Sequence[Package]) -> int | None:
    return next((package.version for package in packages if package.approval == "Approved"), None)


def list_versions(registry: Registry, store: Store, group: str) -> list[Version]:
    """The versions of a group, newest first; none where there is no such group."""
    packages = registry.packages(group)
    runs = [Run.from_json(row["document"]) for row in store.rows(OF_PACKAGE, group)]
    made = {attempt.model_package_arn: (run.issue, attempt) for run in runs for attempt in run.attempts}
    live = _live(packages)
    return [
        Version(
            package.version,
            package.arn,
            package.approval,
            package.approval_description or "",
            package.created.isoformat(timespec="seconds"),
            package.version == live,
            *made.get(package.arn, (None, None)),
        )
        for package in packages
    ]


def decisions(files: Files, group: str) -> list[dict[str, Any]]:
    """What was decided, newest first: with the version that was the live one from then on."""
    start = FOLDER.removeprefix(f"{HISTORY}/")
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files.folder(f"{start}/{group}")]
    return [{**one, "live": number_of(one["live"]) if one["live"] else None} for one in reversed(found)]


def compare(one: Version, other: Version) -> list[tuple[str, str, str]]:
    """Metrics and hyperparameters of two versions beside each other: name, and the two values."""
    left, right = _figures(one), _figures(other)
    return [(name, left.get(name, ""), right.get(name, "")) for name in {**left, **right}]


def _figures(version: Version) -> dict[str, str]:
    attempt = version.attempt
    if attempt is None:
        return {}
    metrics = {name: value for name, value in attempt.metrics.items() if name != "primary"}
    shown = {name: number(value) for name, value in metrics.items() if value is None or isinstance(value, int | float)}
    return {**shown, **{name: inline(value) for name, value in attempt.values.items()}}
