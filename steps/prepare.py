"""The step Prepare: reads, checks, types and splits a dataset, or checks an environment. The only cached step.

Tables: processing/input/raw in; processing/output/train (train.parquet or, for several instances, rows/; schema.json),
test (test.parquet) and report (quality.json, baseline.json) out. Rows are written untransformed: what is fitted to data
is fitted by Train.
Control: environment.json in train, and the random policy's figures as baseline.json in report.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial

from algorithms.metrics import LEARNING_TYPE_OF
from steps.container import Paths, read_arguments, run_step, write_json
from steps.prepared import write_rows
from steps.tables import Options, read_dataset, split, type_rows

DIGEST_VARIABLE = "DATASET_DIGEST"
MOST_INSTANCES = 16
"""Of the step Train; the request allows no more."""


def prepare(paths: Paths, argv: Sequence[str] | None = None) -> None:
    """Runs the step on the container arguments `argv`, the command line's when left out."""
    arguments = read_arguments(_parser(), argv)
    if arguments.task == "control":
        prepare_environment(paths, arguments)
    else:
        names = tuple(json.loads(arguments.sensitive))
        options = Options(arguments.task, arguments.target, arguments.duplicates, arguments.seed, names)
        prepare_table(paths, options, arguments.instances)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("steps.prepare", allow_abbrev=False)
    parser.add_argument("--task", choices=LEARNING_TYPE_OF, required=True)
    parser.add_argument("--target", default="")
    parser.add_argument("--sensitive", default="[]")
    parser.add_argument("--duplicates", choices=["keep", "drop"], default="keep")
    parser.add_argument("--environment", default="")
    parser.add_argument("--instances", type=int, choices=range(1, MOST_INSTANCES + 1), default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def prepare_table(paths: Paths, options: Options, instances: int = 1) -> None:
    """Writes the outputs for a table, the training rows in files for so many instances of Train.

    Raises DatasetError, where the files are wrong before scikit-learn is imported.
    """
    prepared = split(type_rows(read_dataset(paths.processing_input("raw")), options), options)
    from steps.baseline import describe_rows
    from steps.quality import quality_report
    from steps.side_by_side import each
    from steps.table_file import write_file

    train, test, report = (paths.processing_output(name) for name in ("train", "test", "report"))
    for folder in (train, test, report):
        folder.mkdir(parents=True, exist_ok=True)
    schema, digest = prepared.typed.schema, os.environ.get(DIGEST_VARIABLE, "")
    outputs: list[Callable[[], None]] = [
        lambda: write_rows(train, prepared.train, instances),
        lambda: write_json(report / "quality.json", quality_report(prepared, options, digest)),
        lambda: write_json(report / "baseline.json", describe_rows(prepared.train, schema)),
        lambda: write_file(test / "test.parquet", prepared.test),
        lambda: write_json(train / "schema.json", schema.model_dump(mode="json")),
    ]
    each(lambda write: write(), outputs, len(prepared.train))


def prepare_environment(paths: Paths, arguments: Namespace) -> None:
    """Writes the outputs for an environment. Raises ParameterError for one that is not on the allow-list."""
    from algorithms.base import EnvSpec
    from algorithms.environments import environment_facts
    from algorithms.episodes import evaluate_random_policy
    from steps.figures import figures

    facts = environment_facts(arguments.environment)
    random = evaluate_random_policy(EnvSpec(arguments.environment, arguments.seed), "mean_reward")
    write_json(paths.processing_output("train") / "environment.json", facts)
    write_json(paths.processing_output("report") / "baseline.json", figures(random, "mean_reward"))


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    return run_step(partial(prepare, argv=argv), lambda paths: paths.message)


if __name__ == "__main__":
    sys.exit(main())
