"""CONTRIBUTING's way to add an algorithm: one file, one line; the tests that are there pick it up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PARTS = ("algorithms", "lambda_bridge", "local", "pipelines", "seed_code", "steps", "tests", "pyproject.toml")
FILE = '''"""Nearest neighbours (Fix and Hodges 1951): the class that most of the nearest training rows have."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from algorithms.metrics import TaskType
from algorithms.params import Params, source
from algorithms.supervised import SupervisedAlgorithm


class NearestNeighboursParams(Params):
    """Hyperparameters."""

    n_neighbors: int = Field(
        5, ge=1, le=1_000, description="Rows that vote.", json_schema_extra=source("scikit-learn's default", "either")
    )


class NearestNeighbours(SupervisedAlgorithm):
    """Keep `scaling` on, or large numbers decide alone."""

    name = "nearest_neighbours"
    title = "Nearest neighbours"
    task_types = ("classification",)
    params_model = NearestNeighboursParams
    params: NearestNeighboursParams

    def train(self, X: Any, y: Any, task_type: TaskType) -> Any:
        """All training rows are compared with, one by one."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(self.params.n_neighbors, algorithm="brute").fit(X, y)
'''
LINE = '    "nearest_neighbours": "algorithms.nearest_neighbours:NearestNeighbours",\n'
ISSUE = "learning_type: supervised\nalgorithm: nearest_neighbours\ndataset_id: iris\nevaluation_threshold: 0.9\n"


@pytest.fixture
def checkout(tmp_path):
    for part in PARTS:
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        copy(PROJECT / part, tmp_path / part)
    return tmp_path


def add(checkout, text):
    (checkout / "algorithms/nearest_neighbours.py").write_text(text)
    registry = checkout / "algorithms/registry.py"
    registry.write_text(registry.read_text().replace('    "neural_network"', f'{LINE}    "neural_network"', 1))


def run(checkout, *command):
    environment = {**os.environ, "PYTHONPATH": str(checkout), "MLOPS_REPORT": "none"}
    words = [sys.executable, "-m", *command]
    return subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def checked(checkout):
    tests = "tests/conformance/test_algorithms.py"
    return run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "-n0", tests, "-k", "nearest_neighbours")


@pytest.mark.slow
def test_one_file_and_one_line_are_an_algorithm(checkout):
    add(checkout, FILE)
    done = checked(checkout)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 15
    (checkout / "issue.md").write_text(ISSUE)
    trained = run(checkout, "local.cli", "run", "issue.md")
    assert trained.returncode == 0, trained.stdout
    assert "n_neighbors = 5" in run(checkout, "local.cli", "algorithms", "nearest_neighbours").stdout
    typed = run(checkout, "mypy", "algorithms/nearest_neighbours.py")
    assert typed.returncode == 0, typed.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('KNeighborsClassifier(self.params.n_neighbors, algorithm="brute").fit(X, y)', "y", "save_load"),
        ("self.params.n_neighbors", "len(y)", "beats"),
    ],
    ids=["no model", "no better than a dummy"],
)
def test_what_is_wrong_with_it_is_told(checkout, old, new, told):
    assert old in FILE
    add(checkout, FILE.replace(old, new))
    done = checked(checkout)
    assert done.returncode == 1
    assert re.search(rf"FAILED .*nearest_neighbours.*{told}", done.stdout), done.stdout[-3000:]
