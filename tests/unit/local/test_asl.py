"""Templates, paths, choices, errors and pauses, as the specification has them."""

from __future__ import annotations

import pytest

from local.asl import RuntimeStateError, as_json, choose, delay, fill, matches, put, read

DATA = {"issue": 7, "verdict": {"outcome": "registered", "retries_left": 1, "late": False}}
CONTEXT = {"Task": {"Token": "abc"}}


def test_a_template_reads_data_and_context():
    template = {"task": "judge", "inner": {"issue.$": "$.issue", "all.$": "$"}, "token.$": "$$.Task.Token"}
    assert fill(template, DATA, CONTEXT) == {
        "task": "judge",
        "inner": {"issue": 7, "all": DATA},
        "token": "abc",
    }


@pytest.mark.parametrize("path", ["$.none", "$.issue.none", "$.verdict.none"])
def test_a_path_that_leads_nowhere(path):
    with pytest.raises(RuntimeStateError, match="leads nowhere"):
        read(path, DATA)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("$", 1),
        (None, {"a": {"b": 0}, "c": 2}),
        ("$.c", {"a": {"b": 0}, "c": 1}),
        ("$.a.b", {"a": {"b": 1}, "c": 2}),
        ("$.a.new.inner", {"a": {"b": 0, "new": {"inner": 1}}, "c": 2}),
        ("$.c.inner", {"a": {"b": 0}, "c": {"inner": 1}}),
    ],
)
def test_a_result_is_put_at_its_path(path, wanted):
    data = {"a": {"b": 0}, "c": 2}
    assert put(data, path, 1) == wanted
    assert data == {"a": {"b": 0}, "c": 2}


@pytest.mark.parametrize(
    ("comparison", "wanted"),
    [
        ({"Variable": "$.verdict.outcome", "StringEquals": "registered"}, "There"),
        ({"Variable": "$.verdict.outcome", "StringEquals": "failed"}, "Else"),
        ({"Variable": "$.issue", "StringEquals": "7"}, "Else"),
        ({"Variable": "$.verdict.late", "BooleanEquals": False}, "There"),
        ({"Variable": "$.verdict.retries_left", "BooleanEquals": True}, "Else"),
        ({"Variable": "$.verdict.retries_left", "NumericGreaterThan": 0}, "There"),
        ({"Variable": "$.verdict.retries_left", "NumericGreaterThan": 1}, "Else"),
        ({"Variable": "$.verdict.late", "NumericGreaterThan": -1}, "Else"),
    ],
)
def test_a_comparison_knows_types(comparison, wanted):
    assert choose({"Choices": [{**comparison, "Next": "There"}], "Default": "Else"}, DATA) == wanted
    holds = {"Variable": "$.issue", "NumericGreaterThan": 6}
    assert choose({"Choices": [{"And": [holds, comparison], "Next": "There"}], "Default": "Else"}, DATA) == wanted


@pytest.mark.parametrize(
    ("names", "error", "wanted"),
    [
        (["PlatformError"], "PlatformError", True),
        (["PlatformError"], "KeyError", False),
        (["States.ALL"], "KeyError", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.TaskFailed"], "KeyError", True),
        (["States.TaskFailed"], "States.Timeout", False),
    ],
)
def test_errors_match_as_the_service_has_it(names, error, wanted):
    assert matches(names, error) is wanted


def test_pauses_grow_up_to_their_limit():
    retrier = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 10}
    assert [delay(retrier, number, lambda: 0.5) for number in range(4)] == [2, 4, 8, 10]
    assert delay({**retrier, "JitterStrategy": "FULL"}, 3, lambda: 0.5) == 5
    assert [delay({}, number, lambda: 0.5) for number in range(3)] == [1, 2, 4]


def test_a_result_is_what_json_makes_of_it():
    assert as_json({"problems": (1, 2)}) == {"problems": [1, 2]}
    for result in ({"x": object()}, {"x": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            as_json(result)
