"""What a decision about a version changes in the registry."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lambda_bridge.ports import Version
from lambda_bridge.review_plan import Plan, Refusal, plan_review
from lambda_bridge.runs import Review

STATUSES = {"a": "Approved", "r": "Rejected", "p": "PendingManualApproval"}


def versions(pattern):
    """One letter a version, version 1 first."""
    found = [Version(number, f"arn:g/{number}", STATUSES[letter]) for number, letter in enumerate(pattern, 1)]
    return found[::-1]


def plan(kind, version, pattern, own=()):
    review = Review(
        kind=kind, version=version, why="", group="g", comment=5, author="alice", at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    there = versions(pattern)
    live = next((each.arn for each in there if each.approval == "Approved"), None)
    return plan_review(review, there, [f"arn:g/{number}" for number in own], live)


@pytest.mark.parametrize(
    ("kind", "version", "pattern", "own", "changes"),
    [
        ("approve", 2, "app", (), [(2, "Approved")]),
        ("approve", None, "app", (2,), [(2, "Approved")]),
        ("approve", None, "app", (3, 2), [(3, "Approved")]),
        ("approve", 1, "r", (), [(1, "Approved")]),
        ("reject", 3, "aap", (), [(3, "Rejected")]),
        ("reject", None, "aa", (2,), [(2, "Rejected")]),
        ("rollback", None, "aa", (), [(2, "Rejected")]),
        ("rollback", None, "arap", (), [(3, "Rejected")]),
        ("rollback", 1, "arap", (), [(3, "Rejected")]),
        ("rollback", 1, "aaraap", (), [(2, "Rejected"), (4, "Rejected"), (5, "Rejected")]),
    ],
)
def test_changes(kind, version, pattern, own, changes):
    found = plan(kind, version, pattern, own)
    assert isinstance(found, Plan)
    assert [(change.version, change.after) for change in found.changes] == changes


@pytest.mark.parametrize("pattern", ["aaa", "aarapa", "aap", "raaar"])
def test_no_version_between_is_live_while_a_rollback_is_carried_out(pattern):
    there = {each.number: each.approval for each in versions(pattern)}
    live = max(number for number, approval in there.items() if approval == "Approved")
    first = min(number for number, approval in there.items() if approval == "Approved")
    found = plan("rollback", first, pattern)
    assert isinstance(found, Plan)
    seen = []
    for change in found.changes:
        there[change.version] = change.after
        seen.append(max(number for number, approval in there.items() if approval == "Approved"))
    assert seen == [live] * (len(seen) - 1) + [first]


@pytest.mark.parametrize(
    ("kind", "version", "pattern", "told"),
    [
        ("approve", None, "", "No model of this issue's kind was registered yet"),
        ("approve", None, "pp", "This issue registered no model. Name the version: `/approve 2`"),
        ("approve", 7, "pp", "There is no version 7, there is 2, 1."),
        ("approve", 20, "p" * 12, "there is 12, 11, 10, 9, 8, 7, 6, 5, 4, 3 and older ones."),
        ("approve", 1, "a", "Version 1 is approved already"),
        ("reject", 1, "r", "Version 1 is rejected already"),
        ("rollback", None, "pp", "No version is approved, so there is nothing to roll back"),
        ("rollback", None, "ra", "No version before version 2 is approved"),
        ("rollback", 2, "aa", "Version 2 is the live one already"),
        ("rollback", 3, "aap", "Version 3 is newer than the live one. Write `/approve 3`"),
        (
            "rollback",
            1,
            "ra",
            "only approved versions are gone back to. Write `/approve 1` first",
        ),
        ("rollback", 9, "aa", "There is no version 9"),
    ],
)
def test_refusals(kind, version, pattern, told):
    found = plan(kind, version, pattern, own=(1,) if version else ())
    assert isinstance(found, Refusal)
    assert told in found.reason
