"""Run records: DynamoDB and SQLite keep them in the same way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from lambda_bridge.aws_records import DynamoRuns
from lambda_bridge.issue_body import read_body
from lambda_bridge.ports import ConflictError, Runs
from lambda_bridge.runs import Attempt, ProblemRecord, Reply, Run
from local.run_records import RunRecords
from tests.conformance.dynamo import TABLE, make_table

BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: {dataset}
hyperparameters: {{n_estimators: 10}}
preprocessing: {{scaling: none}}
"""


@pytest.fixture(params=["dynamodb", "sqlite"])
def runs(request: pytest.FixtureRequest) -> Runs:
    if request.param == "sqlite":
        return RunRecords(request.getfixturevalue("store"))
    request.getfixturevalue("aws")
    return DynamoRuns(make_table(), TABLE)


def new(issue: int = 7, **changes: Any) -> Run:
    body = BODY.format(dataset=changes.pop("dataset", "iris"))
    fields = {
        "issue": issue,
        "state": "running",
        "title": "Iris",
        "slug": "iris",
        "author": "owner",
        "start_key": "1:x",
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "request": read_body(body),
    }
    return Run(**fields | changes)


def full() -> Run:
    """A record with everything in it."""
    attempt = Attempt(
        number=1,
        hyperparameters={"n_estimators": 10, "max_depth": None, "alpha": 0.1},
        reply_author="owner",
        reply_comment=2**53,
        parameters={"RunId": "issue-7-attempt-1", "ScoreThreshold": -1e308, "Seed": 0},
        execution_arn="arn",
        status="failed",
        metrics={"primary": {"name": "accuracy", "value": None, "score": -1.7e308}, "f1": 1 / 3},
        problems=(ProblemRecord(key="Train", value=[1, None], message="日本 \N{WASTEBASKET}\x00 \\ \" '"),),
    )
    reply = Reply(comment=8, author="owner", hyperparameters={"n_estimators": 20})
    return new(attempts=(attempt,), token="t" * 900, reply=reply, asked=datetime(2026, 1, 2, 3, 4, 5, 6, UTC))


def test_a_record_that_was_never_saved_is_none(runs: Runs) -> None:
    assert runs.get(7) is None


def test_a_record_reads_back_as_it_was_saved(runs: Runs) -> None:
    saved = runs.save(full())
    assert saved.version == 1
    assert runs.get(7) == saved == full().model_copy(update={"version": 1})


def test_a_request_reads_back_as_it_was_written(runs: Runs) -> None:
    """Which keys the requester gave decides later which defaults hold."""
    runs.save(new())
    found = runs.get(7)
    assert found is not None
    assert found.request is not None
    assert found.request.preprocessing is not None
    assert found.request.preprocessing.model_fields_set == {"scaling"}
    assert found.request.model_fields_set == new().request.model_fields_set  # type: ignore[union-attr]


def test_each_save_counts_the_version(runs: Runs) -> None:
    first = runs.save(new())
    second = runs.save(first.model_copy(update={"state": "waiting"}))
    assert second.version == 2
    assert runs.get(7) == second


def test_of_two_first_saves_the_second_is_refused(runs: Runs) -> None:
    runs.save(new())
    with pytest.raises(ConflictError, match="issue 7"):
        runs.save(new(title="other"))
    assert runs.get(7) == new(version=1)


def test_a_record_that_was_changed_meanwhile_is_refused(runs: Runs) -> None:
    first = runs.save(new())
    second = runs.save(first.model_copy(update={"state": "waiting"}))
    with pytest.raises(ConflictError, match="version 1"):
        runs.save(first.model_copy(update={"state": "ended"}))
    assert runs.get(7) == second


def test_a_version_of_a_record_that_is_not_there_is_refused(runs: Runs) -> None:
    with pytest.raises(ConflictError):
        runs.save(new(version=3))
    assert runs.get(7) is None


def test_of_threads_that_save_the_same_version_exactly_one_wins(runs: Runs) -> None:
    read, together = runs.save(new()), threading.Barrier(2)

    def save(name: str) -> Run | None:
        together.wait()
        try:
            return runs.save(read.model_copy(update={"title": name}))
        except ConflictError:
            return None

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(save, ["a", "b"]))
    winners = [found for found in results if found is not None]
    assert len(winners) == 1
    assert runs.get(7) == winners[0]


def test_a_group_has_its_records_newest_change_first(runs: Runs) -> None:
    for issue in (1, 2, 3):
        runs.save(new(issue))
    runs.save(new(4, dataset="wine"))
    oldest = runs.get(1)
    assert oldest is not None
    runs.save(oldest)
    group = oldest.group
    assert [run.issue for run in runs.in_group(group)] == [1, 3, 2]
    assert [run.issue for run in runs.in_group(group, limit=2)] == [1, 3]
    assert runs.in_group("none") == []


def test_a_refused_record_is_in_no_group(runs: Runs) -> None:
    runs.save(new(state="refused", request=None))
    assert list(runs.in_group("")) == []
    assert list(runs.unfinished()) == []


def test_a_record_moves_to_the_group_of_its_new_request(runs: Runs) -> None:
    first = runs.save(new())
    moved = runs.save(first.model_copy(update={"request": new(dataset="wine").request}))
    assert list(runs.in_group(first.group)) == []
    assert list(runs.in_group(moved.group)) == [moved]


def test_unfinished_are_those_that_run_or_wait(runs: Runs) -> None:
    for issue, state in ((5, "waiting"), (4, "ended"), (3, "refused"), (2, "running")):
        runs.save(new(issue, state=state))
    assert [run.issue for run in runs.unfinished()] == [2, 5]


def test_unfinished_are_all_of_them(runs: Runs) -> None:
    """A page of the table has at most 1 MB (Query, DynamoDB)."""
    for issue in range(1, 13):
        runs.save(new(issue, title="x" * 100_000))
    assert [run.issue for run in runs.unfinished()] == list(range(1, 13))
    assert len(runs.in_group(new().group)) == 12


def test_those_that_run_are_counted(runs: Runs) -> None:
    assert runs.count_running() == 0
    for issue, state in ((5, "waiting"), (4, "running"), (3, "refused"), (2, "running"), (1, "ended")):
        runs.save(new(issue, state=state))
    assert runs.count_running() == 2
    found = runs.get(4)
    assert found is not None
    runs.save(found.model_copy(update={"state": "ended"}))
    assert runs.count_running() == 1
