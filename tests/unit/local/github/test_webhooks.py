"""Deliveries that are sent again, and those that are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from local.github import LocalGitHub
from local.github.app import create_app
from local.github.webhooks import KEPT, SWEPT
from local.store import Store
from tests.unit.local.github.conftest import SECRET, USERS, Caller

LIST = "/hooks/1/deliveries"


class Clock:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Caller]:
    """Three issues; of the deliveries the third waits."""
    github = LocalGitHub(store, tmp_path / "github", SECRET, users=USERS, clock=clock)
    caller = Caller(github, TestClient(create_app(github)))
    for _ in range(3):
        caller.open()
    for number in (1, 2):
        github.delivered(number)
    yield caller
    github.close()


def test_what_was_sent_is_listed_in_pages(sent: Caller) -> None:
    assert [item["id"] for item in sent.get(LIST)] == [2, 1]
    answer = sent.send("GET", f"{LIST}?per_page=1")
    assert [item["id"] for item in answer.json()] == [2]
    assert 'page=2>; rel="next"' in answer.headers["link"]
    assert [item["id"] for item in sent.get(f"{LIST}?per_page=1&page=2")] == [1]


def test_it_is_sent_again_as_it_was(sent: Caller) -> None:
    before = sent.github.delivery(1)
    told: list[int] = []
    sent.github.on_change(lambda: told.append(len(sent.github.pending())))
    answer = sent.send("POST", f"{LIST}/1/attempts")
    assert (answer.status_code, answer.json()) == (202, {})
    assert sent.github.pending()[0] == before
    assert told == [2]


@pytest.mark.parametrize("number", ["3", "4", "x"])
def test_what_was_not_sent_cannot_be_sent_again(sent: Caller, number: str) -> None:
    assert sent.send("POST", f"{LIST}/{number}/attempts").status_code == 404
    assert [item.id for item in sent.github.pending()] == [3]


@pytest.mark.parametrize(("user", "path"), [("maintain", LIST), ("none", LIST), ("owner", "/hooks/2/deliveries")])
def test_they_are_for_admins(sent: Caller, user: str, path: str) -> None:
    assert sent.send("GET", path, user=user).status_code == 404
    assert sent.send("POST", f"{path}/1/attempts", user=user).status_code == 404
    assert len(sent.github.pending()) == 1


def test_what_was_sent_long_ago_is_forgotten(sent: Caller, clock: Clock) -> None:
    clock.now += KEPT
    sent.open()
    assert [item["id"] for item in sent.get(LIST)] == [2, 1], "it is kept for three days"
    clock.now += timedelta(seconds=1)
    sent.open()
    assert sent.get(LIST) == []
    assert [item.id for item in sent.github.pending()] == [3, 4, 5], "what waits is kept"
    assert sent.send("POST", f"{LIST}/1/attempts").status_code == 404


def test_a_few_at_a_time_are_forgotten(sent: Caller, clock: Clock) -> None:
    for _ in range(SWEPT):
        sent.open()
    for number in sent.github.waiting():
        sent.github.delivered(number)
    clock.now += 2 * KEPT
    left = []
    for _ in range(2):
        sent.open()
        left.append(len(sent.get(f"{LIST}?per_page=100")))
    assert left == [3, 0]


def test_the_one_webhook_is_shown_to_admins(caller: Caller) -> None:
    caller.github.serve_at("http://127.0.0.1:1", "http://127.0.0.1:2")
    (hook,) = caller.get("/hooks")
    assert (hook["id"], hook["config"]["url"]) == (1, "http://127.0.0.1:2/webhook")
    assert SECRET not in str(hook)
    assert caller.send("GET", "/hooks", user="maintain").status_code == 404


@pytest.mark.parametrize(("user", "status"), [("owner", 422), ("maintain", 404)])
def test_another_webhook_is_not_taken(caller: Caller, user: str, status: int) -> None:
    answer = caller.send("POST", "/hooks", {"config": {"url": "https://example.com"}}, user)
    assert answer.status_code == status
    assert len(caller.get("/hooks")) == 1
