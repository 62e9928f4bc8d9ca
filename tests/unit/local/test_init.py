"""`mlops init`: what stands in the starter is what it takes, and what its report says."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import Problem
from local.init_files import FORM, HISTORY, OWNERS, PLACEHOLDER, starter_files
from local.init_options import Options, problems_of
from local.init_report import Report, Step
from pipelines.issue_form import render_form

DONE = Step("file", "a", "create", done=True)


def test_the_form_is_the_one_that_is_made_from_the_request() -> None:
    assert starter_files(())[FORM].decode() == render_form()
    assert set(starter_files(())) == {FORM, HISTORY}


def test_code_owners_hold_the_names_and_nothing_of_the_starter() -> None:
    text = starter_files(("a", "@a", "@b/c"))[OWNERS].decode()
    assert [line.split() for line in text.splitlines()] == [
        ["/.github/", "@a", "@b/c"],
        ["/training_history/", "@a", "@b/c"],
    ]
    assert PLACEHOLDER not in text


@pytest.mark.parametrize("url", [None, "https://x.example/webhook", "http://127.0.0.1:8080/webhook"])
def test_arguments_that_are_right(url: str | None) -> None:
    assert problems_of(Options("o/r.git-1", url, ("@a", "@b/c"))) == []


@pytest.mark.parametrize(
    ("steps", "dry_run", "problems", "status", "code"),
    [
        ([DONE], False, 0, "done", 0),
        ([DONE], False, 1, "failed", 1),
        ([Step("file", "a", "create")], True, 0, "planned", 0),
        ([Step("file", "a", "there"), Step("file", "b", "keep")], False, 0, "nothing_to_do", 0),
        ([Step("file", "a", "wait")], True, 0, "nothing_to_do", 0),
    ],
)
def test_status_and_exit_code(steps: list[Step], dry_run: bool, problems: int, status: str, code: int) -> None:
    report = Report("o/r", dry_run, steps, [Problem("k", None, "m")] * problems)
    assert (report.status, report.exit_code) == (status, code)
    assert json.loads(json.dumps(report.to_dict()))["status"] == status


def test_wrong_arguments_have_a_status_of_their_own() -> None:
    report = Report("o/r", problems=[Problem("k", None, "m")], invalid=True)
    assert (report.status, report.exit_code) == ("invalid", 2)


def test_of_a_failed_run_only_what_was_done_is_told() -> None:
    report = Report("o/r", steps=[DONE, Step("file", "b", "create")], problems=[Problem("k", None, "m")])
    assert list(report.lines()) == ["file a: created"]


def test_lines_are_printable() -> None:
    (line, nothing, after) = Report("o/r", steps=[Step("file", "a\x1b[2J\n", "keep")], next=["x\x07"]).lines()
    assert (line + nothing + after).isprintable()
