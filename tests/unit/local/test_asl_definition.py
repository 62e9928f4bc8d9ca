"""A definition is understood as a whole, or refused with everything that is not."""

from __future__ import annotations

import copy

import pytest

from lambda_bridge.workflow import load_workflow
from local.asl_definition import DefinitionError, check


@pytest.fixture
def definition():
    return copy.deepcopy(load_workflow("task"))


def test_the_workflow_is_understood(definition):
    check(definition)


def at(definition, path):
    """The part at a path such as Judge.Retry.0, from the states down."""
    part = definition["States"]
    for name in path.split("."):
        part = part[int(name)] if name.isdigit() else part[name]
    return part


@pytest.mark.parametrize(
    ("path", "key", "value", "told"),
    [
        ("Init", "Type", "Parallel", "Parallel"),
        ("Init", "Next", "Nowhere", "name of a state"),
        ("Init", "QueryLanguage", "JSONata", "QueryLanguage"),
        ("Init.Parameters", "list", [{"a.$": "$.issue"}], "list"),
        ("Init.Parameters", "id.$", "States.UUID()", "id.$"),
        ("Init.Parameters", "all.$", "$.items[*]", "all.$"),
        ("Init.Parameters.verdict", "all.$", 5, "all.$"),
        ("Judge", "HeartbeatSeconds", 5, "HeartbeatSeconds"),
        ("Judge", "Resource", "arn:aws:states:::sqs:sendMessage", "Resource"),
        ("Judge", "TimeoutSeconds", "900", "TimeoutSeconds"),
        ("Judge", "TimeoutSeconds", 0, "TimeoutSeconds"),
        ("Judge", "ResultPath", "$$.Task.Token", "ResultPath"),
        ("Judge", "End", True, "End"),
        ("Judge.Parameters", "Qualifier", "3", "Qualifier"),
        ("Judge.Retry.0", "JitterStrategy", "HALF", "JitterStrategy"),
        ("Judge.Retry.0", "BackoffRate", 0.5, "BackoffRate"),
        ("Judge.Retry.0", "ErrorEquals", [], "ErrorEquals"),
        ("Judge.Catch.0", "ErrorEquals", ["States.ALL", "PlatformError"], "States.ALL"),
        ("Judge.Catch.0", "Next", "Nowhere", "name of a state"),
        ("IsItGoodEnough", "Default", "Nowhere", "name of a state"),
        ("IsItGoodEnough.Choices.0", "StringMatches", "x*", "StringMatches"),
        ("IsItGoodEnough.Choices.0", "BooleanEquals", True, "one of"),
        ("IsItGoodEnough.Choices.0", "Variable", "$$.State.Name", "Variable"),
        ("IsItGoodEnough.Choices.1", "And", [], "And"),
        ("IsItGoodEnough.Choices.1.And.1", "And", [], "And"),
        ("IsItGoodEnough.Choices.1.And.1", "NumericGreaterThan", "0", "NumericGreaterThan"),
    ],
)
def test_what_is_not_understood_is_refused(definition, path, key, value, told):
    at(definition, path)[key] = value
    with pytest.raises(DefinitionError) as raised:
        check(definition)
    assert told in str(raised.value)
    assert path.split(".")[0] in str(raised.value)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("Judge", "TimeoutSeconds"),
        ("Judge.Parameters", "FunctionName"),
        ("IsItGoodEnough", "Default"),
        ("Init", "Next"),
    ],
)
def test_what_is_missing_is_named(definition, path, key):
    del at(definition, path)[key]
    with pytest.raises(DefinitionError, match=key):
        check(definition)


def test_everything_is_told_at_once(definition):
    at(definition, "Judge")["HeartbeatSeconds"] = 5
    at(definition, "Init")["Type"] = "Parallel"
    at(definition, "AskOperator")["Next"] = "Nowhere"
    definition["TimeoutSeconds"] = 5
    with pytest.raises(DefinitionError) as raised:
        check(definition)
    assert len(str(raised.value).splitlines()) == 4


@pytest.mark.parametrize("broken", [{}, {"StartAt": "A", "States": []}, {"StartAt": "A", "States": {"A": 3}}])
def test_a_definition_of_another_shape(broken):
    with pytest.raises(DefinitionError):
        check(broken)
