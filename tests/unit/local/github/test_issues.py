from __future__ import annotations

import pytest

from tests.unit.local.github.conftest import Caller


def names(issue: dict) -> list[str]:
    return [label["name"] for label in issue["labels"]]


def test_opening_with_labels_delivers_opened_and_labeled(caller: Caller) -> None:
    assert names(caller.open(body="b", labels=["mlops:train", "a"])) == ["a", "mlops:train"]
    assert caller.events() == [("issues", "opened"), ("issues", "labeled"), ("issues", "labeled")]


@pytest.mark.parametrize(("user", "kept"), [("none", []), ("read", []), ("triage", ["x"]), ("writer", ["x"])])
def test_labels_are_dropped_below_triage(caller: Caller, user: str, kept: list[str]) -> None:
    assert names(caller.open(user=user, labels=["x"])) == kept
    assert [label["name"] for label in caller.get("/labels")] == kept


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 257}, "title"),
        ({"title": 1}, "title"),
        ({"title": "t", "body": "x" * 65_537}, "body"),
        ({"title": "t", "labels": "x"}, "labels"),
        ({"title": "t", "labels": [1]}, "labels"),
        ({"title": "t", "labels": ["x" * 51]}, "name"),
    ],
)
def test_what_no_issue_may_hold(caller: Caller, body: dict, field: str) -> None:
    answer = caller.send("POST", "/issues", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert caller.get("/issues") == []
    assert caller.events() == []


def test_the_largest_texts_fit(caller: Caller) -> None:
    assert len(caller.open("é" * 256, body="😀" * 65_536)["body"]) == 65_536


@pytest.mark.parametrize(
    ("user", "edit", "status"),
    [
        ("read", {"title": "n"}, 403),
        ("triage", {"body": "n"}, 403),
        ("writer", {"body": "n"}, 200),
        ("read", {"state": "closed"}, 403),
        ("triage", {"state": "closed"}, 200),
    ],
)
def test_who_may_edit_somebody_elses_issue(caller: Caller, user: str, edit: dict, status: int) -> None:
    caller.open(user="none")
    assert caller.send("PATCH", "/issues/1", edit, user).status_code == status
    assert caller.send("PATCH", "/issues/1", edit, "none").status_code == 200


def test_a_refused_edit_changes_nothing(caller: Caller) -> None:
    caller.open("before")
    edit = {"title": "after", "state": "nonsense"}
    assert caller.send("PATCH", "/issues/1", edit).status_code == 422
    assert caller.send("PATCH", "/issues/1", {"title": "after", "labels": ["x" * 51]}).status_code == 422
    assert caller.get("/issues/1")["title"] == "before"
    assert caller.events() == [("issues", "opened")]


def test_an_edit_tells_what_was_before(caller: Caller, github) -> None:
    import json

    caller.open("before", body="old")
    caller.send("PATCH", "/issues/1", {"title": "before", "body": "new"})
    assert json.loads(github.pending()[-1].body)["changes"] == {"body": {"from": "old"}}
    caller.send("PATCH", "/issues/1", {"body": "new"})
    assert caller.events() == [("issues", "opened"), ("issues", "edited")]


def test_closing_and_opening_again_stand_in_the_timeline(caller: Caller) -> None:
    caller.open()
    for state in ("closed", "closed", "open"):
        caller.send("PATCH", "/issues/1", {"state": state}, "triage")
    found = caller.get("/issues/1/events")
    assert [(item["event"], item["actor"]["login"]) for item in found] == [("closed", "triage"), ("reopened", "triage")]
    assert caller.get("/issues/1")["closed_at"] is None


def test_labels_are_put_on_and_taken_off_once(caller: Caller) -> None:
    caller.open(labels=["a"])
    caller.send("POST", "/issues/1/labels", {"labels": ["A", "b"]})
    caller.send("PUT", "/issues/1/labels", ["b", "c"])
    assert caller.send("DELETE", "/issues/1/labels/a").status_code == 404
    assert names(caller.get("/issues/1")) == ["b", "c"]
    events = [(item["event"], item["label"]["name"]) for item in caller.get("/issues/1/timeline")]
    assert events == [("labeled", "a"), ("labeled", "b"), ("unlabeled", "a"), ("labeled", "c")]
    ids = [item["id"] for item in caller.get("/issues/1/timeline")]
    assert ids == sorted(ids)


@pytest.mark.parametrize(("user", "status"), [("none", 403), ("read", 403), ("triage", 200)])
def test_who_may_label(caller: Caller, user: str, status: int) -> None:
    caller.open(user="none")
    assert caller.send("POST", "/issues/1/labels", {"labels": ["x"]}, user).status_code == status


def test_a_label_exists_once(caller: Caller) -> None:
    assert caller.send("POST", "/labels", {"name": "x/y z", "color": "ff0000"}).status_code == 201
    answer = caller.send("POST", "/labels", {"name": "X/Y z", "color": "ff0000"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "already_exists")
    assert caller.send("POST", "/labels", {"name": "b", "color": "red"}).status_code == 422
    assert caller.send("POST", "/labels", {"name": "b"}, "triage").status_code == 403
    assert caller.get("/labels/x%2Fy%20z")["color"] == "ff0000"


def test_lists_are_filtered_and_paged(caller: Caller) -> None:
    for number in range(1, 6):
        caller.open(f"t{number}", labels=["odd"] if number % 2 else ["even"])
    caller.send("PATCH", "/issues/5", {"state": "closed"})
    assert [item["number"] for item in caller.get("/issues?labels=odd")] == [3, 1]
    assert [item["number"] for item in caller.get("/issues?state=closed")] == [5]
    assert [item["number"] for item in caller.get("/issues?state=all&direction=asc&per_page=2&page=2")] == [3, 4]
    link = caller.send("GET", "/issues?per_page=2&page=1").headers["link"]
    assert 'page=2>; rel="next"' in link
    assert "link" not in caller.send("GET", "/issues?per_page=4").headers
    assert caller.get("/issues?since=2999-01-01T00:00:00Z") == []
    assert caller.send("GET", "/issues?since=yesterday").status_code == 422
    assert caller.get("/issues?page=99999999999999999999&per_page=-1") != []
