from __future__ import annotations

from pathlib import Path

import pytest

from local.runs import Runs
from local.store import Store


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(Store(tmp_path / "mlops.db"))


def test_each_run_is_a_new_issue(runs: Runs) -> None:
    numbers = [runs.open_run("Iris", "/iris.md", "hash").issue for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert [runs.get_run(number).issue for number in numbers] == numbers


def test_an_unfinished_run_of_the_same_file_and_content_is_found(runs: Runs) -> None:
    first = runs.open_run("Iris", "/iris.md", "hash")
    assert runs.find_unfinished("/iris.md", "hash") == first
    assert runs.find_unfinished("/iris.md", "other") is None
    assert runs.find_unfinished("/other.md", "hash") is None


@pytest.mark.parametrize("state", ["registered", "below_threshold", "failed", "invalid", "cancelled"])
def test_a_finished_run_is_not_resumed(runs: Runs, state: str) -> None:
    issue = runs.open_run("Iris", "/iris.md", "hash").issue
    runs.finish_run(issue, state)
    assert runs.find_unfinished("/iris.md", "hash") is None
    ended = runs.get_run(issue)
    assert ended.state == state
    assert ended.ended is not None
    assert ended.ended >= ended.created


def test_an_attempt_is_remembered(runs: Runs) -> None:
    issue = runs.open_run("Iris", "/iris.md", "hash").issue
    runs.plan_attempt(issue, {"algorithm": "kmeans"}, {"Seed": 3})
    found = runs.get_run(issue)
    assert (found.request, found.parameters, found.state) == ({"algorithm": "kmeans"}, {"Seed": 3}, "running")


def test_an_unknown_issue(runs: Runs) -> None:
    with pytest.raises(KeyError):
        runs.get_run(7)
