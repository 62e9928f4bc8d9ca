from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from local.definitions import DefinitionError, Step, parse
from pipelines.definitions import LEARNING_TYPES, load_definition

VERSION = "2020-12-01"


def step(name: str, kind: str = "Processing", **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Arguments": {}, **more}


def definition(*steps: dict[str, Any]) -> str:
    return json.dumps({"Version": VERSION, "Parameters": [], "Steps": list(steps)})


def using(name: str, *gets: str) -> dict[str, Any]:
    return step(name, Arguments={"values": [{"Get": get} for get in gets]})


def condition(name: str, *branch: dict[str, Any], **conditions: Any) -> dict[str, Any]:
    listed = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1, **conditions}]
    return step(name, "Condition", Arguments={"Conditions": listed, "IfSteps": list(branch), "ElseSteps": []})


@pytest.mark.parametrize("learning_type", LEARNING_TYPES)
def test_the_committed_definitions_are_understood(learning_type: Any) -> None:
    found = parse(json.dumps(load_definition(learning_type)))
    steps = {step.name: step for step in found.all_steps()}
    assert steps["Prepare"].dependencies == set()
    assert steps["Evaluate"].dependencies == {"Prepare", "Train"}
    assert steps["CheckScore"].dependencies == {"Evaluate"}
    assert steps["Prepare"].cache_config.expire_after == timedelta(days=30)
    assert not steps["Train"].cache_config.enabled
    assert [step.name for step in steps["CheckScore"].branch(False)] == ["BelowThreshold"]


def test_dependencies_come_from_values_and_from_depends_on() -> None:
    found = Step.model_validate({**using("C", "Steps.A.x", "Parameters.P"), "DependsOn": ["B"]})
    assert found.dependencies == {"A", "B"}


@pytest.mark.parametrize(
    ("text", "duration"),
    [("P30D", timedelta(days=30)), ("p30d", timedelta(days=30)), ("30dT5h", timedelta(days=30, hours=5))],
)
def test_durations_as_the_service_takes_them(text: str, duration: timedelta) -> None:
    found = Step.model_validate(step("A", CacheConfig={"Enabled": True, "ExpireAfter": text}))
    assert found.cache_config.expire_after == duration


REFUSED = {
    "no_json": ("{", "must be JSON"),
    "other_version": ('{"Version": "1", "Steps": []}', "Version"),
    "no_steps": (definition(), "Steps: List should have at least 1 item"),
    "unknown_type": (definition(step("A", "Lambda")), "Steps.0.Type: Input should be"),
    "illegal_name": (definition(step("../a")), "Steps.0.Name"),
    "same_name": (definition(step("A"), step("A")), "A: the name of a step must be unique"),
    "same_name_in_a_branch": (definition(step("A"), condition("B", step("A"))), "A: the name of a step must be unique"),
    "broken_branch": (definition(condition("B", {"Name": "C"})), "Type: Field required"),
    "unknown_step": (definition(using("A", "Steps.B.x")), "A: depends on 'B', which is no step"),
    "unknown_depends_on": (definition(step("A", DependsOn=["B"])), "A: depends on 'B', which is no step"),
    "unknown_parameter": (definition(using("A", "Parameters.P")), "A: Parameters.P is not defined"),
    "unknown_variable": (definition(using("A", "Execution.P")), "A: Execution.P is not defined"),
    "unknown_condition": (definition(condition("A", Type="Maybe")), "A: the condition 'Maybe' is unknown"),
    "unknown_inner_condition": (
        definition(condition("A", Type="Not", Condition={"Type": "Maybe"})),
        "A: the condition 'Maybe' is unknown",
    ),
    "circle": (definition(using("A", "Steps.B.x"), using("B", "Steps.A.x")), "wait for each other in a circle"),
    "circle_through_a_branch": (
        definition(condition("C", step("D"), LeftValue={"Get": "Steps.D.x"})),
        "wait for each other in a circle",
    ),
    "conditions_of_another_shape": (
        definition(step("A", "Condition", Arguments={"Conditions": ["x"]})),
        "of another shape",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_is_refused_before_anything_runs(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    assert message in str(raised.value)


def test_every_problem_is_told() -> None:
    with pytest.raises(DefinitionError) as raised:
        parse(definition(using("A", "Steps.B.x", "Parameters.P"), using("C", "Execution.Nothing")))
    assert len(raised.value.problems) == 3
