"""The picture of a pipeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.web.board.graph import HEIGHT, WIDTH, draw
from pipelines.definitions import ALL_PIPELINES, load_definition

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(name, state, **more):
    return {"StepName": name, "StepStatus": state, "StartTime": START, "EndTime": START + timedelta(seconds=2), **more}


@pytest.mark.parametrize("pipeline", ALL_PIPELINES)
def test_every_step_has_a_place_of_its_own_inside(pipeline):
    picture = draw(load_definition(pipeline), [])
    assert {node.state for node in picture.nodes} == {""}
    assert len({(node.x, node.y) for node in picture.nodes}) == len(picture.nodes)
    for node in picture.nodes:
        assert 0 <= node.x <= picture.width - WIDTH
        assert 0 <= node.y <= picture.height - HEIGHT


def test_states_and_durations():
    steps = [
        step("Prepare", "Succeeded", CacheHitResult={"SourcePipelineExecutionArn": "a"}),
        step("Train", "Executing"),
    ]
    del steps[1]["EndTime"]
    found = {node.name: node for node in draw(load_definition("supervised"), steps).nodes}
    assert (found["Prepare"].told, found["Prepare"].seconds) == ("done, re-used", "2.0 s")
    assert (found["Train"].told, found["Train"].seconds) == ("running", "")
    assert found["RegisterModel"].told == "to come"


def test_the_condition_leads_to_both_branches():
    picture = draw(load_definition("supervised"), [])
    by_name = {node.name: node for node in picture.nodes}
    check, ends = by_name["CheckScore"], [by_name["RegisterModel"], by_name["BelowThreshold"]]
    for end in ends:
        assert (check.x + WIDTH, check.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2) in picture.lines
