from __future__ import annotations

from typing import Any

import pytest

from local.definitions import Parameter
from local.parameters import ParameterValueError, bind


def parameter(kind: str, **more: Any) -> Parameter:
    return Parameter.model_validate({"Name": "P", "Type": kind, **more})


def given(value: str) -> list[dict[str, str]]:
    return [{"Name": "P", "Value": value}]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("String", "", ""),
        ("String", "1e5", "1e5"),
        ("Integer", "-7", -7),
        ("Float", "-1e308", -1e308),
        ("Float", "3", 3.0),
        ("Boolean", "true", True),
        ("Boolean", "False", False),
    ],
)
def test_a_value_gets_its_type(kind: str, text: str, value: Any) -> None:
    bound = bind([parameter(kind)], given(text))["P"]
    assert (bound, type(bound)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Integer", "1.0"),
        ("Integer", ""),
        ("Integer", "9" * 5000),
        ("Integer", "٣"),
        ("Float", "nan"),
        ("Float", "1e999"),
        ("Float", "1_0"),
        ("Float", "x"),
        ("Boolean", "yes"),
        ("String", "x" * 1025),
    ],
    ids=lambda value: value[:12],
)
def test_a_value_of_another_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ParameterValueError, match="P: must"):
        bind([parameter(kind)], given(text))


def test_defaults_are_used_and_typed() -> None:
    assert bind([parameter("Float", DefaultValue=1)], []) == {"P": 1.0}
    assert bind([parameter("String", DefaultValue="")], []) == {"P": ""}


def test_every_problem_is_told() -> None:
    parameters = [
        Parameter.model_validate({"Name": "Needed", "Type": "String"}),
        Parameter.model_validate({"Name": "Kind", "Type": "String", "EnumValues": ["a", "b"], "DefaultValue": "a"}),
        Parameter.model_validate({"Name": "Seed", "Type": "Integer", "DefaultValue": 0}),
    ]
    values = {"Kind": "c", "Seed": "x", "Extra": "1"}
    with pytest.raises(ParameterValueError) as raised:
        bind(parameters, [{"Name": k, "Value": v} for k, v in values.items()] + [{"Name": "Seed", "Value": "1"}])
    assert raised.value.problems[0] == "Extra: is no parameter of this pipeline."
    assert {problem.partition(":")[0] for problem in raised.value.problems} == {"Extra", "Needed", "Kind", "Seed"}
    assert "Kind: must be one of a, b, got 'c'." in raised.value.problems
    assert "Seed: is given more than once." in raised.value.problems
