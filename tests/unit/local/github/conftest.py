"""A local GitHub with accounts of every role, and requests to it over HTTP without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from local.github import LocalGitHub, User
from local.github.app import create_app
from local.store import Store

SECRET = "the webhook's secret"
ROLES = ("maintain", "triage", "read", "none")
USERS = [User(role, role) for role in ROLES] + [User("writer", "write")]


@dataclass
class Caller:
    """Sends requests with an account's token."""

    github: LocalGitHub
    client: TestClient

    def send(self, method: str, path: str, body: Any = None, user: str = "owner", **options: Any) -> Any:
        path = path if path.startswith("/user") else f"/repos/{self.github.repository}{path}"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.github.token_of(user)}", **options.pop("headers", {})}
        return self.client.request(method, path, content=content, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        answer = self.send("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def open(self, title: str = "A title", user: str = "owner", **more: Any) -> Any:
        answer = self.send("POST", "/issues", {"title": title, **more}, user)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def events(self) -> list[tuple[str, str]]:
        """Event and action of every delivery that waits."""
        return [(item.headers["X-GitHub-Event"], json.loads(item.body)["action"]) for item in self.github.pending()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "mlops.db")
    yield store
    store.close()


@pytest.fixture
def github(store: Store, tmp_path: Path) -> Iterator[LocalGitHub]:
    github = LocalGitHub(store, tmp_path / "github", SECRET, users=USERS)
    yield github
    github.close()


@pytest.fixture
def caller(github: LocalGitHub) -> Caller:
    return Caller(github, TestClient(create_app(github), raise_server_exceptions=False))
