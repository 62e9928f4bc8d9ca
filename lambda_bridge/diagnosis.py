"""Training rows against test rows against the threshold: what is probably wrong. Pure.

A model that misses the threshold on the very rows it learned from fits too little; one that meets it there, or does
much better there, fits too much (Hastie, Tibshirani and Friedman 2009, chapter 7). Clusters and components have no
right answer to fit, so nothing of the kind is said of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from algorithms.metrics import METRICS, NO_THRESHOLD, UNDEFINED_SCORE, of_task
from lambda_bridge.sentences import number
from pipelines.language import mark, say
from pipelines.request import ResolvedRequest

Diagnosis = Literal["underfitting", "overfitting", "close", "unclear"]

CLOSE = 0.05
"""Share of the way from the dummy baseline to the threshold that counts as close."""
LOST = 0.4
"""Share of what was learned beyond the dummy baseline that, missing on the test rows, counts as overfitting."""
UNSUPERVISED = {
    **dict.fromkeys(of_task("clustering"), mark("How many clusters the data holds only trying shows.")),
    "explained_variance": mark("The components keep too little of the variance."),
    "trustworthiness": mark("Too many that are neighbours on the map are none in the data."),
}
"""By metric: what a low value says."""


@dataclass(frozen=True)
class Figures:
    """The scores that a diagnosis rests on; greater is better. None: not known."""

    metric: str
    threshold: float
    score: float | None
    train: float | None
    baseline: float | None
    interval: tuple[float, float] | None
    """Of the score, 95 %."""

    def shown(self, score: float) -> str:
        """A score as the metric's value, for people."""
        return number(METRICS[self.metric].score(score))

    @property
    def close(self) -> bool:
        """Whether the shortfall may be chance, or is small beside what was learned."""
        if self.score is None:
            return False
        inside = self.interval is not None and self.interval[0] <= self.threshold <= self.interval[1]
        floor = self.baseline if self.baseline is not None else self.threshold
        return inside or self.threshold - self.score <= CLOSE * (self.threshold - floor)

    def overfitted(self, score: float, train: float) -> bool:
        """Whether most of the shortfall, or much of what was learned, is lost from the training to the test rows."""
        gap = train - score
        much = self.baseline is not None and gap > LOST * (train - self.baseline) > 0
        return much or gap > (self.threshold - score) / 2

    @property
    def half_width(self) -> float | None:
        """Half of the interval's width."""
        return None if self.interval is None else (self.interval[1] - self.interval[0]) / 2


def figures_of(
    request: ResolvedRequest, score: float | None, train: float | None, evaluation: Mapping[str, Any]
) -> Figures:
    """The figures of an attempt and of its evaluation.json."""
    metric = METRICS[request.evaluation_metric]
    baseline = ((evaluation.get("baseline") or {}).get("primary") or {}).get("score")
    bounds = ((evaluation.get("metrics") or {}).get("primary") or {}).get("ci95")
    low, high = sorted(metric.score(bound) for bound in bounds) if bounds else (0.0, 0.0)
    return Figures(
        request.evaluation_metric,
        request.score_threshold(),
        _known(score),
        _known(train),
        _known(baseline),
        (low, high) if bounds else None,
    )


def _known(score: float | None) -> float | None:
    return None if score is None or score <= UNDEFINED_SCORE else score


def diagnose(figures: Figures, learning_type: str) -> tuple[Diagnosis, str]:
    """What is probably wrong, and why, in a sentence or two."""
    found, why = _diagnose(figures, learning_type)
    return found, f"{why}{_dummy(figures)}"


def _diagnose(figures: Figures, learning_type: str) -> tuple[Diagnosis, str]:
    score, train, metric = figures.score, figures.train, figures.metric
    if score is None or figures.threshold <= NO_THRESHOLD:
        return "unclear", say("{metric} could not be computed on the evaluated rows.", metric=metric)
    both = say(
        "{metric} is {score} and the threshold {threshold}",
        metric=metric,
        score=figures.shown(score),
        threshold=figures.shown(figures.threshold),
    )
    if figures.close:
        return "close", say(
            "{both}: that is close, and the difference may be chance.{figures}", both=both, figures=_rows(figures)
        )
    if learning_type == "reinforcement":
        return "underfitting", say("{both}: the agent has not learned enough yet.", both=both)
    if learning_type == "unsupervised":
        return "unclear", f"{both}. {say(UNSUPERVISED[metric])}"
    if train is None:
        return "unclear", say("{both}, and the score on the training rows is not known.", both=both)
    test = say("{score} on the test rows", score=figures.shown(score))
    if train < figures.threshold:
        rows = say(
            "{metric} is {train} on the training rows and {test}; both miss the threshold.",
            metric=metric,
            train=figures.shown(train),
            test=test,
        )
        if figures.overfitted(score, train):
            return (
                "overfitting",
                say(
                    "{rows} The training rows do much better, so they are fitted too closely (overfitting).", rows=rows
                ),
            )
        return "underfitting", say("{rows} The model fits too little (underfitting).", rows=rows)
    rows = say(
        "{metric} is {train} on the training rows, which meets the threshold, and {test}",
        metric=metric,
        train=figures.shown(train),
        test=test,
    )
    return "overfitting", say("{rows}. The model fits the training rows too closely (overfitting).", rows=rows)


def _rows(figures: Figures) -> str:
    return (
        ""
        if figures.train is None or figures.metric in UNSUPERVISED
        else say(" On the training rows it is {train}.", train=figures.shown(figures.train))
    )


def _dummy(figures: Figures) -> str:
    if figures.score is None or figures.baseline is None or figures.score > figures.baseline:
        return ""
    return say(" It is no better than a dummy, which reaches {baseline}.", baseline=figures.shown(figures.baseline))
