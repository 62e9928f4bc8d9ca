"""Strangers' values in messages, and suggestions."""

from __future__ import annotations

import math

import pytest

from algorithms.wording import MOST_KNOWN, bare, did_you_mean, nearest, number, plain, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1e-3, "0.001"),
        (math.inf, "Infinity"),
        ("a`b", '"a\'b"'),
        ("a\x1b\u202e\ud800", '"a\\u001b\\u202e\\ud800"'),
        ("x" * 100, '"' + "x" * 59 + "…"),
        ([1, "a"], '[1, "a"]'),
        ([1] * 9, "a list of 9 entries"),
        ([[1]], "a list of 1 entries"),
        ([], "an empty list"),
        ({"a": 1}, "a mapping of 1 keys"),
        (10**5000, "a value of type int"),
        (object(), "a value of type object"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_shown_on_one_short_printable_line(value, text):
    assert shown(value) == text
    assert text.isprintable()


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "short"])
def test_short_scalars_stay_what_they_are(value):
    assert plain(value) is value


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, 10**5000, "x" * 100, "a\nb", [1], {"a": 1}], ids=lambda value: type(value).__name__
)
def test_other_values_become_text(value):
    assert plain(value) == shown(value)


@pytest.mark.parametrize(
    ("value", "name"),
    [("Max-Depth", "max_depth"), ("max dept", "max_depth"), ("zebra", None), (3, None), ("max_depth" * 50, None)],
)
def test_the_nearest_name(value, name):
    assert nearest(value, ["max_depth", "n_estimators"]) == name


def test_bare_text_is_one_short_printable_line_without_quotes():
    assert bare("a\x1b`b" + "c" * 100) == "a\\u001b'b" + "c" * 51 + "…"


@pytest.mark.parametrize(
    ("value", "text"), [(1e-6, "1e-06"), (0.5, "0.5"), (2**32 - 1, "4294967295"), (0.1234567, "0.1234567")]
)
def test_numbers_as_people_write_them(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "names", "text"),
    [
        ("max-dept", ["max_depth", "seed"], "Did you mean `max_depth`?"),
        ("zebra", ["max_depth", "seed"], "Known are: max_depth, seed."),
        (3, ["seed"], "Known are: seed."),
        ("zebra", [], "Known are: none."),
        ("pwned", ["\x1b]0;pwned\x07"], "Did you mean `\\u001b]0;pwned\\u0007`?"),
    ],
)
def test_what_to_write_instead(value, names, text):
    assert did_you_mean(value, names) == text


def test_a_long_list_of_names_is_counted():
    text = did_you_mean("zebra", [f"x{n}" for n in range(MOST_KNOWN + 3)])
    assert text.startswith("Known are: x0, x1, ")
    assert text.endswith(f", x{MOST_KNOWN - 1} and 3 more.")
