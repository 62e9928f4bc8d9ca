"""A pipeline as a picture: the steps in a row, the branches of a condition below each other at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lambda_bridge.step_table import STATES, duration, title_of
from pipelines.language import say

WIDTH, HEIGHT, GAP = 184, 56, 30
"""Of a step, and between two."""


@dataclass(frozen=True)
class Node:
    """A step of the picture, in pixels. `state` is as SageMaker names it, empty before the step has begun."""

    name: str
    title: str
    state: str
    told: str
    seconds: str
    x: int
    y: int


@dataclass(frozen=True)
class Graph:
    """What the template draws. `lines` are from the right side of one step to the left side of another."""

    nodes: tuple[Node, ...]
    lines: tuple[tuple[int, int, int, int], ...]
    width: int
    height: int


def draw(definition: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> Graph:
    """The picture of a compiled definition.

    Parameters
    ----------
    steps : ListPipelineExecutionSteps
    """
    known = {step["StepName"]: step for step in steps}
    columns = _columns(definition["Steps"])
    tallest = max(map(len, columns))
    nodes = [
        [_node(step, known.get(step["Name"]), x, row, len(column), tallest) for row, step in enumerate(column)]
        for x, column in enumerate(columns)
    ]
    lines = [
        (one.x + WIDTH, one.y + HEIGHT // 2, other.x, other.y + HEIGHT // 2)
        for left, right in pairwise(nodes)
        for one in left
        for other in right
    ]
    flat = tuple(node for column in nodes for node in column)
    return Graph(flat, tuple(lines), len(columns) * (WIDTH + GAP) - GAP, tallest * (HEIGHT + GAP) - GAP)


def _columns(steps: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    columns: list[list[Mapping[str, Any]]] = []
    for step in steps:
        columns.append([step])
        arguments = step["Arguments"]
        branches = [*arguments.get("IfSteps", ()), *arguments.get("ElseSteps", ())]
        columns += [branches] if branches else []
    return columns


def _node(step: Mapping[str, Any], found: Mapping[str, Any] | None, x: int, row: int, rows: int, tallest: int) -> Node:
    state = str(found["StepStatus"]) if found else ""
    told = say(STATES[state]).partition(" ")[2] if state in STATES else state or say("to come")
    if found and found.get("CacheHitResult"):
        told = say("{state}, re-used", state=told)
    top = (tallest - rows) * (HEIGHT + GAP) // 2
    seconds = duration(found) if found else ""
    title = title_of(step["Name"], step.get("DisplayName"))
    return Node(step["Name"], title, state, told, seconds, x * (WIDTH + GAP), top + row * (HEIGHT + GAP))
