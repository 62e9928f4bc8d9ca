"""What `mlops algorithms` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from algorithms.errors import ParameterError
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.validation import expectation, fields
from algorithms.wording import did_you_mean, plain, shown


def list_algorithms() -> str:
    """A line per algorithm: name, learning type, tasks, title."""
    classes = [algorithm(name) for name in ALGORITHMS]
    return _columns([(each.name, each.learning_type(), ", ".join(each.task_types), each.title) for each in classes])


def list_hyperparameters(name: str) -> str:
    """A line per hyperparameter: name, default, what is expected; then its description and the default's source.

    Raises ParameterError, with the nearest name, if there is no such algorithm.
    """
    if name not in ALGORITHMS:
        message = f"algorithm: there is no such algorithm, got {shown(name)}. {did_you_mean(name, ALGORITHMS)}"
        raise ParameterError.of("algorithm", plain(name), message)
    found = algorithm(name)
    blocks = [_hyperparameter(key, schema) for key, schema in fields(found.params_model).items()]
    return "\n\n".join(
        [f"{found.name}: {found.title} ({found.learning_type()}: {', '.join(found.task_types)})", *blocks]
    )


def _hyperparameter(name: str, schema: dict[str, Any]) -> str:
    default = json.dumps(schema.get("default"))
    return "\n".join(
        [
            f"{name} = {default}",
            f"    {expectation(schema)}",
            f"    {schema.get('description', '')}",
            f"    Source of the default: {schema.get('source', 'none')}",
        ]
    )


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )
