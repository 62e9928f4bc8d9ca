"""README.md of an attempt's folder in training_history/. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_bridge.inert import code, prose
from lambda_bridge.metric_table import findings, headline, metrics_table
from lambda_bridge.runs import Run
from lambda_bridge.sentences import problem_list, settings, subject, verdict
from pipelines.markdown import table
from pipelines.request import TrainingRequest


def page(run: Run, evaluation: Mapping[str, Any] | None, record: Mapping[str, Any], plots: Sequence[str]) -> bytes:
    """The attempt for people: what was asked, what came out, and where it is registered."""
    attempt, request = run.attempt, run.settled or run.request
    parts = [
        f"# Issue {run.issue}, attempt {attempt.number}: {verdict(attempt)}",
        prose(run.title.strip()),
        *([] if request is None else [f"{subject(request)}, trained with {settings(attempt.hyperparameters)}."]),
        *([] if request is None or evaluation is None else _figures(request, evaluation)),
        problem_list(attempt.problems),
        "\n".join(f"![{name.removesuffix('.png').replace('_', ' ')}]({name})" for name in plots),
        table(["fact", "value"], _facts(record)),
        table(["step", "state", "seconds"], [_step(step) for step in record["steps"]]) if record["steps"] else "",
        "Everything else is in [record.json](record.json).",
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _figures(request: TrainingRequest, evaluation: Mapping[str, Any]) -> list[str]:
    return [headline(request, evaluation), metrics_table(request, evaluation), findings(evaluation)]


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
