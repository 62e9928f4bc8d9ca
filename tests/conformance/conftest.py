"""AWS in memory (moto) and a local GitHub, for the suites that hold the ports' adapters to one behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from github import Auth, GithubException
from github.Repository import Repository
from moto import mock_aws

from lambda_bridge.github_client import connect
from local.github import LocalGitHub, Server, User
from local.github.users import BOT, Role
from local.store import Store, now

REGION = "us-east-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call leaves this process; state machines are really run."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "mlops.db")
    yield found
    found.close()


class Site:
    """A local GitHub that listens on the loopback interface. The bridge's account is `mlops-bot`."""

    def __init__(self, store: Store, folder: Path, clock: Callable[[], datetime] = now) -> None:
        users = [User(f"{role}-person", role) for role in get_args(Role)]
        users.append(User("app[bot]", type="Bot"))
        self.github = LocalGitHub(store, folder, "secret", users=users, clock=clock)
        self.server = Server.start(self.github)

    @property
    def url(self) -> str:
        return self.server.url

    def auth(self, user: str = BOT) -> Auth.Auth:
        return Auth.Token(self.github.token_of(user))

    def repository(self, user: str = BOT) -> Repository:
        """A connection of its own."""
        return connect(self.auth(user), self.url, self.github.repository)

    def user(self, name: str) -> User:
        found = self.github.users.named(name)
        assert found is not None
        return found

    def close(self) -> None:
        self.server.close()
        self.github.close()


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Iterator[Site]:
    found = Site(store, tmp_path / "github")
    yield found
    found.close()


class Interference:
    """What happens to requests of one method whose address holds `part`: each of `steps` is for one request, then none.

    `before` runs before the request; `lost` means that its answer never arrives.
    """

    def __init__(self, method: str, part: str) -> None:
        self.method, self.part = method, part
        self.steps: list[tuple[Callable[[], object] | None, bool]] = []
        self.seen = 0

    def on(self, repository: Repository) -> Repository:
        requester = repository.requester
        original = requester.requestJsonAndCheck

        def interfere(verb: str, url: str, *given: Any, **named: Any) -> Any:
            if verb != self.method or self.part not in url:
                return original(verb, url, *given, **named)
            self.seen += 1
            before, lost = self.steps.pop(0) if self.steps else (None, False)
            if before is not None:
                before()
            answer = original(verb, url, *given, **named)
            if lost:
                raise GithubException(502, {"message": "Server Error"}, {})
            return answer

        requester.requestJsonAndCheck = interfere  # type: ignore[method-assign]
        return repository


@pytest.fixture
def interference() -> type[Interference]:
    return Interference
