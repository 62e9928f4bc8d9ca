"""The description of a served model."""

from __future__ import annotations

import json

import pytest

from steps.limits import Limits
from steps.media_types import ANSWER_TYPES, MEDIA_TYPES
from steps.openapi import describe


@pytest.fixture
def document(served):
    return describe(served(), Limits())


def test_it_is_json_and_its_references_lead_somewhere(document):
    text = json.dumps(document, allow_nan=False)
    names = document["components"]["schemas"].keys()
    assert {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]} == names


def test_it_names_the_columns_and_the_classes(document):
    row, prediction = (document["components"]["schemas"][name] for name in ("Row", "Prediction"))
    assert row["anyOf"][0]["required"] == ["size", "colour", "weight"]
    assert row["anyOf"][1]["description"] == "In this order: size, note, colour, weight"
    assert prediction["properties"]["probabilities"]["properties"].keys() == {"large", "small"}


def test_every_format_is_there(document):
    invocations = document["paths"]["/invocations"]["post"]
    assert invocations["requestBody"]["content"].keys() == MEDIA_TYPES.keys()
    assert invocations["responses"]["200"]["content"].keys() == set(ANSWER_TYPES.values())


def test_projections_have_no_probabilities(served):
    prediction = describe(served("pca", "dimensionality_reduction"), Limits())["components"]["schemas"]["Prediction"]
    assert prediction["properties"].keys() == {"prediction"}
    assert prediction["properties"]["prediction"]["description"] == "component_1, component_2"
