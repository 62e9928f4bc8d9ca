from __future__ import annotations

from pathlib import Path

import pytest

from local.migrations import MIGRATIONS
from local.store import Store, StoreVersionError
from local.workspace import Workspace, WorkspaceBusyError
from pipelines.settings import NO_MODEL


def test_holds_one_empty_object_for_no_model(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        [found] = workspace.objects.list("s3://mlops-local/models/none/")
        assert (found.uri, found.size) == (f"s3://mlops-local/{NO_MODEL}", 0)


def test_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        Workspace(tmp_path, "mlops run"),
        pytest.raises(WorkspaceBusyError, match=r"held by mlops run \(process \d+\) since .* another --workspace"),
    ):
        Workspace(tmp_path)
    Workspace(tmp_path).close()


def test_a_holder_that_cannot_be_read_is_still_refused(tmp_path: Path) -> None:
    with Workspace(tmp_path):
        (tmp_path / "lock.json").write_text("{")
        with pytest.raises(WorkspaceBusyError, match="another process"):
            Workspace(tmp_path)


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    for name in ("jobs/Train/ml", "staging/tmp123"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "part").write_text("x")
    with Workspace(tmp_path) as workspace:
        assert list(workspace.jobs.iterdir()) == []
        assert list((tmp_path / "staging").iterdir()) == []


def test_what_cannot_be_opened_is_let_go(tmp_path: Path) -> None:
    Store(tmp_path / "mlops.db", [*MIGRATIONS, "CREATE TABLE more (x)"]).close()
    for _ in range(2):
        with pytest.raises(StoreVersionError):
            Workspace(tmp_path)
