from __future__ import annotations

import pytest

from algorithms.errors import Problem
from lambda_bridge.sentences import number, problem_list


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (51080.0, "51080"),
        (10_000, "10000"),
        (9_999.7, "10000"),
        (123_456_789.4, "123456789"),
        (-3000.0, "-3000"),
        (100.0, "100"),
        (12.345678, "12.35"),
        (0.97, "0.97"),
        (0.33333333, "0.3333"),
        (0.0001, "0.0001"),
        (1.5e-7, "1.5e-07"),
        (-1.7e308, "-1.7e+308"),
        (0.0, "0"),
        (0, "0"),
        (None, "undefined"),
    ],
)
def test_numbers_stand_as_people_write_them(value, shown):
    assert number(value) == shown


def test_more_digits_of_what_was_written():
    assert (number(0.975123, 6), number(3000.5, 6)) == ("0.975123", "3000.5")


@pytest.mark.parametrize(
    ("key", "message", "shown"),
    [
        ("foo", "foo: is no key. Did you mean `fool_x`?", "- `foo`: is no key. Did you mean `fool_x`?"),
        ("foo", "food: is no key.", "- `foo`: food: is no key."),
        ("", "Put it into a ```yaml block.", "- Put it into a ```` ```yaml ```` block."),
        ("", "`@octocat` <b> `", "- `@\u200boctocat` <\u200bb\\> \\`"),
        ("", "`a` " + "b" * 700, "- \\`a\\` " + "b" * 595 + "…"),
    ],
)
def test_a_problem_names_its_key_once_and_its_code_spans_stay(key, message, shown):
    assert problem_list([Problem(key, None, message)]) == shown
