"""The step Evaluate: scores the model on rows, or episodes, that training did not see; writes evaluation.json.

Beside the score stand its 95 % interval, the score on the training rows, the score of a dummy, and the score of the
previous version on the same test rows.
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
from typing import Any

from algorithms.base import Algorithm, EnvSpec, Evaluation, Table
from algorithms.errors import DatasetError
from algorithms.manifest import Manifest, load_model, model_error, read_manifest
from algorithms.metrics import METRICS, UNDEFINED_SCORE
from steps.container import Paths, read_arguments, run_step, write_json
from steps.figures import figures
from steps.model_archive import ARCHIVE_NAME, unpack_model
from steps.train import read_schema

NO_PREVIOUS = "none"


@dataclass(frozen=True)
class Trained:
    """A model that was loaded, with its manifest."""

    manifest: Manifest
    model: Algorithm


def evaluate(paths: Paths, argv: Sequence[str] | None = None) -> None:
    """Runs the step on the container arguments `argv`, the command line's when left out."""
    arguments = read_arguments(_parser(), argv)
    trained = _new_model(paths.processing_input("model"))
    if trained.manifest.environment is not None:
        report = _evaluate_environment(paths, trained, trained.manifest.environment, arguments.metric, arguments.seed)
        data: Any = EnvSpec(trained.manifest.environment, arguments.seed)
    else:
        data = _test_rows(paths)
        report = _evaluate_table(paths, trained, data, arguments.metric)
    previous = None
    if arguments.previous_arn != NO_PREVIOUS:
        previous = compare(paths.processing_input("previous"), trained, data, report["metrics"]["primary"])
        previous = {"model_package_arn": arguments.previous_arn, **previous}
    write_json(
        paths.processing_output("evaluation") / "evaluation.json",
        {**report, "comparison": previous, "task_type": trained.manifest.task_type, "seed": arguments.seed},
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser("steps.evaluate", allow_abbrev=False)
    parser.add_argument("--metric", choices=METRICS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--previous-arn", default=NO_PREVIOUS)
    return parser


def load_archive(folder: Path) -> Trained:
    """The model in a folder's model.tar.gz. Raises DatasetError for an archive that cannot be trusted."""
    with TemporaryDirectory() as model_dir:
        unpacked = unpack_model(folder / ARCHIVE_NAME, Path(model_dir))
        return Trained(read_manifest(unpacked), load_model(unpacked))


def _new_model(folder: Path) -> Trained:
    """The model that Train just wrote: if it cannot be read, that is no fault of the request."""
    try:
        return load_archive(folder)
    except DatasetError as error:
        raise RuntimeError("the model that Train wrote cannot be loaded") from error


def _test_rows(paths: Paths) -> Table:
    from steps.tables import load_table

    return load_table(paths.processing_input("test") / "test.parquet", read_schema(paths.processing_input("train")))


def _evaluate_table(paths: Paths, trained: Trained, test: Table, metric: str) -> dict[str, Any]:
    from algorithms.tabular import TabularAlgorithm
    from steps.tables import load_table

    if not isinstance(trained.model, TabularAlgorithm):
        raise TypeError(f"{trained.model.name}: is no algorithm on tables")
    train = load_table(paths.processing_input("train") / "train.parquet", test.schema)
    found = trained.model.evaluate(test, metric)
    return {
        "metrics": figures(found, metric),
        "train": figures(trained.model.evaluate(train), metric),
        "baseline": figures(trained.model.baseline(train, test), metric),
        "n": found.n,
        "dataset": _read(paths.processing_input("report") / "quality.json"),
    }


def _evaluate_environment(paths: Paths, trained: Trained, environment: str, metric: str, seed: int) -> dict[str, Any]:
    """Fresh episodes, on seeds that training did not use. The baseline is the random policy that Prepare played."""
    found = trained.model.evaluate(EnvSpec(environment, seed), metric)
    return {
        "metrics": figures(found, metric),
        "train": {"primary": None},
        "baseline": _read(paths.processing_input("report") / "baseline.json"),
        "n": found.n,
        "dataset": {"environment": environment, **found.details},
    }


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def compare(folder: Path, trained: Trained, data: Table | EnvSpec, primary: dict[str, Any]) -> dict[str, Any]:
    """The previous version's primary metric on the same data, and the difference of the scores.

    A previous version that cannot be scored does not fail the run: `primary` is None, and `error` says why.
    """
    try:
        before = figures(_evaluate_previous(folder, trained, data, primary["name"]), primary["name"])["primary"]
    except Exception as error:
        reason = str(error) if isinstance(error, DatasetError) else f"cannot be scored ({type(error).__name__})"
        return {"primary": None, "difference": None, "error": reason[:300]}
    defined = UNDEFINED_SCORE not in (primary["score"], before["score"])
    return {"primary": before, "difference": primary["score"] - before["score"] if defined else None}


def _evaluate_previous(folder: Path, trained: Trained, data: Table | EnvSpec, metric: str) -> Evaluation:
    previous = load_archive(folder)
    if previous.manifest.task_type != trained.manifest.task_type:
        raise model_error(f"the previous version does {previous.manifest.task_type}, nothing to compare.")
    return previous.model.evaluate(data, metric)


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    return run_step(partial(evaluate, argv=argv), lambda paths: paths.message)


if __name__ == "__main__":
    sys.exit(main())
