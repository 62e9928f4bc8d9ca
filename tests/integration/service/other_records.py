"""The issues of the other GitHub and how they change: events of the timeline, and webhook events with payloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.integration.service.other_shapes import Account, Comment, Issue, Json, RefusedError, Shapes


class Records(Shapes):
    """All issues of one repository. Ids are as large as GitHub's, and different from each other's.

    What a call changes is in `changes` as webhook events with payloads, until `take_changes`.
    """

    def __init__(self, accounts: Iterable[Account], clock: Callable[[], datetime]) -> None:
        super().__init__(accounts)
        self._clock = clock
        self._changes: list[tuple[str, Json]] = []
        self._ids = {
            name: count(first)
            for name, first in (
                ("issue", 3_100_000_001),
                ("comment", 2_900_000_001),
                ("event", 17_000_000_001),
                ("number", 1),
            )
        }

    def now(self) -> str:
        """In whole seconds, as GitHub tells times."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def take_changes(self) -> list[tuple[str, Json]]:
        """What changed since the last time, oldest first."""
        taken, self._changes = self._changes, []
        return taken

    def issue(self, number: int) -> Issue:
        """Raises RefusedError 404."""
        if number not in self.issues:
            raise RefusedError(404, "Not Found")
        return self.issues[number]

    def comment(self, number: int) -> Comment:
        """Raises RefusedError 404."""
        if number not in self.comments:
            raise RefusedError(404, "Not Found")
        return self.comments[number]

    def open(self, who: Account, title: str, body: str | None, labels: Iterable[str]) -> Issue:
        """Opens an issue: events `opened`, and `labeled` for each label."""
        moment = self.now()
        found = Issue(next(self._ids["number"]), next(self._ids["issue"]), title, body, who, moment, moment)
        self.issues[found.number] = found
        self._event(found, who, "subscribed")
        found.labels = list(dict.fromkeys(labels))
        self._tell(who, "opened", found)
        for name in found.labels:
            self._label_event(who, found, "labeled", name)
        return found

    def edit(self, who: Account, found: Issue, title: str | None, body: str | None) -> None:
        """Changes title or body."""
        changes: Json = {}
        if title is not None and title != found.title:
            changes["title"] = {"from": found.title}
            found.title = title
            self._event(found, who, "renamed", rename={"from": changes["title"]["from"], "to": title})
        if body is not None and body != found.body:
            changes["body"] = {"from": found.body}
            found.body = body
        if changes:
            self._touch(found)
            self._tell(who, "edited", found, changes=changes)

    def set_state(self, who: Account, found: Issue, state: str) -> None:
        """Closes or reopens."""
        if state != found.state:
            found.state = state
            self._touch(found)
            action = "closed" if state == "closed" else "reopened"
            self._event(found, who, action, state_reason=None)
            self._tell(who, action, found)

    def add_labels(self, who: Account, found: Issue, names: Iterable[str]) -> None:
        """Labels that the repository does not have are made."""
        for name in names:
            self.labels.setdefault(name, "ededed")
            if name not in found.labels:
                found.labels.append(name)
                self._touch(found)
                self._label_event(who, found, "labeled", name)

    def remove_label(self, who: Account, found: Issue, name: str) -> None:
        """Raises RefusedError 404."""
        if name not in found.labels:
            raise RefusedError(404, "Label does not exist")
        found.labels.remove(name)
        self._touch(found)
        self._label_event(who, found, "unlabeled", name)

    def add_comment(self, who: Account, found: Issue, body: str) -> Comment:
        """A new comment."""
        moment = self.now()
        made = Comment(next(self._ids["comment"]), found.number, who, body, moment, moment)
        self.comments[made.id] = made
        self._touch(found)
        self._event(found, who, "mentioned")
        self._tell_comment(who, "created", made)
        return made

    def edit_comment(self, who: Account, found: Comment, body: str) -> None:
        """Changes a comment; the issue's own time stays."""
        before, found.body, found.updated = found.body, body, self.now()
        self._tell_comment(who, "edited", found, changes={"body": {"from": before}})

    def delete_comment(self, who: Account, found: Comment) -> None:
        """Removes a comment."""
        del self.comments[found.id]
        self._tell_comment(who, "deleted", found)

    def _touch(self, found: Issue) -> None:
        found.updated = self.now()

    def _event(self, found: Issue, who: Account, name: str, **more: Any) -> None:
        number = next(self._ids["event"])
        base = {"id": number, "node_id": f"E_{number}", "url": f"{self.api}/issues/events/{number}", "event": name}
        who_when = {"actor": self.show_user(who), "created_at": self.now(), "commit_id": None, "commit_url": None}
        found.events.append({**base, **who_when, **more})

    def _label_event(self, who: Account, found: Issue, action: str, name: str) -> None:
        self._event(found, who, action, label={"name": name, "color": self.labels.get(name, "ededed")})
        self._tell(who, action, found, label=self.show_label(name))

    def _tell(self, who: Account, action: str, found: Issue, **more: Any) -> None:
        payload = {"action": action, "issue": self.show_issue(found), **more}
        self._changes.append(("issues", {**payload, **self._everywhere(who)}))

    def _tell_comment(self, who: Account, action: str, found: Comment, **more: Any) -> None:
        issue = self.show_issue(self.issues[found.issue])
        payload = {"action": action, "issue": issue, "comment": self.show_comment(found), **more}
        self._changes.append(("issue_comment", {**payload, **self._everywhere(who)}))

    def _everywhere(self, who: Account) -> Json:
        return {"repository": self.show_repository(), "sender": self.show_user(who)}
