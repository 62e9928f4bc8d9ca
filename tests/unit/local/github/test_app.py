"""Tokens, visibility, bodies that are no JSON, headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from local.github import LocalGitHub, User
from local.github.app import create_app
from local.store import Store
from tests.unit.local.github.conftest import Caller

FIELDS = ("title", "body", "labels", "state", "content", "tree", "path", "sha", "ref", "author", "date")
TEXT = st.text(st.characters(exclude_categories=[]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
WRITES = (
    ("POST", "/issues"),
    ("PATCH", "/issues/1"),
    ("POST", "/issues/1/labels"),
    ("POST", "/issues/1/comments"),
    ("POST", "/labels"),
    ("PATCH", "/labels/a"),
    ("POST", "/hooks"),
    ("POST", "/hooks/1/deliveries/1/attempts"),
    ("POST", "/git/blobs"),
    ("POST", "/git/trees"),
    ("POST", "/git/commits"),
    ("POST", "/git/refs"),
    ("PATCH", "/git/refs/heads/main"),
)


@pytest.mark.parametrize("header", ["", "token", "token ", "Basic x", "token wrong", "Bearer wrong"])
def test_without_a_known_token_nothing_is_told(caller: Caller, header: str) -> None:
    for path in ("/issues", "/nothing"):
        answer = caller.send("GET", path, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_without_a_known_token_no_body_is_read(caller: Caller) -> None:
    path = f"/repos/{caller.github.repository}/issues"
    read: list[object] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted() -> Message:
            read.append(1)
            return await receive()

        await create_app(caller.github)(scope, noted, send)

    assert TestClient(watched).post(path, content=b"{}").status_code == 401
    assert read == []


def test_a_private_repository_is_hidden(store: Store, tmp_path: Path) -> None:
    github = LocalGitHub(store, tmp_path / "hidden", "s", users=[User("stranger", "none")], private=True)
    caller = Caller(github, TestClient(create_app(github)))
    assert caller.send("GET", "/issues", user="stranger").status_code == 404
    assert caller.send("POST", "/issues", {"title": "t"}, "stranger").status_code == 404
    assert caller.send("GET", "/issues").status_code == 200
    github.close()


def test_another_repository_is_not_found(caller: Caller) -> None:
    headers = {"Authorization": f"token {caller.github.token_of('owner')}"}
    assert caller.client.get("/repos/local/other/issues", headers=headers).status_code == 404


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"title": NaN}', b"[" * 100_000, b'{"title": ' + b"9" * 5000 + b"}"])
def test_what_is_no_json(caller: Caller, body: bytes) -> None:
    answer = caller.send("POST", "/issues", body)
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_half_of_a_pair_is_refused(caller: Caller) -> None:
    assert caller.send("POST", "/issues", b'{"title": "\\ud800"}').status_code == 422


@pytest.mark.parametrize(
    "path", ["/issues/x", "/issues/99999999999999999999", "/issues/-1", "/git/blobs/x", "/issues/%ff"]
)
def test_addresses_of_nothing(caller: Caller, path: str) -> None:
    assert caller.send("GET", path).status_code == 404


def test_an_answer_that_did_not_change_is_not_sent_again(caller: Caller) -> None:
    caller.open()
    tag = caller.send("GET", "/issues/1").headers["etag"]
    answer = caller.send("GET", "/issues/1", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    caller.send("PATCH", "/issues/1", {"title": "new"})
    assert caller.send("GET", "/issues/1", headers={"If-None-Match": tag}).status_code == 200


def test_permissions_as_github_names_them(caller: Caller) -> None:
    shown = {user: caller.get(f"/collaborators/{user}/permission") for user in ("maintain", "triage", "none", "OWNER")}
    assert {name: (item["permission"], item["role_name"]) for name, item in shown.items()} == {
        "maintain": ("write", "maintain"),
        "triage": ("read", "triage"),
        "none": ("none", "none"),
        "OWNER": ("admin", "admin"),
    }
    assert caller.send("GET", "/collaborators/nobody/permission").status_code == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WRITES), JSON)
def test_no_body_breaks_the_server(caller: Caller, write: tuple[str, str], body: object) -> None:
    assert caller.send(*write, body).status_code < 500
