"""The state machine, as committed. Light."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

FUNCTION = "${TaskFunctionArn}"
"""What a deployment puts the task function's ARN in the place of."""


def load_workflow(function: str) -> dict[str, Any]:
    """workflow.asl.json, calling `function`."""
    text = files(__package__ or "lambda_bridge").joinpath("workflow.asl.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.replace(FUNCTION, function))
    return found
