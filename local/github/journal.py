"""What a change leaves behind, in its transaction: timeline events and webhook deliveries."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from local.github.shapes import Shapes
from local.github.users import User
from local.github.webhooks import Outbox


class Journal:
    """Writes for one change. `at`: the moment of the change, as it is stored."""

    def __init__(self, db: sqlite3.Connection, shapes: Shapes, outbox: Outbox, sender: User, at: str) -> None:
        self.db = db
        self._shapes = shapes
        self._outbox = outbox
        self._sender = shapes.records.user(sender.name)
        self.at = at

    @property
    def actor(self) -> int:
        """The id of the account that makes the change."""
        return int(self._sender["id"])

    def happened(self, issue: int, event: str, details: dict[str, Any] | None = None) -> None:
        """Adds an event to the timeline."""
        self.db.execute(
            "INSERT INTO github_events (issue, event, actor, details, created) VALUES (?, ?, ?, ?, ?)",
            (issue, event, self.actor, json.dumps(details or {}), self.at),
        )

    def touch(self, issue: int) -> None:
        """The issue changed now: itself, its labels or its comments."""
        self.db.execute("UPDATE github_issues SET updated = ? WHERE number = ?", (self.at, issue))

    def issues(self, action: str, issue: int, **more: Any) -> None:
        """A delivery of `issues`; the issue stands in it as it is now."""
        self._deliver("issues", {"action": action, "issue": self._shapes.issue(issue), **more})

    def labels(self, action: str, issue: int, labels: list[sqlite3.Row]) -> None:
        """Events and deliveries of labels that were put on (`labeled`) or taken off (`unlabeled`)."""
        for label in labels:
            self.happened(issue, action, {"label": {"name": label["name"], "color": label["color"]}})
        for label in labels:
            self.issues(action, issue, label=self._shapes.label(label))

    def comment(self, action: str, comment: int, **more: Any) -> None:
        """A delivery of `issue_comment`."""
        shown = self._shapes.comment(self._shapes.records.comment(comment))
        issue = self._shapes.issue(int(shown["issue_url"].rpartition("/")[2]))
        self._deliver("issue_comment", {"action": action, "issue": issue, "comment": shown, **more})

    def _deliver(self, event: str, payload: dict[str, Any]) -> None:
        about = {"repository": self._shapes.repository(), "sender": self._shapes.user(self._sender)}
        self._outbox.add(self.db, event, payload | about, self.at)
