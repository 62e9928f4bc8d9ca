"""Bodies of refusals."""

from __future__ import annotations

from algorithms.errors import Problem
from steps.refusals import MOST_TOLD, RefusedError, RowProblem


def test_every_problem_is_told_with_its_place():
    error = RefusedError(400, [RowProblem("row 2: bad.", 2, "a"), RowProblem("row 3: bad.", 3)])
    assert error.to_dict() == {
        "error": "row 2: bad. row 3: bad.",
        "problems": [
            {"message": "row 2: bad.", "row": 2, "column": "a"},
            {"message": "row 3: bad.", "row": 3, "column": None},
        ],
        "more": 0,
    }


def test_many_problems_are_counted():
    found = RefusedError(400, [RowProblem(f"row {n}: bad.", n) for n in range(1, MOST_TOLD + 4)]).to_dict()
    assert (len(found["problems"]), found["more"]) == (MOST_TOLD, 3)
    assert found["error"].endswith(f"row {MOST_TOLD}: bad. 3 more problems did not fit.")


def test_a_summary_is_told_in_place_of_the_problems():
    assert RefusedError(400, [RowProblem("a"), RowProblem("b")], "both").to_dict()["error"] == "both"


def test_problems_of_a_dataset():
    assert RefusedError.malformed([Problem("x", 1, "x: bad.")]).to_dict()["error"] == "x: bad."
