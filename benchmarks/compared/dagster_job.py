"""The four steps as a Dagster job, executed in one process: `python dagster_job.py FOLDER CSV SEED`."""

import sys
from pathlib import Path

import four_steps
from dagster import In, Nothing, job, op

FOLDER, CSV, SEED = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])


@op
def prepare() -> None:
    four_steps.prepare(FOLDER, CSV, SEED)


@op(ins={"after": In(Nothing)})
def train() -> None:
    four_steps.train(FOLDER, CSV, SEED)


@op(ins={"after": In(Nothing)})
def evaluate() -> None:
    four_steps.evaluate(FOLDER, CSV, SEED)


@op(ins={"after": In(Nothing)})
def register() -> None:
    four_steps.register(FOLDER, CSV, SEED)


@job
def four() -> None:
    register(evaluate(train(prepare())))


if __name__ == "__main__":
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
    sys.exit(not four.execute_in_process(run_config=quiet).success)
