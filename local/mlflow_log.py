"""A program: logs the records of a training_history/ to MLflow, those that are not there yet.

`python -m local.mlflow_log FOLDER [--models DIR]`, to the store that MLFLOW_TRACKING_URI names. FOLDER is a checkout
of the repository, so that the same program serves a workspace and, in a build, what was trained on AWS. It may be
called often: a run in MLflow is known by its tag `mlops.run_id`, and one that was left in the middle is made anew.

Limits: MLflow's REST interface takes 100 parameters and 1,000 metrics in a request, and 6,000 characters of a value
("Request Limits").
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.errors import MissingExtraError

if TYPE_CHECKING:
    from mlflow import MlflowClient

VARIABLE = "MLFLOW_TRACKING_URI"
TAG = "mlops.run_id"
LONGEST_VALUE, MOST_PARAMETERS = 6000, 100
PAGE = 1000
STATUSES = {"registered": "FINISHED", "below_threshold": "FINISHED", "cancelled": "KILLED"}
"""How MLflow names an end; any other one is FAILED."""
SQLITE = "sqlite:///"


def log_records(folder: Path, models: Path | None, uri: str) -> int:
    """Logs what is missing, and says how many attempts that were.

    Parameters
    ----------
    folder : holds `training_history/`
    models : the folder models/ of a bucket, with group and run id below it; None: models are not on this machine

    Raises MissingExtraError.
    """
    if find_spec("mlflow") is None:
        raise MissingExtraError("mlflow", f"{VARIABLE} is set, and logging to MLflow")
    import mlflow

    mlflow.set_tracking_uri(uri)
    store = _Store(mlflow.MlflowClient(uri), uri)
    missing = [path for path in records(folder) if store.lacks(json.loads(path.read_text(encoding="utf-8")))]
    for path in missing:
        store.add(json.loads(path.read_text(encoding="utf-8")), path.parent, models)
    return len(missing)


def records(folder: Path) -> list[Path]:
    """Every record.json, by its path."""
    return sorted(folder.glob("training_history/*/attempt-*/record.json"))


class _Store:
    """The runs in MLflow, an experiment for each model package group."""

    def __init__(self, client: MlflowClient, uri: str) -> None:
        self._client = client
        self._uri = uri
        self._experiments: dict[str, str] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def lacks(self, record: Mapping[str, Any]) -> bool:
        """Whether an attempt has no run that was finished."""
        found = self._runs(_group(record)).get(record["run_id"])
        return found is None or found.info.status == "RUNNING"

    def add(self, record: Mapping[str, Any], folder: Path, models: Path | None) -> None:
        """Makes the attempt's run; what a killed process left of it goes."""
        group = _group(record)
        broken = self._runs(group).get(record["run_id"])
        if broken is not None:
            self._client.delete_run(broken.info.run_id)
        made = self._client.create_run(self._experiment(group), run_name=record["run_id"], tags=_tags(record))
        identifier = made.info.run_id
        self._log(identifier, record)
        for file in sorted(folder.iterdir()):
            self._client.log_artifact(identifier, str(file))
        for model in _models(record, models):
            self._client.log_artifact(identifier, str(model), "model")
        self._client.set_terminated(identifier, STATUSES.get(record["status"], "FAILED"))

    def _log(self, identifier: str, record: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric, Param

        moment = self._client.get_run(identifier).info.start_time
        metrics = [Metric(name, value, moment, 0) for name, value in _metrics(record).items()]
        params = [Param(name, value[:LONGEST_VALUE]) for name, value in _params(record).items()]
        self._client.log_batch(identifier, metrics=metrics)
        for start in range(0, len(params), MOST_PARAMETERS):
            self._client.log_batch(identifier, params=params[start : start + MOST_PARAMETERS])

    def _experiment(self, group: str) -> str:
        if group not in self._experiments:
            found = self._client.get_experiment_by_name(group)
            made = found.experiment_id if found else self._client.create_experiment(group, self._artifacts(group))
            self._experiments[group] = made
        return self._experiments[group]

    def _artifacts(self, group: str) -> str | None:
        """Beside a database on this machine; else the server decides."""
        if not self._uri.startswith(SQLITE):
            return None
        return (Path(self._uri.removeprefix(SQLITE)).absolute().parent / "mlartifacts" / group).as_uri()

    def _runs(self, group: str) -> dict[str, Any]:
        if group not in self._known:
            found: dict[str, Any] = {}
            token = None
            while True:
                page = self._client.search_runs([self._experiment(group)], max_results=PAGE, page_token=token)
                found |= {run.data.tags.get(TAG, ""): run for run in page}
                token = page.token
                if not token:
                    break
            self._known[group] = found
        return self._known[group]


def _group(record: Mapping[str, Any]) -> str:
    return str(record["parameters"].get("ModelPackageGroupName") or "not started")


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    request = record["request"] or {}
    found = {
        TAG: record["run_id"],
        "mlops.issue": record["issue"],
        "mlops.status": record["status"],
        "mlops.learning_type": request.get("learning_type"),
        "mlops.source": request.get("dataset_id") or request.get("environment"),
        "mlops.dataset_digest": record["dataset_digest"],
        "mlops.code_version": record["code_version"],
        "mlops.model_package_arn": record["model_package_arn"],
        "mlflow.user": record["author"],
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _params(record: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters as they were used, and what else decides a training."""
    request, used = record["request"] or {}, record.get("chosen") or record["hyperparameters"]
    others = {name: request[name] for name in ("algorithm", "task_type", "target", "preprocessing") if name in request}
    values = {**others, "seed": record["seed"], **used}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _metrics(record: Mapping[str, Any]) -> dict[str, float]:
    """Every figure; the deciding one also of the training rows, a dummy and the version before. None is left out."""
    own = {name: value for name, value in record["metrics"].items() if name != "primary"}
    beside = {"baseline": record["baseline"], "previous": record["comparison"]}
    for name, part in beside.items():
        primary = (part or {}).get("primary") or {}
        own |= {f"{name}_{primary['name']}": primary["value"]} if primary else {}
    own |= {"train_score": record["train_score"], "seconds": record["seconds"]}
    return {name: float(value) for name, value in own.items() if isinstance(value, int | float)}


def _models(record: Mapping[str, Any], models: Path | None) -> Iterator[Path]:
    """The model.tar.gz of a registered attempt, where models are on this machine."""
    if models is not None and record["model_package_arn"]:
        yield from models.glob(f"{_group(record)}/{record['run_id']}/**/model.tar.gz")


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    parser = argparse.ArgumentParser("python -m local.mlflow_log", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="a checkout of the repository with training_history/")
    parser.add_argument("--models", type=Path, help="the folder models/ of a bucket on this machine")
    options, uri = parser.parse_args(arguments), os.environ.get(VARIABLE)
    if not uri:
        print(f"{VARIABLE}: must be set, such as sqlite:///mlflow.db or the address of a server.", file=sys.stderr)
        return 1
    try:
        print(f"{log_records(options.folder, options.models, uri)} attempts logged")
    except MissingExtraError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
