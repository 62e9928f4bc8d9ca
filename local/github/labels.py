"""Labels of the repository and of issues: writing, in a transaction that is open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from local.github.problems import invalid

LONGEST_NAME = 50
LONGEST_DESCRIPTION = 100
COLOUR = "ededed"
"""Of a label that was made by using it."""


def check_name(name: str) -> str:
    """Raises GitHubError 422 for a name that GitHub does not take."""
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > LONGEST_NAME:
        raise invalid("Label", "name", "custom", f"name is too long (maximum is {LONGEST_NAME} characters)")
    return name.strip()


def ensure(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The label of that name in any case of letters; made where it is missing."""
    db.execute(
        "INSERT INTO github_labels (name, color) VALUES (?, ?) ON CONFLICT DO NOTHING", (check_name(name), COLOUR)
    )
    found: sqlite3.Row = db.execute("SELECT * FROM github_labels WHERE name = ?", (name.strip(),)).fetchone()
    return found


def create(db: sqlite3.Connection, name: str, color: str, description: str | None) -> sqlite3.Row:
    """A new label. Raises GitHubError 422."""
    _check(color, description)
    query = "INSERT INTO github_labels (name, color, description) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    if db.execute(query, (check_name(name), color, description)).rowcount == 0:
        raise invalid("Label", "name", "already_exists")
    return ensure(db, name)


def edit(db: sqlite3.Connection, label: int, name: str, color: str, description: str | None) -> sqlite3.Row:
    """Changes a label; it stays on its issues. Raises GitHubError 422."""
    _check(color, description)
    try:
        query = "UPDATE github_labels SET name = ?, color = ?, description = ? WHERE id = ?"
        db.execute(query, (check_name(name), color, description, label))
    except sqlite3.IntegrityError as error:
        raise invalid("Label", "name", "already_exists") from error
    return ensure(db, name)


def _check(color: str, description: str | None) -> None:
    if len(color) != 6 or set(color.lower()) - set("0123456789abcdef"):
        raise invalid("Label", "color", "invalid")
    if len(description or "") > LONGEST_DESCRIPTION:
        text = f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        raise invalid("Label", "description", "custom", text)


def put_on(db: sqlite3.Connection, issue: int, names: Iterable[str]) -> list[sqlite3.Row]:
    """Puts labels on an issue. Answers those that were not there."""
    labels = [ensure(db, name) for name in names]
    query = "INSERT INTO github_issue_labels (issue, label) VALUES (?, ?) ON CONFLICT DO NOTHING"
    return [label for label in labels if db.execute(query, (issue, label["id"])).rowcount]


def take_off(db: sqlite3.Connection, issue: int, labels: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
    """Takes labels off an issue. Answers those that were there."""
    query = "DELETE FROM github_issue_labels WHERE issue = ? AND label = ?"
    return [label for label in labels if db.execute(query, (issue, label["id"])).rowcount]
