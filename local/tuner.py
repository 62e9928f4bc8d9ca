"""What a tuning job does, in one process of this machine: Optuna chooses the points in the place of SageMaker's tuner.

Bayesian is Optuna's tree-structured Parzen estimator (Bergstra et al. 2011; SageMaker's own is a Gaussian process),
Random is uniform. Trials run one after the other on the same rows, so that the libraries are imported once. The best
one is trained as a training job would.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from steps.container import Paths, print_progress, read_hyperparameters, run_step, write_json
from steps.search import Search, Trial, write_trials
from steps.train import fit

CONFIG = "input/config/tuningjobconfig.json"
RESULT = "output/tuning.json"


def tune(paths: Paths) -> None:
    """Runs the trials, trains the best, and writes what was tried. Raises ParameterError where none can be trained."""
    config = json.loads((paths.root / CONFIG).read_text(encoding="utf-8"))
    settings = read_hyperparameters(paths.hyperparameters)
    found, grid = Search(paths, settings), settings["strategy"] == "grid"  # which is a single training job
    points = [({}, found.attempt_all(list(found.space.grid())))] if grid else _optimized(found, config)
    best = found.best()
    if grid:
        write_trials(paths, "grid", found)
    jobs = [{"places": places, "objective": trial.score} for places, trial in points]
    write_json(paths.root / RESULT, {"jobs": jobs, "best": [trial for _, trial in points].index(best)})
    print(f"objective: {best.score!r}", flush=True)
    fit(paths, found.chosen())


Points = list[tuple[dict[str, str], Trial]]
"""The hyperparameters that the tuner chose for each training job, as texts, and what came of it."""


def _optimized(found: Search, config: Mapping[str, Any]) -> Points:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers = {"Bayesian": optuna.samplers.TPESampler, "Random": optuna.samplers.RandomSampler}
    study = optuna.create_study(direction="maximize", sampler=samplers[config["Strategy"]](seed=config["RandomSeed"]))
    ranges = config["ParameterRanges"]["ContinuousParameterRanges"]
    total = int(config["ResourceLimits"]["MaxNumberOfTrainingJobs"])
    points: Points = []
    for number in range(1, total + 1):
        asked = study.ask()
        places = {r["Name"]: asked.suggest_float(r["Name"], float(r["MinValue"]), float(r["MaxValue"])) for r in ranges}
        trial = found.attempt(found.space.at(list(places.values())))
        failed = optuna.trial.TrialState.FAIL if trial.score is None else None
        study.tell(asked, trial.score, state=failed)
        points.append(({name: repr(place) for name, place in places.items()}, trial))
        print_progress(number, total, "trial")
    return points


def main() -> int:
    """The entry point; returns the exit code."""
    return run_step(tune, lambda paths: paths.failure)


if __name__ == "__main__":
    sys.exit(main())
