"""Every algorithm of the registry against every check; a new line in the registry brings all of them with it."""

from __future__ import annotations

import atexit
import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from algorithms.base import Algorithm, EnvSpec, NotFittedError, Table
from algorithms.errors import DatasetError
from algorithms.manifest import load_model, read_manifest
from algorithms.metrics import TaskType
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.tabular import TabularAlgorithm

HEAVY = "numpy pandas scipy sklearn skops xgboost torch gymnasium stable_baselines3"
SAMPLES = {"classification": "wine", "regression": "diabetes", "clustering": "iris", "dimensionality_reduction": "wine"}
TELLS_PROGRESS = {"xgboost", "neural_network", "a2c", "a3c", "dqn", "ppo", "q_learning"}
PREDICTS = """
import sys, numpy as np, pandas as pd
from pathlib import Path
from algorithms.manifest import load_model
for line in sys.stdin:
    model, inputs, out = map(Path, line.rstrip().split(chr(9)))
    rows = pd.read_parquet(inputs) if inputs.suffix == ".parquet" else np.load(inputs)
    np.save(out, load_model(model).predict(rows), allow_pickle=False)
    print("done", flush=True)
"""
"""A program that never fitted anything: loads a model and predicts, once per line."""


@dataclass(frozen=True)
class Case:
    """One algorithm on one task, with something small to learn from and something to predict."""

    cls: type[Algorithm]
    task_type: TaskType
    train: Any
    test: Any
    inputs: Any
    quick: dict[str, Any]

    def new(self, **keywords: Any) -> Algorithm:
        return self.cls(self.cls.params_model.model_validate(self.quick), **keywords)

    @cached_property
    def fitted(self) -> Algorithm:
        """Shared by the checks, which must not change it."""
        return self.new(seed=3).fit(self.train)


@cache
def predicting_process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PREDICTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.kill)
    return process


