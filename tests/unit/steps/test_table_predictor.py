"""Table models that answer: the same predictions whatever the format, and as the model gives them itself."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from steps.limits import Limits
from steps.media_types import Content
from steps.predictor import CHUNK_ROWS, NO_DEADLINE, Rows
from steps.refusals import RefusedError

LIMITS = Limits(batch=False)
ROWS = [
    {"size": 2, "colour": "red", "weight": 1.5},
    {"size": 9.5, "colour": "purple", "weight": None},
    {"size": None, "colour": None, "weight": 3},
]
NAMED_CSV = "weight,id,size,colour\n1.5,7,2,red\n?,8,9.5,purple\n3,9,,\n"
PLACED_CSV = "2,,red,1.5\n9.5,,purple,-1\n,,,3\n"


def predict(predictor, body, content, probabilities=False, limits=LIMITS):
    rows = predictor.read(body.encode() if isinstance(body, str) else body, content, limits)
    return predictor.predict(rows, probabilities, NO_DEADLINE)


def refused(predictor, body, content=Content("json"), limits=LIMITS):  # noqa: B008 (frozen)
    with pytest.raises(RefusedError) as caught:
        predict(predictor, body, content, limits=limits)
    return caught.value


def as_parquet():
    file = io.BytesIO()
    pd.DataFrame(ROWS).to_parquet(file)
    return file.getvalue()


BODIES = [
    (json.dumps(ROWS), Content("json")),
    (json.dumps({"instances": ROWS}), Content("json")),
    (json.dumps([[row["size"], "not used", row["colour"], row["weight"]] for row in ROWS]), Content("json")),
    ("\n".join(map(json.dumps, ROWS)), Content("jsonlines")),
    (NAMED_CSV, Content("csv")),
    (NAMED_CSV.replace(",", ";"), Content("csv", True)),
    (PLACED_CSV, Content("csv")),
    (PLACED_CSV, Content("csv", False)),
    (as_parquet(), Content("parquet")),
]


@pytest.mark.parametrize(("body", "content"), BODIES)
def test_every_format_says_the_same(served, body, content):
    predictor = served()
    found = predict(predictor, body, content, probabilities=True)
    model = predictor._model
    frame = pd.DataFrame(ROWS)
    assert found.values == model.predict(frame).tolist()
    assert found.classes == ["large", "small"]
    assert found.probabilities == model.probabilities(model.features.transform(frame)).tolist()
    assert found.values[:2] == ["small", "large"]


@pytest.mark.parametrize(
    ("name", "task_type", "kind"),
    [
        ("random_forest", "classification", str),
        ("linear_regression", "regression", float),
        ("kmeans", "clustering", int),
        ("xgboost", "classification", str),
    ],
)
def test_one_value_a_row(served, name, task_type, kind):
    found = predict(served(name, task_type), json.dumps(ROWS), Content("json"))
    assert [type(value) for value in found.values] == [kind] * 3
    assert (found.names, found.probabilities) == (["prediction"], None)


def test_projections_are_named(served):
    found = predict(served("pca", "dimensionality_reduction"), json.dumps(ROWS), Content("json"))
    assert found.names == ["component_1", "component_2"]
    assert [len(value) for value in found.values] == [2, 2, 2]


def test_only_the_columns_that_the_model_uses_are_needed(served):
    error = refused(served(), '[{"note": "n1"}]')
    assert [problem.column for problem in error.problems] == ["size", "colour", "weight"]


def test_a_header_tells_that_columns_were_named(served):
    assert served().read(NAMED_CSV.encode(), Content("csv"), LIMITS).header
    assert not served().read(PLACED_CSV.encode(), Content("csv"), LIMITS).header


def test_probabilities_of_a_model_without(served):
    rows = served("kmeans", "clustering").read(json.dumps(ROWS).encode(), Content("json"), LIMITS)
    with pytest.raises(RefusedError, match="probabilities: kmeans gives none") as caught:
        served("kmeans", "clustering").predict(rows, True, NO_DEADLINE)
    assert caught.value.status == 400


def test_texts_in_a_number_column(served):
    body = '[{"size": "big", "colour": "red", "weight": "?"}]'
    assert 'row 1, "size": must be a number, got "big"' in str(refused(served(), body))
    found = predict(served(), body, Content("json", strays_missing=True))
    assert found.values == predict(served(), body.replace('"big"', "null"), Content("json")).values


@pytest.mark.parametrize(
    ("body", "content", "status"),
    [
        ("[]", Content("json"), 400),
        ('{"instances": []}', Content("json"), 400),
        ("size,colour,weight\n", Content("csv"), 400),
        ("\n".join(["1,x,red,2"] * 5), Content("csv"), 413),
        (json.dumps([[1, 2, 3, 4]] * 5), Content("json"), 413),
        ("[1, 2, 3, 4]\n" * 5, Content("jsonlines"), 413),
        (as_parquet(), Content("csv"), 400),
        ("1,2,3\n", Content("parquet"), 400),
        ("1,red,2\n", Content("csv"), 400),
    ],
)
def test_tables_that_are_not_taken(served, body, content, status):
    assert refused(served(), body, content, Limits(rows=4)).status == status


class TestBatch:
    """SageMaker cuts a file at its lines, so each piece must be answered line by line on its own."""

    limits = Limits(batch=True)

    def test_a_header_in_the_order_of_the_training_file(self, served):
        body = "size,note,colour,weight\n" + PLACED_CSV
        assert predict(served(), body, Content("csv"), limits=self.limits).values == (
            predict(served(), PLACED_CSV, Content("csv"), limits=self.limits).values
        )

    def test_a_header_alone(self, served):
        rows = served().read(b"size,note,colour,weight\n", Content("csv"), self.limits)
        assert rows.header
        assert served().predict(rows, True, NO_DEADLINE).values == []

    def test_a_header_in_another_order_would_not_fit_the_next_piece(self, served):
        assert "must be the training file's features in their order" in str(
            refused(served(), NAMED_CSV, Content("csv"), self.limits)
        )


def test_parts_are_put_together_in_order(served):
    predictor = served("linear_regression", "regression")
    n = CHUNK_ROWS + 7
    frame = pd.DataFrame({"size": np.arange(n) % 13.0, "colour": ["red"] * n, "weight": np.arange(n) % 11.0})
    found = predictor.predict(Rows(frame), False, NO_DEADLINE).values
    assert found == predictor._model.predict(frame).tolist()


def test_the_deadline_is_asked_before_each_part(served):
    class Deadline:
        asked = 0

        def check(self):
            self.asked += 1
            if self.asked == 2:
                raise RefusedError.of(413, "late")

    frame = pd.DataFrame([ROWS[0]] * (CHUNK_ROWS + 1))
    with pytest.raises(RefusedError, match="late"):
        served().predict(Rows(frame), False, Deadline())


def test_the_example_is_a_row(served):
    assert len(predict(served(), json.dumps(served().example), Content("json")).values) == 1


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.none(), max_size=2)
json_values = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["size", "colour", "weight", "x"]), inner)
    ),
)
slow = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@slow
@given(json_values | st.lists(st.fixed_dictionaries({"size": values, "colour": values, "weight": values}), max_size=3))
@example([{"size": 10**400, "colour": 10**30, "weight": "1e999"}])
@example([{"size": "1\0", "colour": "\0", "weight": True}, {"size": 1, "colour": True, "weight": 1}])
def test_any_json_is_answered_or_refused(served, value):
    assert status(served(), json.dumps(value), Content("json", strays_missing=True)) in (200, 400)
    assert status(served(), json.dumps(value), Content("json")) in (200, 400)


@slow
@given(st.lists(st.lists(st.text(max_size=5), min_size=4, max_size=4).map(",".join), max_size=3).map("\n".join))
def test_any_csv_is_answered_or_refused(served, text):
    assert status(served(), text.encode("utf-8", "replace"), Content("csv", strays_missing=True)) in (200, 400)


def status(predictor, body, content):
    try:
        predict(predictor, body, content)
    except RefusedError as error:
        return error.status
    return 200
