"""The step Evaluate: scores the model on rows, or episodes, that training did not see; writes evaluation.json.

Beside the score stand its 95 % interval, the score on the training rows, the score of a dummy, and the score of the
previous version on those test rows that it did not learn from.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from algorithms.base import Algorithm, EnvSpec, Table
from algorithms.errors import DatasetError
from algorithms.manifest import Manifest, load_model, model_error, read_manifest
from algorithms.metrics import METRICS, UNDEFINED_SCORE
from algorithms.reinforcement import CURVE_FILE
from steps.container import Paths, read_arguments, run_step, write_json
from steps.figures import figures
from steps.model_archive import ARCHIVE_NAME, unpack_model
from steps.prepared import read_rows
from steps.report import draw_episodes, draw_table
from steps.search import FILE_NAME as SEARCH_NAME
from steps.train import read_schema
from steps.training_rows import read_training_rows, unseen_rows

if TYPE_CHECKING:
    from steps.training_rows import Hashes

NO_PREVIOUS = "none"
MIN_COMPARED = 10
"""Rows below which two models are not told apart."""


@dataclass(frozen=True)
class Trained:
    """A model that was loaded, with its manifest and the hashes of its training rows, where it has them."""

    manifest: Manifest
    model: Algorithm
    training_rows: Hashes | None
    curve: list[dict[str, float]]
    """How an agent's training went (`algorithms.training.TrainingLog.curve`); empty for tables."""
    search: dict[str, Any] | None
    """The trials of the job that trained it; None: its hyperparameters were given."""


def evaluate(paths: Paths, argv: Sequence[str] | None = None) -> None:
    """Runs the step on the container arguments `argv`, the command line's when left out."""
    arguments = read_arguments(_parser(), argv)
    trained = _new_model(paths.processing_input("model"))
    folder = paths.processing_output("evaluation")
    if trained.manifest.environment is not None:
        report = _evaluate_environment(paths, trained, trained.manifest.environment, arguments.metric, arguments.seed)
        data: Any = EnvSpec(trained.manifest.environment, arguments.seed)
    else:
        data = _rows(paths, trained)
        train = data if trained.model.only_training_rows else _training_rows(paths, data)
        report = _evaluate_table(paths, trained, train, data, arguments.metric)
    previous = None
    if arguments.previous_arn != NO_PREVIOUS:
        previous = compare(paths.processing_input("previous"), trained, data, report["metrics"]["primary"])
        previous = {"model_package_arn": arguments.previous_arn, **previous}
    write_json(
        folder / "evaluation.json",
        {
            **report,
            "comparison": previous,
            "task_type": trained.manifest.task_type,
            "seed": arguments.seed,
            "hyperparameters": trained.manifest.parameters,
            "search": trained.search,
            "fairness": _by_group(trained.model, data, arguments.sensitive, arguments.metric),
        },
    )
    if isinstance(data, Table):
        draw_table(folder, trained.model, train, data, arguments.metric, arguments.seed)
    else:
        draw_episodes(folder, report["dataset"], report["baseline"], trained.curve)


