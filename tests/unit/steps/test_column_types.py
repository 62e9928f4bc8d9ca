"""steps.column_types: what each column is."""

from __future__ import annotations

import uuid

import pandas as pd
import pytest

from steps import column_types
from steps.column_types import ColumnTyper, TypedColumn
from steps.metadata import Metadata

RANDOM = [((i * 7919) % 97) / 10 for i in range(40)]


def typer(**notes: object) -> ColumnTyper:
    return ColumnTyper(Metadata.model_validate({"columns": {"x": notes}}), {})


def column(values: list[object]) -> pd.Series:
    return pd.Series([None if value is None else str(value) for value in values], name="x", dtype="str")


def typed(values: list[object], **notes: object) -> TypedColumn:
    return typer(**notes).type(column(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RANDOM, "number"),
        ([f" {value}e-1 " for value in RANDOM], "number"),
        (["2024-01-05", "2024-02-29T10:00:00Z"] * 20, "number"),
        (["red", "green"] * 20, "category"),
        (["True", "False"] * 20, "category"),
        (["true", "false", "true", None] * 10, "category"),
        ([i if i % 2 else "k" for i in range(40)], "category"),
        (["New York City", "Rio de Janeiro"] * 20, "category"),
        ([f"word{i} and another" for i in range(40)], "text"),
        ([f"{1 + i % 28:02}/{1 + i % 12:02}/20{i % 30 + 10}" for i in [*range(50), *range(10)]], "text"),
        (
            [
                f"これは日本語の長い文章で、空白がひとつもありません。番号だけが違うのです。それは{i}番です。"
                for i in range(40)
            ],
            "text",
        ),
        ([None] * 40, "category"),
    ],
    ids=[
        *("numbers", "spaces", "dates", "words", "truth values", "lower-case truth values", "half numbers"),
        *("few long names", "sentences", "day-first dates", "sentences without spaces", "nothing"),
    ],
)
def test_guessed_type(values, expected):
    assert typed(values).column.type == expected


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["same"] * 40, "constant"),
        (["same", None] * 20, "constant"),
        ([None] * 40, "all values are missing"),
        (list(range(7, 47)), "row number"),
        (list(range(39, -1, -1)), "row number"),
        ([uuid.UUID(int=i) for i in range(40)], "identifier"),
        (["0" * 60 + f"{i:04x}x" for i in range(40)], "identifier"),
    ],
    ids=["constant", "constant or missing", "missing", "counted", "counted down", "uuid", "long hashes"],
)
def test_left_out(values, reason):
    assert reason in (typed(values).left_out or "")


@pytest.mark.parametrize(
    "values",
    [
        [*range(39), 3],
        [i * 2 for i in range(40)],
        RANDOM,
        [*range(39), None],
        [f"a word {i}" for i in range(40)],
        ["a", *[None] * 30, *"bcdefghij"],
    ],
    ids=["repeated", "gaps", "fractions", "missing", "several words", "mostly missing"],
)
def test_kept(values):
    assert typed(values).left_out is None


def test_a_declared_type_keeps_what_looks_like_a_row_number():
    assert typed(list(range(40)), type="number").left_out is None


def test_a_declared_category_keeps_its_texts():
    found = typed([0, 1, 2, 3] * 10, type="category")
    assert found.column.type == "category"
    assert found.values.tolist()[:4] == ["0", "1", "2", "3"]


def test_days_since_1970():
    assert typed(["1970-01-02", "1970-01-03T12:00:00"] * 20).values.tolist()[:2] == [1.0, 2.5]


@pytest.mark.parametrize(
    ("values", "kind", "told"),
    [
        (["?", *RANDOM[1:]], "mixed", '1 value counted as missing: "?"'),
        (["inf", "-Infinity", *RANDOM[2:]], "infinite", "2 infinite values counted as missing"),
        (["k", 1] * 20, "mixed", "50% of its values are numbers"),
    ],
    ids=["stray", "infinite", "half"],
)
def test_findings(values, kind, told):
    used = typer()
    used.type(column(values))
    assert [finding.kind for finding in used.findings] == [kind]
    assert told in used.findings[0].message


def test_strays_are_missing_values():
    assert typed(["?", *RANDOM[1:]]).values.isna().tolist() == [True] + [False] * 39


def test_a_declared_number_refuses_texts_and_names_them():
    used = typer(type="number")
    used.type(column(["small", "large", *RANDOM[2:]]))
    assert '"small", "large"' in used.problems[0].message


def test_a_refusal_repeats_no_control_character_and_no_long_text():
    used = typer(type="number")
    used._refuse("\x1b]0;pwned\x07", pd.Series(["\x1b[2J", "y" * 1000]))
    problem = used.problems[0]
    assert problem.message.startswith('"\\u001b]0;pwned\\u0007": metadata.json says number')
    assert (problem.message + problem.value).isprintable()
    assert len(problem.message) < 400


def test_infinite_floats_are_missing():
    used = typer()
    found = used.type(pd.Series([float("inf"), *RANDOM[1:]], name="x"))
    assert found.values.isna().sum() == 1
    assert used.findings[0].kind == "infinite"


@pytest.mark.parametrize("values", [RANDOM, ["a", "b"] * 20, ["1", "x"] * 20], ids=["numbers", "categories", "mixed"])
def test_numbers_are_read_once_a_column(monkeypatch, values):
    calls: list[str] = []
    read = column_types.read_numbers
    monkeypatch.setattr(column_types, "read_numbers", lambda *given: calls.append("read") or read(*given))
    typer().type(pd.Series([str(value) for value in values], name="x"))
    assert calls == ["read"]
