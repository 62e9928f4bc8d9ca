"""README.md of an attempt's folder in training_history/. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambda_bridge.groups import fairness_section
from lambda_bridge.inert import code, prose
from lambda_bridge.metric_table import comparison_note, findings, headline, metrics_table, no_better, notes, too_good
from lambda_bridge.runs import Run
from lambda_bridge.search import search_section
from lambda_bridge.sentences import bullets, count, problem_list, settings, subject, verdict
from pipelines.markdown import table
from pipelines.request import TrainingRequest


def page(
    run: Run, evaluation: Mapping[str, Any] | None, record: Mapping[str, Any], plots: Sequence[str], folder: str
) -> bytes:
    """The attempt for people, as a model card (Mitchell et al. 2019): figures, data, limits, and how to get it again.

    `folder` : where the page lies in the repository
    """
    attempt, request = run.attempt, run.settled or run.request
    parts = [
        f"# Issue {run.issue}, attempt {attempt.number}: {verdict(attempt)}",
        prose(run.title.strip()),
        *([] if request is None else [f"{subject(request)}, trained with {settings(attempt.values)}."]),
        *([] if request is None or evaluation is None else _figures(request, evaluation)),
        "" if request is None else search_section(request, attempt.trials).replace("#### ", "## "),
        "" if evaluation is None else fairness_section(evaluation, "##"),
        problem_list(attempt.problems),
        "\n".join(f"![{name.removesuffix('.png').replace('_', ' ')}]({name})" for name in plots),
        *([] if request is None or evaluation is None else _card(request, evaluation)),
        "## Where it comes from",
        table(["fact", "value"], _facts(record)),
        table(["step", "state", "seconds"], [_step(step) for step in record["steps"]]) if record["steps"] else "",
        "" if evaluation is None else f"The same again, every figure compared: `mlops reproduce {folder}`.",
        "Everything else is in [record.json](record.json).",
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _figures(request: TrainingRequest, evaluation: Mapping[str, Any]) -> list[str]:
    return [
        "## Figures",
        headline(request, evaluation),
        metrics_table(request, evaluation),
        comparison_note(evaluation),
        no_better(evaluation),
        too_good(request, evaluation),
    ]


def _card(request: TrainingRequest, evaluation: Mapping[str, Any]) -> list[str]:
    return [
        "## Data",
        _data(request, evaluation.get("dataset") or {}),
        findings(evaluation),
        "## Limits",
        bullets(_limits(request, evaluation)),
    ]


def _data(request: TrainingRequest, dataset: Mapping[str, Any]) -> str:
    """What was learned from, in words; empty for an environment."""
    rows, features, target = (dataset.get(name) or {} for name in ("rows", "features", "target"))
    if not rows:
        return ""
    kinds = [f"{amount} of type {kind}" for kind, amount in features.items() if amount]
    role = "The target is" if request.learning_type == "supervised" else "Kept away, as the target of others:"
    of = f" {role} {code(target['name'])}, since {prose(target['why'])}." if target else ""
    return f"{rows['train']} training rows and {rows['test']} test rows; features: {', '.join(kinds)}.{of}"


def _limits(request: TrainingRequest, evaluation: Mapping[str, Any]) -> Iterator[str]:
    """What the figures do not say."""
    if request.learning_type == "reinforcement":
        yield "One policy of one seed, played in this environment alone; another seed may give another score."
    else:
        yield "The figures are those of rows like these. `mlops drift` compares later ones with them."
    if said := notes(request, evaluation):
        yield said
    left_out = (evaluation.get("dataset") or {}).get("left_out")
    if left_out:
        yield f"It does not see {count(len(left_out), 'column')} of the file, left out for the reasons above."


def _facts(record: Mapping[str, Any]) -> list[list[str]]:
    named = {
        "asked by": record["author"],
        "reply by": (record["reply"] or {}).get("author"),
        "model package": record["model_package_arn"],
        "pipeline execution": record["execution_arn"],
        "dataset digest": record["dataset_digest"],
        "seed": record["seed"],
        "code version": record["code_version"],
        "previous record": record["previous_record"],
    }
    return [[name, code(value)] for name, value in named.items() if value is not None]


def _step(step: Mapping[str, Any]) -> list[str]:
    state = f"{step['status']}{', re-used' if step['reused'] else ''}"
    return [step["name"], state, "" if step["seconds"] is None else f"{step['seconds']:.1f}"]
