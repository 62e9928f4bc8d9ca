"""The webhook over real adapters: the local GitHub over loopback, SQLite; only the workflow is counted, not run."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest
from github import Auth

from lambda_bridge.github import GitHubIssues
from lambda_bridge.github_client import connect_threads
from lambda_bridge.ports import Ports
from lambda_bridge.webhook import receive
from local.deliveries import http_event
from local.github import LocalGitHub, Server, User
from local.github.users import BOT, Role
from local.ledger import LocalLedger
from local.run_records import RunRecords
from local.store import Store

SECRET = "s3cret-of-the-webhook"
REPOSITORY = "local/models"
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
"""


@dataclass
class Workflow:
    """Counts; the port's promises are kept: a name is started once, a token takes one answer."""

    started: list[str] = field(default_factory=list)
    answered: list[tuple[str, object]] = field(default_factory=list)
    calls: int = 0

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        self.calls += 1
        if name not in self.started:
            self.started.append(name)

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        return self._answer(token, output)

    def fail(self, token: str, error: str, cause: str) -> bool:
        return self._answer(token, error)

    def state(self, name: str) -> Any:
        return "running" if name in self.started else "missing"

    def _answer(self, token: str, answer: object) -> bool:
        self.calls += 1
        self.answered.append((token, answer))
        return True


class Forbidden:
    """In the place of a port that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"an outward call: {name}")


def closed_ports(**given: Any) -> Ports:
    """Ports of which any use fails the test, but for those that are given."""
    values: dict[str, Any] = {item.name: Forbidden() for item in fields(Ports)}
    return Ports(**{**values, "webhook_secret": lambda: SECRET, **given})


class Scene:
    """A repository with people of every permission, and the bridge behind its webhook."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.store = Store(folder / "mlops.db")
        users = [User(f"{role}-person", role) for role in get_args(Role)]
        self.github = LocalGitHub(self.store, folder / "github", SECRET, users=users, clock=lambda: self.now)
        self.server = Server.start(self.github)
        self.workflow = Workflow()
        auth = Auth.Token(self.github.token_of(BOT))
        self.issues: Any = GitHubIssues(connect_threads(auth, self.server.url, REPOSITORY), lambda: BOT)
        self.ports = closed_ports(
            issues=self.issues,
            runs=RunRecords(self.store),
            ledger=LocalLedger(self.store, lambda: self.now),
            workflow=self.workflow,
            clock=lambda: self.now,
            pause=lambda seconds: None,
            limits=Ports.limits,
            patience=Ports.patience,
            edits_per_hour=7200,
        )

    def user(self, name: str) -> User:
        found = self.github.users.named(name)
        assert found is not None
        return found

    def open(self, labels: tuple[str, ...] = ("mlops:train",), body: str = BODY, author: str = "owner") -> int:
        """A new issue; what GitHub delivers about it waits."""
        return int(self.github.issues.create(self.user(author), "Iris", body, labels)["number"])

    def say(self, text: str, author: str = "owner", issue: int = 1) -> int:
        """A new comment."""
        return int(self.github.comments.create(self.user(author), issue, text)["id"])

    def waiting(self) -> list[Any]:
        """The deliveries that wait, which then wait no more."""
        found = list(self.github.pending())
        for delivery in found:
            self.github.delivered(delivery.id)
        return found

    def deliver(self) -> list[int]:
        """Everything that waits is delivered. Returns the statuses."""
        return [self.send(delivery.headers, delivery.body) for delivery in self.waiting()]

    def send(self, headers: Mapping[str, str], body: bytes) -> int:
        return int(receive(self.ports, http_event(headers, body), REPOSITORY)["statusCode"])

    def comments(self, issue: int = 1) -> list[str]:
        """What the bridge wrote."""
        rows = self.github.records.all_comments(issue)
        return [row["body"] for row in rows if row["login"] == BOT]

    def later(self, **time: float) -> None:
        """The clock goes on."""
        self.now += timedelta(**time)

    def close(self) -> None:
        self.server.close()
        self.github.close()
        self.store.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path)
    yield found
    found.close()


def signed(body: bytes, event: str = "issues", secret: str = SECRET, **more: str) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}",
        **more,
    }


def again(headers: Mapping[str, str]) -> dict[str, str]:
    """The same delivery under another id: the id is not signed."""
    return {**headers, "X-GitHub-Delivery": str(uuid.uuid4())}


def payload(scene: Scene, number: int = 1, **changes: Any) -> bytes:
    """A delivery's body about an issue as it is now."""
    about = {
        "action": "labeled",
        "issue": scene.github.shapes.issue(number),
        "label": {"name": "mlops:train"},
        "repository": scene.github.shapes.repository(),
        "sender": {"login": "owner", "type": "User"},
    }
    return json.dumps({**about, **changes}).encode()
