from __future__ import annotations

from typing import Any

import pytest

from local.expressions import ExpressionError, Scope, references, resolve, strict_json, to_string

REPORT = '{"metrics": {"primary": {"score": 0.9}, "list": [{"x": 1}, {"x": 2}]}}'


@pytest.fixture
def scope() -> Scope:
    return Scope(
        parameters={"Seed": 7, "Name": "iris", "Threshold": -1e308, "On": True},
        execution={"Execution.PipelineExecutionId": "abc", "PipelineExecutionId": "abc"},
        properties={"Prepare": {"Outputs": {"train": {"S3Uri": "s3://b/k"}}, "List": [{"x": 1}]}},
        read_property_file=lambda step, name: {"Evaluate/Report": REPORT}[f"{step}/{name}"],
        read_object=lambda uri: {"s3://b/report.json": REPORT}[uri],
    )


def join(on: str, *values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def json_get(path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": path}}


VALUES = [
    ({"Get": "Parameters.Seed"}, 7),
    ({"Get": "Execution.PipelineExecutionId"}, "abc"),
    ({"Get": "Steps.Prepare.Outputs['train'].S3Uri"}, "s3://b/k"),
    ({"Get": "Steps.Prepare.List[0].x"}, 1),
    (join("/", "s3://b", {"Get": "Parameters.Name"}, join("-", 1, {"Get": "Parameters.Seed"})), "s3://b/iris/1-7"),
    (join("", {"Get": "Parameters.Threshold"}), "-1e+308"),
    (join("", {"Get": "Parameters.On"}), "true"),
    (json_get("metrics.primary.score"), 0.9),
    (json_get("metrics['list'][1].x"), 2),
    ({"Std:JsonGet": {"S3Uri": join("/", "s3://b", "report.json"), "Path": "metrics.primary.score"}}, 0.9),
    ({"a": [{"b": {"Get": "Parameters.Name"}}], "Get": 1}, {"a": [{"b": "iris"}], "Get": 1}),
    (None, None),
]


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=range(len(VALUES)))
def test_resolve(scope: Scope, expression: Any, value: Any) -> None:
    assert resolve(expression, scope) == value


@pytest.mark.parametrize(
    "expression",
    [
        {"Get": "Parameters.Nothing"},
        {"Get": "Execution.Nothing"},
        {"Get": "Elsewhere.x"},
        {"Get": "Steps.Prepare.Nothing"},
        {"Get": "Steps.Train.Outputs"},
        {"Get": "Steps.Prepare.List[9]"},
        {"Get": "Steps.Prepare[["},
        json_get("metrics.primary.nothing"),
        json_get("metrics.primary.score.deeper"),
    ],
    ids=str,
)
def test_what_has_no_value_raises(scope: Scope, expression: Any) -> None:
    with pytest.raises(ExpressionError):
        resolve(expression, scope)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "-1e999", "{", "", '{"a": NaN}'])
def test_only_strict_json_is_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        strict_json(text)


def test_a_report_that_is_no_json_raises(scope: Scope) -> None:
    broken = Scope({}, {}, {}, lambda step, name: '{"metrics": NaN}', lambda uri: "")
    with pytest.raises(ExpressionError, match="must be strict JSON, got NaN"):
        resolve(json_get("metrics"), broken)


def test_references_are_found_at_any_depth() -> None:
    found = references([join("/", {"Get": "Parameters.A"}), {"x": json_get("p")}, {"y": [{"Get": "Steps.B.c"}]}])
    assert found == {"Parameters.A", "Steps.Evaluate.PropertyFiles.Report", "Steps.B.c"}


def test_to_string() -> None:
    assert [to_string(value) for value in ("a", 1, 0.8, False)] == ["a", "1", "0.8", "false"]
