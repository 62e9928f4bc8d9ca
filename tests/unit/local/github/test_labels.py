"""Labels of the repository: changed, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.local.github.conftest import Caller


def shown(caller: Caller) -> list[tuple[str, str, str | None]]:
    return [(label["name"], label["color"], label["description"]) for label in caller.get("/labels")]


def edit(caller: Caller, name: str, user: str = "writer", **fields: Any) -> int:
    return int(caller.send("PATCH", f"/labels/{name}", fields, user).status_code)


def test_a_label_is_changed_wherever_it_is(caller: Caller) -> None:
    caller.open(labels=["Old"])
    assert edit(caller, "old", new_name="a/b", color="ff0000", description="d") == 200
    assert shown(caller) == [("a/b", "ff0000", "d")]
    assert [label["name"] for label in caller.get("/issues/1/labels")] == ["a/b"]


def test_what_is_left_out_stays(caller: Caller) -> None:
    caller.send("POST", "/labels", {"name": "a", "color": "00ff00", "description": "d"})
    assert edit(caller, "a", new_name="A") == 200
    assert shown(caller) == [("A", "00ff00", "d")]
    assert edit(caller, "a", description=None) == 200
    assert shown(caller) == [("A", "00ff00", None)]


@pytest.mark.parametrize("fields", [{"new_name": "b"}, {"new_name": "x" * 51}, {"color": "red"}, {"description": 3}])
def test_what_is_refused_changes_nothing(caller: Caller, fields: dict[str, Any]) -> None:
    for name in ("a", "b"):
        caller.send("POST", "/labels", {"name": name, "color": "00ff00"})
    assert edit(caller, "a", **fields) == 422
    assert shown(caller) == [("a", "00ff00", None), ("b", "00ff00", None)]


@pytest.mark.parametrize(("user", "name", "status"), [("triage", "a", 403), ("writer", "nowhere", 404)])
def test_who_may_not_and_what_is_not_there(caller: Caller, user: str, name: str, status: int) -> None:
    caller.send("POST", "/labels", {"name": "a", "color": "00ff00"})
    assert edit(caller, name, user, color="ff0000") == status
    assert shown(caller) == [("a", "00ff00", None)]
