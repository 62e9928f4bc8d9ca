"""The order of the tests, and tables that several test modules use."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from sklearn import datasets
from sklearn.model_selection import train_test_split

from algorithms.base import Table
from algorithms.metrics import TaskType
from algorithms.schema import Column, TableSchema

TablePair = tuple[Table, Table]
os.environ.setdefault("MLOPS_REPORT", "none")  # what tests nothing of the pictures needs none
UNMEASURED = ("slow", "hypothesis", "soak")
"""Marks of tests that repeat much: what they run is measured by others too."""
ELSEWHERE = ("tests/integration/service/", "tests/integration/trust/", "tests/aws/emulator/")
"""Folders of tests whose subject runs in another process, or many times over."""

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")  # seconds say how busy the machine is


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker ends with a long one alone; a tracer would double the time of some."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if item.nodeid.startswith(ELSEWHERE) or any(item.get_closest_marker(name) for name in UNMEASURED):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def measured() -> dict[str, str]:
    """Variables with which another process is measured as this one is: for what runs in no other way."""
    current = Coverage.current()
    return {} if current is None else {"COVERAGE_PROCESS_CONFIG": current.config.serialize()}


@pytest.fixture(scope="session")
def sample_tables() -> Callable[[str, TaskType], TablePair]:
    """`(name, task_type)` -> training and test rows (20 %) of a dataset that scikit-learn ships."""

    def load(name: str, task_type: TaskType) -> TablePair:
        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        return split(bunch.data.set_axis(bunch.data.columns.map(str), axis=1), bunch.target, task_type, [], [])

    return load


@pytest.fixture(scope="session")
def messy_tables() -> Callable[[TaskType, int], TablePair]:
    """`(task_type, rows)` -> rows with gaps, outliers, categories, truth values and free text, as files have them."""

    def make(task_type: TaskType, rows: int = 4_000) -> TablePair:
        frame, signal = messy_rows(rows)
        y = pd.Series(np.where(signal > signal.median(), "yes", "no")) if task_type == "classification" else signal
        return split(frame, y, task_type, ["city", "code", "member"], ["note"])

    return make


def split(
    X: pd.DataFrame, y: pd.Series[Any], task_type: TaskType, categories: list[str], texts: list[str]
) -> TablePair:
    kinds = {**dict.fromkeys(categories, "category"), **dict.fromkeys(texts, "text")}
    columns = [Column.model_validate({"name": name, "type": kinds.get(name, "number")}) for name in X.columns]
    classes = sorted(set(y.tolist())) if task_type == "classification" else None
    supervised = task_type in ("classification", "regression")
    schema = TableSchema(task_type=task_type, columns=columns, target="target" if supervised else None, classes=classes)
    train, test = train_test_split(
        np.arange(len(X)), test_size=0.2, random_state=0, stratify=y if classes is not None else None
    )
    halves = [Table(X.iloc[rows], y.iloc[rows] if supervised else None, schema) for rows in (train, test)]
    return halves[0], halves[1]


def messy_rows(rows: int) -> tuple[pd.DataFrame, pd.Series[Any]]:
    random = np.random.default_rng(7)
    age, income = random.normal(40, 12, rows), random.lognormal(10, 0.6, rows)
    city = random.choice(["Tokyo", "Osaka", "Kyoto", "Nara", "Kobe"], rows, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    code = random.choice([f"c{number}" for number in range(60)], rows)
    good = random.random(rows) < 0.4
    words = np.array(["the", "a", "fine", "day", "house", "tree", "river", "stone", "cloud", "with", "and", "of"])
    note = [" ".join([*random.choice(words, 6), "excellent" if mark else "plain"]) for mark in good]
    member = random.random(rows) < 0.5
    signal = (age - 40) / 12 + np.log(income) - 10 + (city == "Osaka") + 1.5 * good + 0.5 * member
    frame = pd.DataFrame(
        {"age": age, "income": income, "city": city, "code": code, "member": member.astype(object), "note": note}
    )
    frame.loc[random.random(rows) < 0.1, "age"] = np.nan
    frame.loc[random.random(rows) < 0.01, "income"] = 1e9
    frame.loc[random.random(rows) < 0.1, "city"] = None
    frame.loc[random.random(rows) < 0.05, "member"] = None
    return frame, pd.Series(signal + random.normal(0, 0.2, rows))
