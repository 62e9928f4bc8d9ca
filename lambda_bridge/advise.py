"""What to try next after an attempt below the threshold, from what earlier attempts on the same data showed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from algorithms.errors import ParameterError
from algorithms.metrics import METRICS, UNDEFINED_SCORE, of_task
from algorithms.params import Raises
from algorithms.registry import ALGORITHMS, algorithm
from lambda_bridge.adjusting import effective, merge
from lambda_bridge.diagnosis import Diagnosis, Figures, diagnose, figures_of
from lambda_bridge.moves import default_budget, moves, onward, restored, tries
from lambda_bridge.runs import Attempt
from pipelines.language import mark, say
from pipelines.request import ResolvedRequest, canonical_json

MOST_TRIED = 200
"""Earlier attempts that are looked at, the newest."""

MORE: Mapping[Raises, int] = {"capacity": 1, "effort": 1, "regularisation": -1}
LESS: Mapping[Raises, int] = {"regularisation": 1, "capacity": -1}
LONGER = mark("train for longer")
REAL = 0.03
"""Share of a score that a gain must exceed to be more than chance."""
UNSUPERVISED_REASONS = {
    **dict.fromkeys(of_task("clustering"), mark("let the search for centres start more often")),
    "explained_variance": mark("keep more of the variance"),
    "trustworthiness": mark("keep more neighbours together"),
}
"""By metric: what more capacity or effort does."""


@dataclass(frozen=True)
class Tried:
    """An attempt on this dataset or environment."""

    hyperparameters: Mapping[str, Any]
    score: float | None
    """Primary score on the test rows; greater is better."""
    train_score: float | None


@dataclass(frozen=True)
class Advice:
    """What is probably wrong, and which values to try."""

    diagnosis: Diagnosis
    why: str
    changes: dict[str, Any]
    """For a reply to the current attempt: valid, and not tried before; None restores a default. Empty: nothing sensible
    is left."""
    basis: str
    """What the values come from, or what else there is to do."""


def tried(attempt: Attempt, metric: str) -> Tried:
    """An attempt, scored by `metric`: attempts of other issues may have been decided by another one."""
    primary = attempt.metrics.get("primary") or {}
    if primary.get("name") == metric:
        return Tried(attempt.values, attempt.score, attempt.train_score)
    value = attempt.metrics.get(metric)
    return Tried(attempt.values, None if value is None else METRICS[metric].score(value), None)


def advise(request: ResolvedRequest, current: Tried, earlier: Sequence[Tried], evaluation: Mapping[str, Any]) -> Advice:
    """The advice after an attempt below the threshold.

    Parameters
    ----------
    request : the settled request; its hyperparameters are not looked at, those of `current` are
    earlier : attempts with the same algorithm on the same dataset or environment, oldest first, without the current one
    evaluation : evaluation.json of the current attempt
    """
    figures = figures_of(request, current.score, current.train_score, evaluation)
    diagnosis, why = diagnose(figures, request.learning_type)
    known = _Known(request, current, [one for one in earlier[-MOST_TRIED:] if _fits(request, one)], figures)
    for hyperparameters, basis in known.candidates(diagnosis):
        changes = known.changes_to(hyperparameters)
        if changes is not None:
            return Advice(diagnosis, why, changes, basis)
    return Advice(diagnosis, why, {}, _nothing_left(request))


def _fits(request: ResolvedRequest, one: Tried) -> bool:
    """An earlier version may have taken other hyperparameters."""
    try:
        effective(request, one.hyperparameters)
    except ValidationError:
        return False
    return True


class _Known:
    """What was tried, and what can be made of it."""

    def __init__(self, request: ResolvedRequest, current: Tried, earlier: Sequence[Tried], figures: Figures) -> None:
        self.request, self.current, self.earlier, self.figures = request, current, earlier, figures
        everything = [current, *earlier]
        self.missed = {self._key(one.hyperparameters) for one in everything if not self._met(one)}
        self.best = max(everything, key=_score)

    def _key(self, hyperparameters: Mapping[str, Any]) -> str:
        return canonical_json(effective(self.request, hyperparameters))

    def _met(self, one: Tried) -> bool:
        return _score(one) >= self.figures.threshold

    def candidates(self, diagnosis: Diagnosis) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Whole sets of hyperparameters with what they rest on, the most promising first."""
        for one in sorted(filter(self._met, self.earlier), key=_score, reverse=True):
            reached = self.figures.shown(_score(one))
            yield (
                one.hyperparameters,
                say("These values reached {reached} in an earlier attempt on the same data.", reached=reached),
            )
        if self.request.learning_type == "reinforcement":
            yield from self._default_budget()
        yield from self._onward(diagnosis)
        base = self.best.hyperparameters
        start = (
            ""
            if self.best is self.current
            else say("They start from the best so far ({best}).", best=self._shown(self.best))
        )
        for changes, reason in self._steps(diagnosis, base):
            yield {**base, **changes}, f"{reason} {start}".strip()

    def _default_budget(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        budget = default_budget(self.request, self.best.hyperparameters)
        if budget is not None:
            yield (
                budget,
                say(
                    "The default of {total_timesteps} steps is far above what the agent had.",
                    total_timesteps=budget["total_timesteps"],
                ),
            )

    def _onward(self, diagnosis: Diagnosis) -> Iterator[tuple[Mapping[str, Any], str]]:
        """One more step in the direction that helped last."""
        if not self.earlier or self.best is not self.current:
            return
        before = self.earlier[-1]
        if _score(before) > UNDEFINED_SCORE and self._is_real(_score(self.current) - _score(before)):
            directions, _ = self._directions(diagnosis)
            changes = onward(self.request, before.hyperparameters, self.current.hyperparameters, directions)
            helped = say("from {before} to {current}", before=self._shown(before), current=self._shown(self.current))
            reason = say(
                "The last change took {metric} {helped}; these values go on in the same direction.",
                metric=self.figures.metric,
                helped=helped,
            )
            yield {**self.current.hyperparameters, **changes}, reason

    def _is_real(self, gain: float) -> bool:
        """Whether a gain is more than chance: half the interval's width, or REAL of the score where that is unknown."""
        half = self.figures.half_width
        return gain > (REAL * abs(_score(self.current)) if half is None else half)

    def _shown(self, one: Tried) -> str:
        return self.figures.shown(_score(one)) if _score(one) > UNDEFINED_SCORE else "undefined"

    def _steps(self, diagnosis: Diagnosis, base: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
        """Changes to the best so far, with what they do."""
        directions, reason = self._directions(diagnosis)
        defaults = restored(self.request, base, directions)
        if defaults:
            yield defaults, say("These defaults {reason}.", reason=reason)
        explored = [
            (changes, say("Which direction helps here only trying shows.")) for changes in tries(self.request, base)
        ]
        if self.request.learning_type == "unsupervised":
            yield from explored
        yield from (
            (changes, say("These values {reason}.", reason=reason)) for changes in moves(self.request, base, directions)
        )
        yield from explored
        yield from (
            (changes, say("These values {longer}.", longer=say(LONGER)))
            for changes in moves(self.request, base, {"effort": 1})
        )

    def _directions(self, diagnosis: Diagnosis) -> tuple[Mapping[Raises, int], str]:
        if self.request.learning_type == "reinforcement":
            return {"effort": 1}, say(LONGER)
        if self.request.evaluation_metric in UNSUPERVISED_REASONS:
            return MORE, say(UNSUPERVISED_REASONS[self.request.evaluation_metric])
        train = self.figures.train
        if diagnosis == "overfitting" or (train is not None and train >= self.figures.threshold):
            return LESS, say("make the model simpler, or punish complexity more")
        return MORE, say("let the model fit more closely, or train it for longer")

    def changes_to(self, hyperparameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """The reply that leads there from the current attempt; None where that was tried in vain or is not valid."""
        last = self.current.hyperparameters
        emptied = {name: None for name in last if name not in hyperparameters}
        new = {name: value for name, value in hyperparameters.items() if last.get(name) != value}
        try:
            merged = merge(self.request, last, {**emptied, **new})
        except ParameterError:
            return None
        return None if self._key(merged) in self.missed else {**new, **emptied}


def _score(one: Tried) -> float:
    return UNDEFINED_SCORE if one.score is None else one.score


def _could_decide(name: str, request: ResolvedRequest) -> bool:
    """Whether an algorithm is for the task, and has the metric that decides."""
    other = algorithm(name)
    return request.task_type in other.task_types and request.evaluation_metric in other.metrics(request.task_type)


def _nothing_left(request: ResolvedRequest) -> str:
    others = [name for name in ALGORITHMS if name != request.algorithm and _could_decide(name, request)]
    instead = say(", or another algorithm ({others}), in a new issue", others=", ".join(others)) if others else ""
    return say(
        "What is near the values tried so far was tried. More or cleaner data may help{instead}.", instead=instead
    )
