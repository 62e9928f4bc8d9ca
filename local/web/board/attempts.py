"""What the board shows of runs: every attempt, with filters, and a hyperparameter against the score."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambda_bridge.sentences import inline, number
from local.store import Store

PAGE = 50
MOST_POINTS = 500
LIST = """
SELECT r.issue, json_extract(r.document, '$.request.algorithm') AS algorithm,
       coalesce(json_extract(r.document, '$.request.dataset_id'), json_extract(r.document, '$.request.environment'))
           AS source,
       a.value AS attempt
FROM run_records r, json_each(r.document, '$.attempts') a
WHERE (?1 = '' OR r.group_name LIKE '%-' || replace(?1, '_', '-') || '-%')
  AND (?1 = '' OR algorithm = ?1) AND (?2 = '' OR source = ?2)
  AND (?3 = '' OR json_extract(a.value, '$.status') = ?3)
ORDER BY r.issue DESC, json_extract(a.value, '$.number') DESC LIMIT ?4 OFFSET ?5
"""
LEFT, TOP, WIDE, HIGH = 60, 16, 620, 260
"""The plot's place, in pixels."""


@dataclass(frozen=True)
class Filter:
    """Which attempts; empty: all."""

    algorithm: str = ""
    source: str = ""
    status: str = ""


@dataclass(frozen=True)
class AttemptLine:
    """One attempt."""

    issue: int
    number: int
    algorithm: str
    source: str
    status: str
    metric: str
    value: float | None
    seconds: float
    hyperparameters: dict[str, Any]

    @property
    def score(self) -> str:
        """The primary metric, for people."""
        return f"{self.metric} {number(self.value)}" if self.metric else ""

    @property
    def settings(self) -> str:
        """The hyperparameters as `name=value`."""
        return ", ".join(f"{name}={inline(value)}" for name, value in self.hyperparameters.items())


@dataclass(frozen=True)
class Plot:
    """Points in pixels, and what stands at the axes."""

    name: str
    metric: str
    points: tuple[tuple[float, float, str], ...]
    x_range: tuple[str, str]
    y_range: tuple[str, str]


def list_attempts(store: Store, chosen: Filter, page: int, size: int = PAGE) -> tuple[list[AttemptLine], bool]:
    """One page, newest first, and whether there is another one."""
    values = (chosen.algorithm, chosen.source, chosen.status, size + 1, size * (page - 1))
    rows = store.rows(LIST, *values)
    return [_line(row) for row in rows[:size]], len(rows) > size


def _line(row: Any) -> AttemptLine:
    attempt = json.loads(row["attempt"])
    primary = (attempt.get("metrics") or {}).get("primary") or {}
    return AttemptLine(
        row["issue"],
        attempt["number"],
        row["algorithm"] or "",
        row["source"] or "",
        attempt.get("status") or "",
        primary.get("name", ""),
        primary.get("value"),
        attempt.get("seconds", 0.0),
        attempt.get("chosen") or attempt.get("hyperparameters") or {},
    )


def names_of(lines: Sequence[AttemptLine]) -> list[str]:
    """Hyperparameters with numbers in more than one attempt, sorted."""
    found = [name for line in lines for name, value in line.hyperparameters.items() if _is_number(value)]
    return sorted({name for name in found if found.count(name) > 1})


def plot(lines: Sequence[AttemptLine], name: str) -> Plot | None:
    """The hyperparameter against the metric that most of these attempts have; None for less than two points."""
    with_value = [line for line in lines if line.value is not None and _is_number(line.hyperparameters.get(name))]
    metrics = [line.metric for line in with_value]
    metric = max(metrics, key=metrics.count, default="")
    shown = [line for line in with_value if line.metric == metric]
    if len(shown) < 2:
        return None
    xs, ys = [float(line.hyperparameters[name]) for line in shown], [float(line.value or 0.0) for line in shown]
    places = zip(_scaled(xs, LEFT, WIDE), _scaled(ys, TOP + HIGH, -HIGH), shown, strict=True)
    points = tuple((x, y, f"issue {line.issue}, attempt {line.number}: {line.score}") for x, y, line in places)
    ranges = [(number(min(values)), number(max(values))) for values in (xs, ys)]
    return Plot(name, metric, points, ranges[0], ranges[1])


def _scaled(values: Sequence[float], start: float, length: float) -> list[float]:
    low, high = min(values), max(values)
    return [round(start + (length * (value - low) / (high - low) if high > low else length / 2), 1) for value in values]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
