"""The OpenAPI 3.1 description of a served model, with the columns that this model takes."""

from __future__ import annotations

import json
from typing import Any

from steps.limits import Limits
from steps.media_types import MEDIA_TYPES
from steps.predictor import Predictor

Json = dict[str, Any]

PARAMETERS = (
    "`Content-Type` may carry `header=present` or `header=absent` (CSV), and `invalid=missing`: texts in a number "
    "column count as missing, as in training. `Accept` may carry `probabilities=true` and `header=present`."
)
REFUSALS = {
    "400": "The body or a row is malformed; every problem is named by row and column.",
    "406": "No format that `Accept` allows.",
    "408": "The body did not come in time.",
    "413": "Too many bytes or rows.",
    "415": "A `Content-Type`, charset or `Content-Encoding` that is not read.",
    "503": "The service is ending.",
}


def describe(predictor: Predictor, limits: Limits) -> Json:
    """The document."""
    manifest = predictor.manifest
    title = f"{manifest.algorithm}, {manifest.task_type}"
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": str(manifest.schema_version), "description": PARAMETERS},
        "paths": {
            "/ping": {"get": _get("Whether the model can answer.", {"description": "It can."})},
            "/invocations": {"post": _invocations(predictor, limits)},
            "/execution-parameters": {"get": _get("For batch transform.", _answer("SageMaker's settings.", {}))},
        },
        "components": {
            "schemas": {
                "Row": predictor.row_schema,
                "Prediction": _prediction(predictor),
                "Error": _error(),
            }
        },
    }


def _get(summary: str, answer: Json) -> Json:
    return {"summary": summary, "responses": {"200": answer}}


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _invocations(predictor: Predictor, limits: Limits) -> Json:
    refused = {code: _answer(text, _reference("Error")) for code, text in REFUSALS.items()}
    answered = {"description": "One prediction a row, in the rows' order.", "content": _predictions()}
    probabilities = {
        "name": "probabilities",
        "in": "query",
        "description": "Class probabilities too; the same as in `Accept`. Classifiers only.",
        "schema": {"type": "boolean", "default": False},
    }
    return {
        "summary": f"Predicts at most {limits.rows} rows in {limits.body_bytes} bytes.",
        "parameters": [probabilities],
        "requestBody": {"required": True, "content": _rows(predictor)},
        "responses": {"200": answered, **refused},
    }


def _rows(predictor: Predictor) -> Json:
    rows = {"type": "array", "items": _reference("Row")}
    wrapped = {"type": "object", "properties": {"instances": rows}, "required": ["instances"]}
    example = {"instances": [predictor.example]}
    texts: Json = {name: {"schema": {"type": "string"}} for name in MEDIA_TYPES}
    lines = {"schema": {"type": "string"}, "example": json.dumps(predictor.example) + "\n"}
    return {
        **texts,
        "application/json": {"schema": {"anyOf": [wrapped, rows, _reference("Row")]}, "example": example},
        "application/jsonlines": lines,
    }


def _predictions() -> Json:
    texts: Json = {name: {"schema": {"type": "string"}} for name in ("text/csv", "application/jsonlines")}
    entries = {"type": "array", "items": _reference("Prediction")}
    whole = {"type": "object", "properties": {"predictions": entries}, "required": ["predictions"]}
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {**texts, "application/json": {"schema": whole}, "application/x-parquet": binary}


def _prediction(predictor: Predictor) -> Json:
    numbers = {"type": "array", "items": {"type": ["number", "null"]}, "description": ", ".join(predictor.names)}
    one: Json = {"description": "A label, a number or a cluster."}
    properties: Json = {"prediction": one if predictor.names == ["prediction"] else numbers}
    if predictor.classes is not None:
        properties["probabilities"] = {
            "type": "object",
            "properties": {str(label): {"type": "number"} for label in predictor.classes},
        }
    return {"type": "object", "properties": properties, "required": ["prediction"]}


def _error() -> Json:
    place = {"row": {"type": ["integer", "null"]}, "column": {"type": ["string", "null"]}}
    problem = {"type": "object", "properties": {"message": {"type": "string"}, **place}}
    properties = {
        "error": {"type": "string"},
        "problems": {"type": "array", "items": problem},
        "more": {"type": "integer", "description": "Problems that did not fit."},
    }
    return {"type": "object", "properties": properties, "required": ["error"]}
