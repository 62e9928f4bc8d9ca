"""The model registry: groups, and in each one numbered versions with an approval status. Versions are never deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from local.arns import NAME, group_and_version, package_arn
from local.store import Store, now, to_moment, to_text

Approval = Literal["PendingManualApproval", "Approved", "Rejected"]
MAX_GROUP_NAME = 63


class RegistryError(Exception):
    """A request that the registry refuses."""


@dataclass(frozen=True)
class Group:
    """A model package group."""

    name: str
    description: str | None
    created: datetime


@dataclass(frozen=True)
class Package:
    """One version in a group; `request` is the CreateModelPackage request it was made with."""

    group_name: str
    version: int
    request: dict[str, Any]
    approval: Approval
    approval_description: str | None
    created: datetime
    modified: datetime

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return package_arn(self.group_name, self.version)


class Registry:
    """The tables `model_package_groups` and `model_packages`."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def create_group(self, name: str, description: str | None = None) -> None:
        """Makes a group. Raises RegistryError: the name is not legal, or is taken."""
        with self._store.transaction() as db:
            if not self._insert_group(db, name, description):
                raise RegistryError(f"ModelPackageGroupName: there is already a group {name!r}.")

    def group(self, name: str) -> Group:
        """A group by its name. Raises KeyError."""
        row = self._store.row("SELECT * FROM model_package_groups WHERE name = ?", name)
        if row is None:
            raise KeyError(name)
        return Group(row["name"], row["description"], to_moment(row["created"]))

    def groups(self) -> list[Group]:
        """Every group, newest first."""
        rows = self._store.rows("SELECT * FROM model_package_groups ORDER BY created DESC, rowid DESC")
        return [Group(row["name"], row["description"], to_moment(row["created"])) for row in rows]

    def register(self, request: Mapping[str, Any], token: str | None = None, make_group: bool = False) -> str:
        """Adds the next version to a group, all of it in one transaction. The same token answers the same version.

        Returns the ARN. Raises RegistryError: no such group, or an unknown approval status.
        """
        name = request.get("ModelPackageGroupName", "")
        approval = request.get("ModelApprovalStatus", "PendingManualApproval")
        _check_approval(approval)
        with self._store.transaction() as db:
            row = db.execute("SELECT * FROM model_packages WHERE token = ?", (token,)).fetchone()
            if row is None:
                self._find_or_make_group(db, name, make_group)
                row = self._insert_package(db, name, request, approval, token)
        return package_arn(row["group_name"], row["version"])

    def package(self, arn: str) -> Package:
        """A version by its ARN. Raises KeyError."""
        found = group_and_version(arn)
        query = "SELECT * FROM model_packages WHERE group_name = ? AND version = ?"
        row = None if found is None else self._store.row(query, *found)
        if row is None:
            raise KeyError(arn)
        return _package(row)

    def packages(self, group: str | None = None, approval: str | None = None) -> list[Package]:
        """Versions, newest first; of one group, of one approval status."""
        rows = self._store.rows(
            "SELECT * FROM model_packages WHERE group_name = coalesce(?, group_name) "
            "AND approval = coalesce(?, approval) ORDER BY created DESC, version DESC",
            *(group, approval),
        )
        return [_package(row) for row in rows]

    def set_approval(self, arn: str, approval: str, description: str | None) -> None:
        """Approves or rejects a version. Raises KeyError, RegistryError."""
        _check_approval(approval)
        package = self.package(arn)
        with self._store.transaction() as db:
            db.execute(
                "UPDATE model_packages SET approval = ?, approval_description = ?, modified = ? "
                "WHERE group_name = ? AND version = ?",
                (approval, description, to_text(self._clock()), package.group_name, package.version),
            )

    def _find_or_make_group(self, db: sqlite3.Connection, name: str, make: bool) -> None:
        if make:
            self._insert_group(db, name, None)
        elif db.execute("SELECT 1 FROM model_package_groups WHERE name = ?", (name,)).fetchone() is None:
            raise RegistryError(f"ModelPackageGroupName: there is no group {name!r}.")

    def _insert_group(self, db: sqlite3.Connection, name: str, description: str | None) -> bool:
        if len(name) > MAX_GROUP_NAME or not NAME.fullmatch(name):
            raise RegistryError(
                f"ModelPackageGroupName: must be at most {MAX_GROUP_NAME} letters, digits, inner hyphens, got {name!r}."
            )
        query = "INSERT OR IGNORE INTO model_package_groups VALUES (?, ?, ?)"
        return db.execute(query, (name, description, to_text(self._clock()))).rowcount > 0

    def _insert_package(
        self, db: sqlite3.Connection, group: str, request: Mapping[str, Any], approval: str, token: str | None
    ) -> Any:
        moment = to_text(self._clock())
        return db.execute(
            "INSERT INTO model_packages (group_name, version, request, approval, created, modified, token) "
            "SELECT ?1, 1 + coalesce(max(version), 0), ?2, ?3, ?4, ?4, ?5 FROM model_packages "
            "WHERE group_name = ?1 RETURNING *",
            (group, json.dumps(request), approval, moment, token),
        ).fetchone()


def _check_approval(approval: str) -> None:
    if approval not in get_args(Approval):
        raise RegistryError(f"ModelApprovalStatus: must be one of {', '.join(get_args(Approval))}, got {approval!r}.")


def _package(row: sqlite3.Row) -> Package:
    fields = {key: row[key] for key in row.keys() if key != "token"}  # noqa: SIM118 (a Row iterates over values)
    fields |= {"request": json.loads(row["request"])}
    return Package(**fields | {key: to_moment(row[key]) for key in ("created", "modified")})
