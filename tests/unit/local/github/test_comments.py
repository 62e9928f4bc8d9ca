from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from local.github import LocalGitHub
from local.github.app import create_app
from local.store import Store
from tests.unit.local.github.conftest import SECRET, Caller


@pytest.fixture
def opened(caller: Caller) -> Caller:
    caller.open()
    return caller


def test_anybody_who_sees_the_issue_may_comment(opened: Caller) -> None:
    assert opened.send("POST", "/issues/1/comments", {"body": "hello"}, "none").status_code == 201
    assert opened.events()[-1] == ("issue_comment", "created")
    assert opened.get("/issues/1")["comments"] == 1


@pytest.mark.parametrize("body", [{}, {"body": " "}, {"body": None}, {"body": "x" * 65_537}, {"body": ["x"]}])
def test_what_no_comment_may_be(opened: Caller, body: dict) -> None:
    assert opened.send("POST", "/issues/1/comments", body).status_code == 422
    assert opened.get("/issues/1/comments") == []


@pytest.mark.parametrize(("user", "status"), [("none", 403), ("triage", 403), ("writer", 200), ("read", 200)])
def test_who_may_edit_a_comment(opened: Caller, user: str, status: int) -> None:
    opened.send("POST", "/issues/1/comments", {"body": "mine"}, "read")
    assert opened.send("PATCH", "/issues/comments/1", {"body": "new"}, user).status_code == status
    assert opened.get("/issues/comments/1")["body"] == ("new" if status == 200 else "mine")


@pytest.mark.parametrize(("user", "status"), [("none", 403), ("triage", 403), ("writer", 204), ("read", 204)])
def test_who_may_delete_a_comment(opened: Caller, user: str, status: int) -> None:
    opened.send("POST", "/issues/1/comments", {"body": "mine"}, "read")
    opened.send("POST", "/issues/comments/1/reactions", {"content": "eyes"})
    assert opened.send("DELETE", "/issues/comments/1", user=user).status_code == status
    assert len(opened.get("/issues/1/comments")) == opened.get("/issues/1")["comments"] == (status == 403)
    assert (opened.events()[-1] == ("issue_comment", "deleted")) == (status == 204)


def test_a_number_is_never_given_again(opened: Caller) -> None:
    for number in (1, 2):
        assert opened.send("POST", "/issues/1/comments", {"body": "x"}).json()["id"] == number
        assert opened.send("DELETE", f"/issues/comments/{number}").status_code == 204
    assert opened.send("DELETE", "/issues/comments/2").status_code == 404


def test_every_change_of_a_comment_is_one_of_the_issue(store: Store, tmp_path: Path) -> None:
    moments = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(99))
    github = LocalGitHub(store, tmp_path / "github", SECRET, clock=lambda: next(moments))
    caller = Caller(github, TestClient(create_app(github)))
    caller.open()
    changes: list[tuple[str, str, Any]] = [
        ("POST", "/issues/1/comments", {"body": "one"}),
        ("PATCH", "/issues/comments/1", {"body": "two"}),
        ("DELETE", "/issues/comments/1", None),
    ]
    tag, updated = "", ""
    for change in changes:
        caller.send(*change)
        answer = caller.send("GET", "/issues", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.json()[0]["updated_at"] > updated
        tag, updated = answer.headers["etag"], answer.json()[0]["updated_at"]
    assert caller.send("GET", "/issues", headers={"If-None-Match": tag}).status_code == 304
    github.close()


def test_an_account_reacts_once_in_each_way(opened: Caller) -> None:
    opened.send("POST", "/issues/1/comments", {"body": "x"})
    path = "/issues/comments/1/reactions"
    statuses = [opened.send("POST", path, {"content": "eyes"}, user).status_code for user in ("owner", "owner", "read")]
    assert statuses == [201, 200, 201]
    assert len(opened.get(path)) == 2
    assert opened.send("POST", path, {"content": "nonsense"}).status_code == 422


def test_comments_of_all_issues_in_pages(opened: Caller) -> None:
    opened.open()
    for issue in (1, 2, 1):
        opened.send("POST", f"/issues/{issue}/comments", {"body": "x"})
    assert [item["id"] for item in opened.get("/issues/1/comments")] == [1, 3]
    assert [item["id"] for item in opened.get("/issues/comments?per_page=2&page=2")] == [3]
    assert [item["id"] for item in opened.get("/issues/comments?sort=created&direction=desc")] == [3, 2, 1]
    assert opened.get("/issues/comments?since=2999-01-01T00:00:00Z") == []


def test_what_does_not_exist_is_not_found(opened: Caller) -> None:
    for method, path in (
        ("GET", "/issues/2/comments"),
        ("POST", "/issues/2/comments"),
        ("GET", "/issues/comments/1"),
        ("PATCH", "/issues/comments/1"),
        ("GET", "/issues/comments/1/reactions"),
        ("POST", "/issues/comments/1/reactions"),
        ("GET", "/issues/2/timeline"),
    ):
        body = {"body": "x", "content": "eyes"} if method != "GET" else None
        assert opened.send(method, path, body).status_code == 404, path