def _by_group(model: Algorithm, data: Table | EnvSpec, columns: list[str], metric: str) -> list[dict[str, Any]]:
    """The sensitive columns' groups; none where none are named, since the libraries for it take time to import."""
    if not columns:
        return []
    from algorithms.supervised import SupervisedAlgorithm
    from steps.fairness import fairness

    if not isinstance(model, SupervisedAlgorithm) or not isinstance(data, Table):
        raise TypeError(f"{model.name}: has no groups to tell apart")
    return fairness(model, data, columns, metric)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("steps.evaluate", allow_abbrev=False)
    parser.add_argument("--metric", choices=METRICS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--previous-arn", default=NO_PREVIOUS)
    parser.add_argument("--sensitive", type=json.loads, default=[])
    return parser


def load_archive(folder: Path) -> Trained:
    """The model in a folder's model.tar.gz. Raises DatasetError for an archive that cannot be trusted."""
    with TemporaryDirectory() as model_dir:
        unpacked = unpack_model(folder / ARCHIVE_NAME, Path(model_dir))
        manifest = read_manifest(unpacked)
        found = {name: _read(unpacked / name) for name in (CURVE_FILE, SEARCH_NAME) if name in manifest.files}
        rows = read_training_rows(unpacked)
        model = load_model(unpacked, manifest)
        return Trained(manifest, model, rows, found.get(CURVE_FILE, []), found.get(SEARCH_NAME))


def _new_model(folder: Path) -> Trained:
    """The model that Train just wrote: if it cannot be read, that is no fault of the request."""
    try:
        return load_archive(folder)
    except DatasetError as error:
        raise RuntimeError("the model that Train wrote cannot be loaded") from error


def _rows(paths: Paths, trained: Trained) -> Table:
    """The test rows, or the training rows for a model that can say nothing of others."""
    from steps.tables import load_table

    name = "train" if trained.model.only_training_rows else "test"
    return load_table(paths.processing_input(name) / f"{name}.parquet", read_schema(paths.processing_input("train")))


def _training_rows(paths: Paths, test: Table) -> Table:
    return read_rows(paths.processing_input("train"), test.schema)


def _evaluate_table(paths: Paths, trained: Trained, train: Table, test: Table, metric: str) -> dict[str, Any]:
    from algorithms.tabular import TabularAlgorithm

    if not isinstance(trained.model, TabularAlgorithm):
        raise TypeError(f"{trained.model.name}: is no algorithm on tables")
    again = bool(trained.model.only_training_rows)
    found = trained.model.evaluate(test, metric)
    return {
        "metrics": figures(found, metric),
        "train": {"primary": None} if again else figures(trained.model.evaluate(train), metric),
        "baseline": figures(trained.model.baseline(train, test), metric),
        "n": found.n,
        "notes": list(found.notes),
        "dataset": {**_read(paths.processing_input("report") / "quality.json"), **found.details},
    }


def _evaluate_environment(paths: Paths, trained: Trained, environment: str, metric: str, seed: int) -> dict[str, Any]:
    """Fresh episodes, on seeds that training did not use. The baseline is the random policy that Prepare played."""
    found = trained.model.evaluate(EnvSpec(environment, seed), metric)
    return {
        "metrics": figures(found, metric),
        "train": {"primary": None},
        "baseline": _read(paths.processing_input("report") / "baseline.json"),
        "n": found.n,
        "notes": list(found.notes),
        "dataset": {"environment": environment, **found.details},
    }


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def compare(folder: Path, trained: Trained, data: Table | EnvSpec, primary: dict[str, Any]) -> dict[str, Any]:
    """The previous version's primary metric on rows that it did not learn from, and how much better the new score is.

    Both models are scored on the same `n` rows; `ci95` is the interval of their difference, over pairs of
    predictions, for supervised learning. A previous version that cannot be scored does not fail the run:
    `primary` is None, and `error` says why.
    """
    metric = primary["name"]
    try:
        previous = _previous_model(folder, trained)
        rows = _compared_rows(data, trained, previous) if isinstance(data, Table) else data
        found = previous.model.evaluate(rows, metric)
        after = primary if rows is data else figures(trained.model.evaluate(rows), metric)["primary"]
        ci95 = _paired(trained, previous, rows, metric)
    except Exception as error:
        reason = str(error) if isinstance(error, DatasetError) else f"cannot be scored ({type(error).__name__})"
        return {"primary": None, "difference": None, "ci95": None, "n": 0, "error": reason[:300]}
    before = figures(found, metric)["primary"]
    defined = UNDEFINED_SCORE not in (after["score"], before["score"])
    difference = after["score"] - before["score"] if defined else None
    return {"primary": before, "difference": difference, "ci95": ci95 if defined else None, "n": found.n}


def _paired(trained: Trained, previous: Trained, rows: Table | EnvSpec, metric: str) -> list[float] | None:
    """The 95 % interval of the difference of the scores; None for what has no scorers over rows."""
    from algorithms.evaluation import paired
    from algorithms.supervised import SupervisedAlgorithm

    models = [one.model for one in (trained, previous) if isinstance(one.model, SupervisedAlgorithm)]
    if len(models) < 2 or not isinstance(rows, Table):
        return None
    new, old = (model.scorers(rows)[metric] for model in models)
    interval = paired(new, old, len(rows.X), trained.manifest.seed)
    return None if interval is None else sorted(METRICS[metric].score(bound) for bound in interval)


def _previous_model(folder: Path, trained: Trained) -> Trained:
    previous = load_archive(folder)
    if previous.manifest.task_type != trained.manifest.task_type:
        raise model_error(f"the previous version does {previous.manifest.task_type}, nothing to compare.")
    return previous


def _compared_rows(test: Table, trained: Trained, previous: Trained) -> Table:
    """The test rows on which the comparison is fair: all where both models learned from the same rows."""
    import numpy as np

    if previous.training_rows is None or previous.manifest.table is None:
        raise model_error("the previous version does not tell its training rows, nothing to compare.")
    if trained.training_rows is not None and np.array_equal(trained.training_rows, previous.training_rows):
        return test
    rows = unseen_rows(test, previous.manifest.table, previous.training_rows)
    if rows is not test and len(rows.X) < MIN_COMPARED:
        message = f"at least {MIN_COMPARED} test rows that the previous version did not learn from are needed"
        raise model_error(f"{message}, got {len(rows.X)}. Nothing to compare.")
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    return run_step(partial(evaluate, argv=argv), lambda paths: paths.message)


if __name__ == "__main__":
    sys.exit(main())
