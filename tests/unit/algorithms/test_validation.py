"""Problems of a mapping in plain words."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from algorithms.validation import check, expectation, fields


class Inner(BaseModel):
    depth: int = 1


class Model(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    whole: int = Field(1, ge=1, le=10)
    least: int = Field(1, ge=1)
    share: float = Field(0.5, gt=0, le=1)
    below: float = Field(0.5, lt=1)
    free: float = 0.5
    name: Literal["one_hot", "ordinal"] = "one_hot"
    only: Literal["balanced"] | None = None
    mixed: Literal["auto"] | Annotated[float, Field(gt=0)] | None = None
    text: str = Field("a", min_length=1)
    switch: bool = True
    sizes: list[Annotated[int, Field(ge=1, le=512)]] = Field([1], min_length=1, max_length=4)
    inner: Inner = Inner()
    even: int = 2

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"must be even, got {value}. Add one")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Model:
        if self.least > self.whole:
            raise ValueError(f"least must be at most whole, got {self.least} and {self.whole}. Lower it.")
        return self


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("whole", "a whole number from 1 to 10"),
        ("least", "a whole number (at least 1)"),
        ("share", "a number (greater than 0, at most 1)"),
        ("below", "a number (less than 1)"),
        ("free", "a number"),
        ("name", "one of `one_hot`, `ordinal`"),
        ("only", "`balanced`"),
        ("mixed", "`auto` or a number (greater than 0)"),
        ("text", "a text of at least 1 characters"),
        ("switch", "true or false"),
        ("sizes", "a list of 1 to 4 entries, each a whole number from 1 to 512"),
        ("inner", "a mapping (lines of `key: value`)"),
    ],
)
def test_expectations_are_plain_words(key, words):
    assert expectation(fields(Model)[key]) == words


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"whole": 11}, "p.whole: must be a whole number from 1 to 10, got 11. The nearest valid value is 10."),
        ({"whole": 2.6}, "p.whole: must be a whole number from 1 to 10, got 2.6. The nearest valid value is 3."),
        ({"whole": 99.5}, "p.whole: must be a whole number from 1 to 10, got 99.5. The nearest valid value is 10."),
        ({"whole": math.nan}, "p.whole: must be a whole number from 1 to 10, got NaN. Correct it, or leave it out for "
                              "the default, 1."),
        ({"share": "0.1"}, 'p.share: must be a number (greater than 0, at most 1), got "0.1". Write it as a number, '
                           "without quotes."),
        ({"name": "OneHot"}, 'p.name: must be one of `one_hot`, `ordinal`, got "OneHot". Did you mean `one_hot`?'),
        ({"only": "all"}, 'p.only: must be `balanced`, got "all". Correct it.'),
        ({"text": True}, 'p.text: must be a text of at least 1 characters, got true. Put it in quotes: "true".'),
        ({"mixed": -1}, "p.mixed: must be `auto` or a number (greater than 0), got -1. Correct it."),
        ({"sizes": [0]}, "p.sizes: must be a list of 1 to 4 entries, each a whole number from 1 to 512, got [0]. "
                         "Correct it, or leave it out for the default, [1]."),
        ({"even": 3}, "p.even: must be even, got 3. Add one."),
        ({"least": 3}, "p: least must be at most whole, got 3 and 1. Lower it."),
        ({"nam": 1}, "p.nam: is not a thing, got 1. Did you mean `name`?"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_messages_say_what_was_expected_found_and_to_be_done(given, message):
    assert [problem.message for problem in check(Model, given, "p.", "thing")] == [message]


def test_one_problem_a_key_however_many_alternatives_failed():
    assert [problem.key for problem in check(Model, {"mixed": [], "sizes": [0, "a", None]})] == ["mixed", "sizes"]
