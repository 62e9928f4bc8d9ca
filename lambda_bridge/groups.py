"""How a model does for the groups of sensitive columns, in words and figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_bridge.inert import code
from lambda_bridge.sentences import bullets, number
from pipelines.language import say
from pipelines.markdown import table

Column = Mapping[str, Any]
MOST_COLUMNS = 5


def fairness_section(evaluation: Mapping[str, Any], heading: str = "####") -> str:
    """A table and what it says for each sensitive column; empty where none was named."""
    columns = (evaluation.get("fairness") or [])[:MOST_COLUMNS]
    parts = [part for column in columns for part in (_table(column), bullets(_said(column)))]
    return "\n\n".join([say("{heading} Fairness by group", heading=heading), *parts]) if parts else ""


def _table(column: Column) -> str:
    selected = column.get("positive") is not None
    head = [code(column["column"]), say("test rows"), column["metric"], say("95 % interval")]
    head += [say("predicted {positive}", positive=code(column["positive"]))] if selected else []
    return table(head, [_row(group, selected) for group in column["groups"]])


def _row(group: Mapping[str, Any], selected: bool) -> list[str]:
    interval = group["ci95"]
    range_ = say("{low} to {high}", low=number(interval[0]), high=number(interval[1])) if interval else ""
    few = "" if group["enough"] else say(" (too few to compare)")
    cells = [code(group["group"]), f"{group['n']}{few}", number(group["value"]), range_]
    rate = group["selection_rate"]
    return [*cells, "" if rate is None else number(rate)] if selected else cells


def _said(column: Column) -> Iterator[str]:
    difference, name = column["difference"], code(column["column"])
    if difference is None:
        yield say(
            "The groups of {name} cannot be compared: fewer than two have enough rows and a {metric}.",
            name=name,
            metric=column["metric"],
        )
        return
    gap = say(
        "{metric} differs by {difference} between the groups of {name}",
        metric=column["metric"],
        difference=number(difference),
        name=name,
    )
    yield f"{gap}{_chance(column['p'], column['more_than_chance'])}."
    parity, odds = column["demographic_parity_difference"], column["equalized_odds_difference"]
    if parity is not None and odds is not None:
        chance = _chance(column["demographic_parity_p"], column["demographic_parity_more_than_chance"])
        yield (
            say(
                "Demographic parity difference {parity}{chance}. Equalized odds difference {odds}. 0 "
                "is equal treatment, 1 the opposite.",
                parity=number(parity),
                chance=chance,
                odds=number(odds),
            )
        )


def _chance(p: float, more: bool) -> str:
    verdict = say("⚠️ more than chance") if more else say("that may be chance")
    return f" (p = {number(p)}): {verdict}"
