"""steps.findings: problems are collected, reports are bounded."""

from __future__ import annotations

import pytest

from algorithms.errors import DatasetError
from steps.findings import MOST_FINDINGS, Finding, Problems, counted, listed, refuse, to_report, unknown_column


def test_problems_are_raised_together():
    problems = Problems()
    for name in ("a", "b"):
        with problems.collect():
            raise refuse(name, None, f"{name}: wrong.")
    with pytest.raises(DatasetError) as caught:
        problems.stop()
    assert [problem.key for problem in caught.value.problems] == ["a", "b"]


def test_no_problem_no_stop():
    Problems().stop()


def test_other_errors_pass_through():
    with pytest.raises(KeyError), Problems().collect():
        raise KeyError("defect")


def test_reports_are_capped():
    report = to_report([Finding("k", None, str(i)) for i in range(MOST_FINDINGS + 3)])
    assert len(report) == MOST_FINDINGS + 1
    assert report[-1]["message"].startswith("3 more findings")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a"], '"a"'),
        (list("abcdefg"), '"a", "b", "c", "d", "e" and 2 more'),
        (["x\n\x1b" + "y" * 100], '"x\\n\\u001b'),
    ],
)
def test_listed(values, text):
    assert listed(values).startswith(text)
    assert len(listed(values)) < 100


def test_counted():
    assert (counted(1, "row"), counted(0, "row"), counted(2, "row")) == ("1 row", "0 rows", "2 rows")


def test_unknown_column_without_a_near_name_lists_the_columns():
    assert "Known are: a, b." in unknown_column("target", "zzz", ["a", "b"]).message
