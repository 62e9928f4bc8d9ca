"""`mlops reproduce`: runs the attempt of a history record again, and compares every figure.

The second run has a workspace of its own for as long as it takes, so that no cached step stands for one that should run
again, and nothing is registered beside what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from algorithms.environments import require_extra
from algorithms.errors import DatasetError, Problem
from algorithms.registry import ALGORITHMS, algorithm
from lambda_bridge.datasets import dataset_digest, evaluation
from local.artifacts import LocalArtifacts
from local.console import Screen, show
from local.datasets import check_id, ensure_dataset
from local.objects import BUCKET
from local.records import Record, read_record
from local.sagemaker import LocalSageMaker
from local.version import full_version
from local.workspace import Workspace
from pipelines.definitions import PipelineKey, load_definition, pipeline_name
from pipelines.parameters import as_list
from pipelines.request import canonical_json

Status = Literal["same", "different", "failed"]
EXIT_CODES: dict[Status, int] = {"same": 0, "failed": 1, "different": 3}
SEARCH = ("SearchStrategy", "TuningJobStrategy", "RandomSeed", "MaxTrainingJobs", "MaxParallelTrainingJobs")
"""Parameters of the pipelines that search; what was found runs in the one that does not."""
PREVIOUS = ("PreviousModelPackageArn", "PreviousModelUri")
"""Parameters that are left out: the comparison with another version says nothing about this one."""


@dataclass(frozen=True)
class Figure:
    """A figure of the record, and the same one now. None: there is none."""

    name: str
    recorded: Any
    again: Any


@dataclass
class Reproduction:
    """What came out. `figures` were compared; `different` are those that are not equal, bit for bit."""

    status: Status = "failed"
    run_id: str = ""
    recorded_with: str = ""
    run_with: str = ""
    figures: int = 0
    different: list[Figure] = field(default_factory=list)
    expected: str = ""
    """Why a difference is no defect; empty: it is one."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return EXIT_CODES[self.status]

    def to_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """The result for people."""
        if self.recorded_with != self.run_with:
            yield f"recorded with {self.recorded_with}, run again with {self.run_with}"
        if self.different and self.expected:
            yield self.expected
        for figure in self.different:
            yield f"{figure.name}: {figure.recorded} in the record, {figure.again} now"
        if self.status != "failed":
            equal = self.figures - len(self.different)
            yield f"{self.run_id}: {self.status}, {equal} of {self.figures} figures are equal bit for bit"


def reproduce(path: Path, data: Path | None, workspace: Path, screen: Screen) -> Reproduction:
    """Runs a record's attempt again.

    Parameters
    ----------
    path : a record.json, or its folder
    data : a folder with the dataset; None: that of the workspace, else the starter's
    workspace : where the dataset may lie; nothing is changed there

    Raises RequestError for a file that is no record and for a dataset that is not the recorded one, MissingExtraError.
    """
    record = read_record(path)
    if record.request.learning_type == "reinforcement":
        require_extra()
    found = Reproduction(
        run_id=record.run_id,
        recorded_with=record.code_version,
        run_with=full_version(),
        expected=why_it_may_differ(record),
    )
    with TemporaryDirectory(prefix="mlops-reproduce-") as folder, Workspace(Path(folder), "mlops reproduce") as again:
        _bring_dataset(again, record, data, workspace)
        reason = _run(again, record, screen)
        evaluated = evaluation(LocalArtifacts(again.objects), record.run_id)
    if evaluated is None:
        message = f"{record.run_id}: ended without figures, got {reason}. The step's output says more."
        found.problems.append(Problem("run", record.run_id, message))
        return found
    compared = list(_compare(_recorded(record), _figures(evaluated)))
    found.figures, found.different = len(compared), [one for one in compared if one.recorded != one.again]
    found.status = "different" if found.different else "same"
    return found


def why_it_may_differ(record: Record) -> str:
    """Of an algorithm that repeats its figures only with some hyperparameters, and was run with others."""
    name = record.request.algorithm
    cls = algorithm(name) if name in ALGORITHMS else None
    if cls is None:
        return ""
    try:
        used = cls.params_model.model_validate_json(str(record.parameters.get("Hyperparameters", "{}")))
    except ValueError:
        return ""  # the step refuses them and says why
    unmet = {key: value for key, value in cls.repeatable_with.items() if getattr(used, key) != value}
    if not unmet:
        return ""
    needed, got = (", ".join(f"{key}: {pick(key)}" for key in unmet) for pick in (unmet.get, partial(getattr, used)))
    return f"{name} gives the same figures again only with {needed}; this attempt had {got}, so they may differ"


def _bring_dataset(again: Workspace, record: Record, data: Path | None, workspace: Path) -> None:
    if record.request.learning_type == "reinforcement":
        return
    dataset_id = str(record.parameters.get("DatasetId", ""))
    check_id(dataset_id)
    own = workspace / "s3" / BUCKET / "datasets" / dataset_id / "raw"
    ensure_dataset(again.objects, dataset_id, data or (own if own.is_dir() else None))
    digest = dataset_digest(LocalArtifacts(again.objects), dataset_id)
    if digest != record.dataset_digest:
        given = f"got files with the digest {digest[:12]}… in the place of {(record.dataset_digest or 'none')[:12]}…"
        message = f"dataset {dataset_id}: not the one of the record, {given} Give that one with --data."
        raise DatasetError.of("dataset_id", dataset_id, message)


def _run(again: Workspace, record: Record, screen: Screen) -> str:
    """Runs the pipeline on the recorded parameters. Returns its status, with the reason where it failed."""
    pipeline = _pipeline(record)
    name = pipeline_name(pipeline)
    with screen, LocalSageMaker(again, partial(show, screen)) as sagemaker:
        sagemaker.upsert_pipeline(name, json.dumps(load_definition(pipeline)))
        started = sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=as_list(_parameters(record)))
        ended = sagemaker.wait(started["PipelineExecutionArn"])
    return f"{ended['PipelineExecutionStatus']}: {ended.get('FailureReason', 'no reason')}"[:1000]


def _pipeline(record: Record) -> PipelineKey:
    """That of the learning type, which trains what a search chose too, or the one for several instances."""
    several = record.request.learning_type == "supervised" and "InstanceCount" in record.parameters
    return "supervised_distributed" if several else record.request.learning_type


def _parameters(record: Record) -> dict[str, str]:
    """Those of the record; after a search the values that it chose, since another tuner would choose others."""
    kept = {key: str(value) for key, value in record.parameters.items() if key not in (*PREVIOUS, *SEARCH)}
    return kept if record.chosen is None else {**kept, "Hyperparameters": canonical_json(record.chosen)}


def _recorded(record: Record) -> dict[str, Any]:
    return _flat({"metrics": record.metrics, "train": record.train_score, "baseline": record.baseline, "n": record.n})


def _figures(evaluated: Mapping[str, Any]) -> dict[str, Any]:
    train = evaluated["train"]["primary"]
    kept = {name: evaluated.get(name) for name in ("metrics", "baseline", "n")}
    return _flat({**kept, "train": None if train is None else train["score"]})


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested figures by their path, such as `metrics.primary.value`."""
    if isinstance(value, Mapping):
        inner = ((f"{name}.{key}" if name else str(key), one) for key, one in value.items())
    elif isinstance(value, list):
        inner = ((f"{name}[{place}]", one) for place, one in enumerate(value))
    else:
        return {name: value}
    return {key: figure for path, one in inner for key, figure in _flat(one, path).items()}


def _compare(recorded: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[Figure]:
    for name in {**recorded, **again}:
        yield Figure(name, recorded.get(name), again.get(name))
