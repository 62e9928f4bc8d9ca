"""What a search for hyperparameters tried, in words and figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from algorithms.metrics import METRICS, UNDEFINED_SCORE
from algorithms.search import PLACE
from lambda_bridge.inert import code
from lambda_bridge.runs import Trial
from lambda_bridge.sentences import count, inline, number
from pipelines.language import say
from pipelines.markdown import table
from pipelines.request import TrainingRequest

MOST_SHOWN = 5
Evaluation = Mapping[str, Any]


def tuning_job(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """ARN of the tuning job among ListPipelineExecutionSteps; None where Train searched nothing."""
    found = (step.get("Metadata", {}).get("TuningJob", {}).get("Arn") for step in steps)
    return next((str(arn) for arn in found if arn), None)


def trials(
    request: TrainingRequest, evaluation: Evaluation | None, jobs: Sequence[Mapping[str, Any]]
) -> tuple[Trial, ...]:
    """What was tried, in that order: a training job each, but all of a grid in one, which left its list to Evaluate.

    Parameters
    ----------
    jobs : ListTrainingJobsForHyperParameterTuningJob
    """
    tuning = request.search()
    if tuning is None:
        return ()
    if tuning.strategy == "grid":
        listed = ((evaluation or {}).get("search") or {}).get("trials", [])
        return tuple(Trial(hyperparameters=one["hyperparameters"], score=one["score"]) for one in listed)
    return tuple(_of_job(request, job) for job in jobs)


def _of_job(request: TrainingRequest, job: Mapping[str, Any]) -> Trial:
    space, tuned = request.space(), job.get("TunedHyperParameters", {})
    places = [float(tuned.get(f"{PLACE}{number}", 0)) for number in range(1, len(space.searched) + 1)]
    values = space.at(places)
    score = job.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
    return Trial(hyperparameters={each.name: values[each.name] for each in space.searched}, score=score)


def chosen(asked: Mapping[str, Any], evaluation: Evaluation | None) -> dict[str, Any]:
    """Of the hyperparameters that were asked for the values that the model was trained with."""
    used = (evaluation or {}).get("hyperparameters") or {}
    return {name: used.get(name, value) for name, value in asked.items()}


def search_section(request: TrainingRequest, tried: Sequence[Trial]) -> str:
    """The best of what was tried, for the result comment; empty where nothing was searched."""
    tuning = request.search()
    scored = sorted((one for one in tried if _score(one) > UNDEFINED_SCORE), key=_score, reverse=True)
    if tuning is None or not scored:
        return ""
    names = [each.name for each in request.space().searched]
    metric = str(request.evaluation_metric)
    shown = _distinct(scored)
    rows = [[*(inline(one.hyperparameters[name]) for name in names), _value(metric, one)] for one in shown[:MOST_SHOWN]]
    failed = len(tried) - len(scored)
    parts = [
        say(
            "{count}, {strategy}, each scored by cross-validation on the training rows",
            count=count(len(tried), "trial"),
            strategy=tuning.strategy,
        ),
        say("{failed} without a score", failed=failed) if failed else "",
        say("the best {most_shown} of {count}", most_shown=min(MOST_SHOWN, len(shown)), count=count(len(shown), "set")),
    ]
    sentence = f"{'; '.join(part for part in parts if part)}:"
    return "\n\n".join(
        [
            say("#### Search"),
            sentence,
            table([*map(code, names), say("{metric}, cross-validated", metric=metric)], rows),
        ]
    )


def _distinct(scored: Sequence[Trial]) -> list[Trial]:
    """Each set of values once, in the same order."""
    return list({repr(sorted(one.hyperparameters.items())): one for one in reversed(scored)}.values())[::-1]


def _score(one: Trial) -> float:
    return UNDEFINED_SCORE if one.score is None else one.score


def _value(metric: str, one: Trial) -> str:
    """In the metric's own unit and direction: `score` is its own inverse."""
    return number(METRICS[metric].score(_score(one)))
