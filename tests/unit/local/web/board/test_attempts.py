"""A hyperparameter against the score."""

from __future__ import annotations

from local.web.board.attempts import HIGH, LEFT, TOP, WIDE, AttemptLine, names_of, plot


def line(issue, value, metric="accuracy", **hyperparameters):
    return AttemptLine(issue, 1, "random_forest", "iris", "registered", metric, value, 1.0, hyperparameters)


def test_the_best_stands_highest():
    found = plot([line(1, 0.5, n=10), line(2, 0.9, n=30), line(3, 0.7, n=20)], "n")
    assert [point[:2] for point in found.points] == [
        (LEFT, TOP + HIGH),
        (LEFT + WIDE, TOP),
        (LEFT + WIDE / 2, TOP + HIGH / 2),
    ]
    assert (found.x_range, found.y_range) == (("10", "30"), ("0.5", "0.9"))
    assert found.points[1][2] == "issue 2, attempt 1: accuracy 0.9"


def test_equal_values_stand_in_the_middle():
    found = plot([line(1, 0.5, n=10), line(2, 0.5, n=10)], "n")
    assert {point[:2] for point in found.points} == {(LEFT + WIDE / 2, TOP + HIGH / 2)}


def test_only_attempts_with_the_usual_metric_and_a_number_count():
    lines = [line(1, 0.5, n=1), line(2, 0.6, n=2), line(3, 90.0, "rmse", n=3), line(4, None, n=4), line(5, 0.9, n=None)]
    assert len(plot(lines, "n").points) == 2
    assert plot(lines[:1], "n") is None
    assert plot(lines, "m") is None


def test_names_with_numbers_in_more_than_one_attempt():
    assert names_of([line(1, 0.5, n=1, k="a", b=True), line(2, 0.6, n=2, k="b", b=False, m=1)]) == ["n"]
