"""Predictions as bytes."""

from __future__ import annotations

import io
import json

import pytest
from pyarrow import parquet

from steps.answer_formats import write_answer
from steps.media_types import Wanted
from steps.predictor import Predictions

LABELS = Predictions(["a, b", "c"], ["prediction"])
LIKELY = Predictions(["a", "c"], ["prediction"], ["a", "c"], [[0.75, 0.25], [0.5, 0.5]])
PLANE = Predictions([[0.5, None], [1.0, -2.0]], ["component_1", "component_2"])


@pytest.mark.parametrize(
    ("predictions", "text"),
    [
        (LABELS, 'prediction\n"a, b"\nc\n'),
        (LIKELY, "prediction,probability_a,probability_c\na,0.75,0.25\nc,0.5,0.5\n"),
        (PLANE, "component_1,component_2\n0.5,\n1.0,-2.0\n"),
    ],
)
def test_csv(predictions, text):
    assert write_answer(predictions, Wanted("csv"), True) == (text.encode(), "text/csv; charset=utf-8; header=present")
    without = text.partition("\n")[2].encode()
    assert write_answer(predictions, Wanted("csv", header=False), True) == (
        without,
        "text/csv; charset=utf-8; header=absent",
    )
    assert write_answer(predictions, Wanted("csv"), False)[0] == without
    assert write_answer(predictions, Wanted("csv", header=True), False)[0] == text.encode()


def test_json():
    body, media_type = write_answer(LIKELY, Wanted("json"), False)
    assert media_type == "application/json"
    assert json.loads(body) == {
        "predictions": [
            {"prediction": "a", "probabilities": {"a": 0.75, "c": 0.25}},
            {"prediction": "c", "probabilities": {"a": 0.5, "c": 0.5}},
        ]
    }


def test_json_lines():
    body, media_type = write_answer(PLANE, Wanted("jsonlines"), False)
    assert media_type == "application/jsonlines"
    assert [json.loads(line) for line in body.splitlines()] == [
        {"prediction": [0.5, None]},
        {"prediction": [1.0, -2.0]},
    ]


@pytest.mark.parametrize("predictions", [LABELS, LIKELY, PLANE])
def test_parquet_holds_the_columns_of_the_csv(predictions):
    table = parquet.read_table(io.BytesIO(write_answer(predictions, Wanted("parquet"), False)[0]))
    header = write_answer(predictions, Wanted("csv"), True)[0].decode().partition("\n")[0]
    assert ",".join(table.column_names) == header
    assert table.num_rows == 2


@pytest.mark.parametrize("format_", ["csv", "json", "jsonlines", "parquet"])
def test_no_rows(format_):
    write_answer(Predictions([], ["prediction"]), Wanted(format_), False)