def ask(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def check_default_constructible(case: Case, tmp_path: Path) -> None:
    assert case.cls().params == case.cls.params_model()
    assert case.task_type in case.cls.task_types


def check_unknown_parameter_is_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no_such_parameter"):
        case.cls.params_model.model_validate({"no_such_parameter": 1})


def check_parameters_are_described(case: Case, tmp_path: Path) -> None:
    for name, field in case.cls.params_model.model_fields.items():
        extra = field.json_schema_extra
        assert field.description, name
        assert isinstance(extra, dict), name
        assert extra.get("source"), name


def check_module_is_light(case: Case, tmp_path: Path) -> None:
    program = f"""
import sys
from algorithms.registry import algorithm
algorithm({case.cls.name!r})()
print(*set({HEAVY!r}.split()) & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""


def check_predict_before_fit_raises(case: Case, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        case.new().predict(case.inputs)
    with pytest.raises(NotFittedError):
        case.new().save(tmp_path / "model")


def check_output_has_one_entry_per_row(case: Case, tmp_path: Path) -> None:
    predicted = case.fitted.predict(case.inputs)
    assert len(predicted) == len(case.inputs)
    assert predicted.ndim == (2 if case.task_type == "dimensionality_reduction" else 1)


def check_single_row(case: Case, tmp_path: Path) -> None:
    """Refused by an algorithm that declares to know its training rows alone."""
    if case.cls.only_training_rows:
        with pytest.raises(DatasetError, match=case.cls.only_training_rows):
            case.fitted.predict(case.inputs[:1])
        return
    one = case.fitted.predict(case.inputs[:1])
    np.testing.assert_allclose(one, case.fitted.predict(case.inputs)[:1], rtol=1e-5, atol=1e-6)


def check_input_is_unchanged(case: Case, tmp_path: Path) -> None:
    before = case.inputs.copy()
    case.fitted.predict(case.inputs)
    assert type(before) is type(case.inputs)
    np.testing.assert_array_equal(np.asarray(before), np.asarray(case.inputs))
    if isinstance(case.train, Table):
        copy = Table(case.train.X.copy(), None if case.train.y is None else case.train.y.copy(), case.train.schema)
        case.new().fit(case.train)
        pd.testing.assert_frame_equal(copy.X, case.train.X)


def check_same_seed_same_result(case: Case, tmp_path: Path) -> None:
    """With the hyperparameters that the algorithm declares to need for it, if any; then its class says why."""
    needed = case.cls.repeatable_with
    case = replace(case, quick=case.quick | needed)
    once = case.new(seed=3).fit(case.train) if needed else case.fitted
    again = case.new(seed=3).fit(case.train)
    np.testing.assert_array_equal(again.predict(case.inputs), once.predict(case.inputs))
    assert again.evaluate(case.test) == once.evaluate(case.test)
    assert all(f"`{name}`" in (case.cls.__doc__ or "") for name in needed)


def check_save_load_round_trip(case: Case, tmp_path: Path) -> None:
    """In a process of its own, where nothing of the training is in memory."""
    tabular = isinstance(case.inputs, pd.DataFrame)
    model, inputs, out = (
        tmp_path / "model",
        tmp_path / ("rows.parquet" if tabular else "rows.npy"),
        tmp_path / "out.npy",
    )
    case.fitted.save(model)
    case.inputs.to_parquet(inputs) if tabular else np.save(inputs, case.inputs)
    assert ask(predicting_process(), f"{model}\t{inputs}\t{out}") == "done"
    np.testing.assert_array_equal(np.load(out), case.fitted.predict(case.inputs))
    assert load_model(model).evaluate(case.test) == case.fitted.evaluate(case.test)


def check_manifest_is_complete(case: Case, tmp_path: Path) -> None:
    case.fitted.save(tmp_path / "model")
    manifest = read_manifest(tmp_path / "model")
    assert (manifest.algorithm, manifest.task_type, manifest.seed) == (case.cls.name, case.task_type, 3)
    assert manifest.parameters == json.loads(case.fitted.params.model_dump_json())
    assert set(manifest.files) == {path.name for path in (tmp_path / "model").iterdir()} - {"manifest.json"}
    assert {"python", "numpy"} < set(manifest.libraries)
    assert (manifest.table is None) != (manifest.environment is None)
    assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in manifest.files)


def check_score_is_present_and_finite(case: Case, tmp_path: Path) -> None:
    metric = case.cls.metrics(case.task_type)[0]
    found = case.fitted.evaluate(case.test, interval=metric)
    value = found.metrics[metric]
    assert value is not None
    assert math.isfinite(value)
    assert found.ci95 is not None
    assert found.ci95[0] <= value <= found.ci95[1]
    assert found.n > 0
    assert set(found.metrics) >= set(case.cls.metrics(case.task_type))
    assert set(found.metrics).isdisjoint(case.cls.undefined_metrics)
    assert case.cls.metrics(case.task_type)
    json.dumps(found.details, allow_nan=False)


def check_progress_never_falls(case: Case, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    model = case.new()
    model.on_progress = lambda done, total, unit: told.append((done, total, unit))
    model.fit(case.train)
    assert told or case.cls.name not in TELLS_PROGRESS
    done = [step for step, _, _ in told]
    assert done == sorted(done)
    assert all(step <= total and unit for step, total, unit in told)


def check_beats_the_dummy_baseline(case: Case, tmp_path: Path) -> None:
    assert isinstance(case.fitted, TabularAlgorithm)
    metric = case.cls.metrics(case.task_type)[0]
    baseline = case.fitted.baseline(case.train, case.test).metrics[metric]
    reached = case.fitted.evaluate(case.test).metrics[metric]
    assert baseline is not None
    assert reached is not None
    assert reached > baseline + 0.1


CHECKS: list[Callable[[Case, Path], None]] = [
    found for name, found in list(globals().items()) if name.startswith("check_")
]
TABLES_ONLY = {check_beats_the_dummy_baseline}
"""How much is learned in an environment is checked in the tests of those algorithms, with longer trainings."""

PAIRS = [
    pytest.param((name, task_type), check, id=f"{name}-{task_type}-{check.__name__.removeprefix('check_')}")
    for name in ALGORITHMS
    for task_type in algorithm(name).task_types
    for check in CHECKS
    if task_type != "control" or check not in TABLES_ONLY
]


def somewhere(agent: Any) -> tuple[EnvSpec, Any]:
    """An environment that the algorithm can learn, and observations of it."""
    if "continuous" in agent.observations:
        return EnvSpec("CartPole-v1"), np.random.default_rng(0).uniform(-0.05, 0.05, (8, 4)).astype("float32")
    return EnvSpec("FrozenLake-v1"), np.arange(16)


@pytest.fixture(scope="session")
def cases(sample_tables: Callable[[str, TaskType], tuple[Table, Table]]) -> Callable[[str, TaskType], Case]:
    known: dict[tuple[str, TaskType], Case] = {}

    def build(name: str, task_type: TaskType) -> Case:
        if task_type == "control":
            where, observations = somewhere(algorithm(name))
            return Case(algorithm(name), task_type, where, where, observations, {"total_timesteps": 600})
        train, test = sample_tables(SAMPLES[task_type], task_type)
        test = train if algorithm(name).only_training_rows else test
        return Case(algorithm(name), task_type, train, test, test.X, {})

    def get(name: str, task_type: TaskType) -> Case:
        if (name, task_type) not in known:
            known[name, task_type] = build(name, task_type)
        return known[name, task_type]

    return get


@pytest.mark.parametrize(("key", "check"), PAIRS)
def test_algorithm(
    key: tuple[str, TaskType],
    check: Callable[[Case, Path], None],
    cases: Callable[[str, TaskType], Case],
    tmp_path: Path,
) -> None:
    check(cases(*key), tmp_path)


CLASSIFIERS = [name for name in ALGORITHMS if "classification" in algorithm(name).task_types]
LABELS = {"texts": ["no", "yes", "rare"], "ints": [10, 20, 30], "truth values": [False, True, None]}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_keep_their_type_and_may_have_one_member(name, labels, sample_tables):
    train, _ = sample_tables("breast_cancer", "classification")
    y = pd.Series([labels[code] for code in train.y], index=train.y.index)
    if labels[2] is not None:
        y.iloc[0] = labels[2]
    schema = train.schema.model_copy(update={"classes": sorted(set(y.tolist()))})
    predicted = algorithm(name)().fit(Table(train.X, y, schema)).predict(train.X)
    assert {type(label) for label in predicted.tolist()} == {type(labels[0])}
    assert (predicted == y.to_numpy()).mean() > 0.95
