"""Hyperparameters that are searched: each set is cross-validated on the training rows, the best one is trained.

On SageMaker a tuning job starts one training job for a point, and reads the line `objective: ...` of its log; a grid is
gone through in a single job. On one machine `local.tuner` does what the tuning job does. Either way Train goes on with
the settings that `search` returns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from algorithms.errors import ParameterError
from algorithms.metrics import METRICS
from algorithms.registry import algorithm
from algorithms.search import PLACE, SLOTS, Space, space
from algorithms.wording import plain, shown
from steps.container import Paths, print_progress, write_json
from steps.train import build_algorithm, read_schema

if TYPE_CHECKING:
    from algorithms.base import Table
    from algorithms.tabular import TabularAlgorithm

FILE_NAME = "search.json"


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters, of those that are searched, and its score, greater is better.

    `problem` says why there is no score.
    """

    hyperparameters: dict[str, Any]
    score: float | None
    problem: str = ""


class Search:
    """The trials of one search. The same hyperparameters are tried once.

    Raises ParameterError for settings that are wrong with any hyperparameters, DatasetError for rows that are.
    """

    def __init__(self, paths: Paths, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self.metric = settings["metric"]
        self.space = _space(settings)
        self._data = _rows(paths)
        self.trials: dict[str, Trial] = {}

    def attempt(self, hyperparameters: Mapping[str, Any]) -> Trial:
        """Cross-validates one set."""
        key = json.dumps(hyperparameters, sort_keys=True)
        if key not in self.trials:
            self.trials[key] = self._tried(hyperparameters)
        return self.trials[key]

    def _tried(self, hyperparameters: Mapping[str, Any]) -> Trial:
        from algorithms.cross_validation import cross_validated

        searched = {each.name: hyperparameters[each.name] for each in self.space.searched}
        settings = with_hyperparameters(self._settings, hyperparameters)

        def make() -> TabularAlgorithm:
            return build_algorithm(settings)  # type: ignore[return-value]

        try:
            score = cross_validated(make, self._data, self.metric, make().seed)
        except ParameterError as error:
            return Trial(searched, None, error.problems[0].message)
        return Trial(searched, score, "" if score is not None else f"{self.metric} is undefined with these values")

    def attempt_all(self, points: Sequence[Mapping[str, Any]]) -> Trial:
        """Cross-validates each set, tells how far that is, and returns the best one."""
        for number, point in enumerate(points, 1):
            self.attempt(point)
            print_progress(number, len(points), "trial")
        return self.best()

    def best(self) -> Trial:
        """The trial with the greatest score, of equal ones the first. Raises ParameterError where none has one."""
        scored = [trial for trial in self.trials.values() if trial.score is not None]
        if not scored:
            first = next(iter(self.trials.values()))
            message = f"hyperparameters: none of {len(self.trials)} sets can be trained, the first: {first.problem}"
            raise ParameterError.of("hyperparameters", plain(first.hyperparameters), message)
        return max(scored, key=lambda trial: trial.score or 0.0)

    def chosen(self) -> dict[str, str]:
        """The settings of Train, with the best hyperparameters."""
        return with_hyperparameters(self._settings, {**self.space.fixed, **self.best().hyperparameters})


def with_hyperparameters(settings: Mapping[str, str], hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """The settings of Train with other hyperparameters."""
    return {**settings, "hyperparameters": json.dumps(hyperparameters, sort_keys=True)}


def search(paths: Paths, settings: Mapping[str, str]) -> dict[str, str]:
    """One job: the point that a tuning job chose, or all of a grid. Returns the settings with the best hyperparameters.

    Writes the trials beside the model, and prints the objective. Raises ParameterError where none can be trained.
    """
    found = Search(paths, settings)
    points = list(found.space.grid()) if settings["strategy"] == "grid" else [found.space.at(_places(settings))]
    best = found.attempt_all(points)
    write_trials(paths, settings["strategy"], found)
    print(f"objective: {best.score!r}", flush=True)
    return found.chosen()


def write_trials(paths: Paths, strategy: str, found: Search) -> None:
    """Writes what was tried into the model's folder, where Evaluate reads it."""
    trials = [asdict(trial) for trial in found.trials.values()]
    write_json(paths.model / FILE_NAME, {"strategy": strategy, "metric": found.metric, "trials": trials})


def _places(settings: Mapping[str, str]) -> list[float]:
    """The point of a tuning job. Raises KeyError for one that is missing, ValueError for one that is no number."""
    return [float(settings[f"{PLACE}{number}"]) for number in range(1, SLOTS + 1)]


def _space(settings: Mapping[str, str]) -> Space:
    """The space of settings that were checked before the start. Raises ParameterError for others."""
    metric = settings["metric"]
    if metric not in METRICS:
        raise ParameterError.of("metric", metric, f"metric: is not known, got {shown(metric)}.")
    given = json.loads(settings.get("hyperparameters", "{}"))
    found = space(algorithm(settings["algorithm"]).params_model, given)
    build_algorithm(with_hyperparameters(settings, found.at([0.0] * SLOTS)))
    return found


def _rows(paths: Paths) -> Table:
    from steps.tables import load_table

    channel = paths.channel("train")
    return load_table(channel / "train.parquet", read_schema(channel))
