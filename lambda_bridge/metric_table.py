"""The figures of evaluation.json, for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from algorithms.metrics import METRICS
from algorithms.registry import algorithm
from lambda_bridge.inert import prose
from lambda_bridge.sentences import count, demand, gap, number, titled
from pipelines.language import say
from pipelines.markdown import table
from pipelines.request import TrainingRequest

Evaluation = Mapping[str, Any]

MANY_ROWS = 100
"""From as many test rows on a perfect score is suspected; on fewer, easy data reach it."""
ON_TRAINING_ROWS = {"explained_variance": "explained_variance_test"}
"""Metrics that are a property of the training rows -> the same share of the test rows' own variance."""


def headline(request: TrainingRequest, evaluation: Evaluation) -> str:
    """The metric that decides, with its interval, the threshold, and the gap where it was missed."""
    primary = evaluation["metrics"]["primary"]
    interval = primary.get("ci95")
    range_ = (
        say(" (95 % interval {low} to {high})", low=number(interval[0]), high=number(interval[1])) if interval else ""
    )
    name = primary["name"]
    where = say(" on the training rows") if name in ON_TRAINING_ROWS else ""
    sentence = say(
        "{value}{where}{interval}, {demand}. {gap}",
        value=f"**{name} {number(primary['value'])}**",
        where=where,
        interval=range_,
        demand=demand(request, name),
        gap=gap(request, primary),
    )
    return sentence.rstrip()


def metrics_table(request: TrainingRequest, evaluation: Evaluation) -> str:
    """Every metric; the one that decides also on the training rows, for a dummy and for the previous version."""
    metrics = evaluation["metrics"]
    name = metrics["primary"]["name"]
    beside = {
        say("training"): evaluation.get("train"),
        say("dummy baseline"): evaluation.get("baseline"),
        say("previous version"): evaluation.get("comparison"),
    }
    on = "training" if algorithm(request.algorithm).only_training_rows else "test"
    if on == "training":
        del beside[say("training")]
    on_test = ON_TRAINING_ROWS.get(name)
    value = metrics.get(on_test) if on_test else metrics["primary"]["value"]
    rows = [[f"**{name}**", number(value), *map(_primary, beside.values())]]
    rows += [
        [key, number(value), *("" for _ in beside)]
        for key, value in metrics.items()
        if key not in ("primary", name, on_test)
    ]
    unit = "episode" if request.learning_type == "reinforcement" else "row"
    n = count(evaluation["n"], unit)
    rows_of = say("training ({n})", n=n) if on == "training" else say("test ({n})", n=n)
    return table([say("metric"), rows_of, *beside], rows)


def _primary(part: Mapping[str, Any] | None) -> str:
    primary = (part or {}).get("primary")
    return number(primary["value"]) if primary else ""


def comparison_note(evaluation: Evaluation) -> str:
    """How the previous version compares; where that failed, or covers a part of the test rows."""
    comparison = evaluation.get("comparison") or {}
    if comparison.get("error"):
        return say("The previous version could not be compared: {error}", error=prose(comparison["error"]))
    compared, n = comparison.get("n", evaluation["n"]), evaluation["n"]
    part = say(
        "The previous version is scored on {compared} of the {n} test rows; it had learned from the others.",
        compared=compared,
        n=n,
    )
    return " ".join(filter(None, ("" if compared == n else part, _difference(comparison))))


def _difference(comparison: Evaluation) -> str:
    """How much better or worse than the previous version on the same rows, and whether that is more than chance."""
    interval, difference = comparison.get("ci95"), comparison.get("difference")
    if not interval or difference is None:
        return ""
    name, (low, high) = comparison["primary"]["name"], interval
    bounds = say("95 % interval {low} to {high}", low=_side(low), high=_side(high))
    if low <= 0 <= high:
        return say(
            "Against the previous version, {name} is {difference} ({bounds}): that may be chance.",
            name=name,
            difference=_side(difference),
            bounds=bounds,
        )
    return say(
        "Against the previous version, {name} is {difference} ({bounds}): more than chance.",
        name=name,
        difference=_side(difference),
        bounds=bounds,
    )


def _side(difference: float) -> str:
    if not difference:
        return say("equal")
    amount = number(abs(difference))
    return say("{amount} better", amount=amount) if difference >= 0 else say("{amount} worse", amount=amount)


def notes(request: TrainingRequest, evaluation: Evaluation) -> str:
    """Which rows were evaluated, where not the test rows, and what the algorithm says of its figures."""
    why = algorithm(request.algorithm).only_training_rows
    where = [say("Evaluated on its training rows: {why}.", why=why)] if why else []
    return " ".join([*where, *(prose(note) for note in evaluation.get("notes") or ())])


def no_better(evaluation: Evaluation) -> str:
    """A warning where a model is no better than a dummy, or than the previous version on the same rows."""
    primary, comparison = evaluation["metrics"]["primary"], evaluation.get("comparison") or {}
    same_rows = comparison.get("n", evaluation["n"]) == evaluation["n"]
    beside = {
        say("a dummy"): evaluation.get("baseline"),
        say("the previous version"): comparison if same_rows else None,
    }
    metric = METRICS[primary["name"]]
    values = {name: ((part or {}).get("primary") or {}).get("value") for name, part in beside.items()}
    known = {name: float(value) for name, value in values.items() if value is not None}
    score = metric.score(primary["value"])
    worse = [f"{name} ({number(value)})" for name, value in known.items() if score <= metric.score(value)]
    return (
        say("⚠️ This model is no better than {worse}; look twice before you approve it.", worse=say(" and ").join(worse))
        if worse
        else ""
    )


def too_good(request: TrainingRequest, evaluation: Evaluation) -> str:
    """A word on a perfect score: on many rows it is rarely the model's merit, on few it may be luck."""
    primary, n = evaluation["metrics"]["primary"], evaluation["n"]
    best = 1.0 if METRICS[primary["name"]].greater_is_better else 0.0
    if request.learning_type != "supervised" or not _perfect(primary["name"], primary["value"], best):
        return ""
    if n < MANY_ROWS:
        return say("A perfect score on {n} may be luck, or the rows may be easy.", n=count(n, "test row"))
    return say(
        "⚠️ A perfect score on {n} is rare. Look for a column that tells the answer, was "
        "written after it, or names the row, and for test rows that are among the training "
        "rows, before you approve this.",
        n=count(n, "test row"),
    )


def _perfect(metric: str, value: float | None, best: float) -> bool:
    """An r2 never is exactly 1: what is told as 1 counts."""
    return value is not None and (value == best or (metric == "r2" and value >= 1 - 5e-5))


def findings(evaluation: Evaluation) -> str:
    """What Prepare found in the data."""
    found = (evaluation.get("dataset") or {}).get("findings", [])
    return titled(say("Found in the data"), [finding["message"] for finding in found])


def target_note(request: TrainingRequest, evaluation: Evaluation) -> list[str]:
    """Which column Prepare took as the target, where the request left it open."""
    target = (evaluation.get("dataset") or {}).get("target")
    if not target or request.target is not None:
        return []
    if request.learning_type == "unsupervised":
        return [
            say("{name} is left out of the features: it is a target, {why}.", name=target["name"], why=target["why"])
        ]
    return [say("target is {name}: {why}.", name=target["name"], why=target["why"])]
