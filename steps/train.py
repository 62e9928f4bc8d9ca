"""The step Train: fits an algorithm on the prepared rows, or in an environment, and saves the model.

Hyperparameters of the job, all texts: `algorithm`, `hyperparameters` (JSON), `preprocessing` (JSON, tables only) and
`seed`; in a search `metric` and `strategy` besides (see `steps.search`). Channel `train`: train.parquet and
schema.json, or environment.json; for several hosts each host's files of rows, and schema.json in the channel `schema`.
Progress goes to standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from algorithms.base import Algorithm, EnvSpec, Table, no_progress
from algorithms.errors import ParameterError, Problem
from algorithms.params import Preprocessing
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.schema import TableSchema
from algorithms.validation import check
from algorithms.wording import did_you_mean, plain, shown
from steps.container import Paths, print_progress, read_hyperparameters, run_step
from steps.hosts import Hosts, read_hosts
from steps.prepared import read_rows
from steps.training_rows import write_training_rows


def train(paths: Paths) -> None:
    """Runs the step. Raises ParameterError with every problem of the hyperparameters before any data is read."""
    settings = read_hyperparameters(paths.hyperparameters)
    if "strategy" in settings:
        from steps.search import search

        settings = search(paths, settings)
    fit(paths, settings)


def fit(paths: Paths, settings: Mapping[str, str]) -> None:
    """Fits the algorithm that the job's hyperparameters describe, and saves it."""
    model = build_algorithm(settings)
    model.on_progress = print_progress
    paths.model.mkdir(parents=True, exist_ok=True)
    hosts = read_hosts(paths.hosts)
    if hosts.several:
        _fit_together(paths, model, hosts)
        if hosts.rank > 0:
            return
    else:
        data = _load(model, paths)
        model.fit(data)
        if isinstance(data, Table):
            write_training_rows(paths.model, data)
    model.save(paths.model)


def _fit_together(paths: Paths, model: Algorithm, hosts: Hosts) -> None:
    """Fits on several hosts; in the end each has the model, and the first one keeps it."""
    from steps.collective import connected
    from steps.shards import fit_shard

    if hosts.rank > 0:
        model.on_progress = no_progress
    with connected(hosts, paths.failure) as peers:
        fit_shard(model, paths.channel("train"), _schema(paths), peers, paths.model)


def build_algorithm(settings: Mapping[str, str]) -> Algorithm:
    """The untrained algorithm that the job's hyperparameters describe. Raises ParameterError with every problem."""
    name = settings.get("algorithm", "")
    if name not in ALGORITHMS:
        raise ParameterError([_unknown_algorithm(name)])
    found, problems = algorithm(name), list[Problem]()
    given = _read_mapping(settings, "hyperparameters", problems)
    problems += check(found.params_model, given, "hyperparameters.", f"hyperparameter of {name}")
    preprocessing = _read_mapping(settings, "preprocessing", problems)
    problems += check(Preprocessing, preprocessing, "preprocessing.", "key of preprocessing")
    seed = _read_seed(settings, problems)
    if problems:
        raise ParameterError(problems)
    options: dict[str, Any] = {"seed": seed}
    if found.learning_type() != "reinforcement":
        options["preprocessing"] = Preprocessing.model_validate(preprocessing)
    return found(found.params_model.model_validate(given), **options)


def _unknown_algorithm(name: str) -> Problem:
    message = f"algorithm: is not known, got {shown(name)}. {did_you_mean(name, ALGORITHMS)}"
    return Problem("algorithm", plain(name), message)


def _read_mapping(settings: Mapping[str, str], key: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        value = json.loads(settings.get(key, "{}"))
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    got = shown(settings[key])
    problems.append(Problem(key, plain(settings[key]), f"{key}: must be a JSON object, got {got}. Correct it."))
    return {}


def _read_seed(settings: Mapping[str, str], problems: list[Problem]) -> int:
    text = settings.get("seed", "0")
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32:
        return int(text)
    problems.append(
        Problem("seed", plain(text), f"seed: must be a whole number from 0 to 2**32 - 1, got {shown(text)}.")
    )
    return 0


def _load(model: Algorithm, paths: Paths) -> Table | EnvSpec:
    channel = paths.channel("train")
    if model.learning_type() == "reinforcement":
        environment = json.loads((channel / "environment.json").read_text(encoding="utf-8"))
        return EnvSpec(environment["environment"], model.seed)
    return read_rows(channel, _schema(paths))


def _schema(paths: Paths) -> TableSchema:
    """For several hosts it has a channel of its own, since each must have it."""
    own = paths.channel("schema")
    return read_schema(own if own.is_dir() else paths.channel("train"))


def read_schema(folder: Path) -> TableSchema:
    """The schema that Prepare wrote beside the training rows."""
    return TableSchema.model_validate_json((folder / "schema.json").read_bytes())


def main() -> int:
    """The entry point; returns the exit code."""
    return run_step(train, lambda paths: paths.failure)


if __name__ == "__main__":
    sys.exit(main())
