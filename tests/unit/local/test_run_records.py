"""Records outlive the process; what a store of records does is tested in tests/conformance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lambda_bridge.ports import ConflictError
from lambda_bridge.runs import Run
from local.run_records import RunRecords
from local.store import Store


def new(issue=7, **changes):
    started = datetime(2026, 1, 1, tzinfo=UTC)
    fields = {"issue": issue, "state": "refused", "title": "t", "slug": "t", "author": "owner", "start_key": "1:x"}
    return Run(**fields | {"started": started} | changes)


def test_another_process_goes_on_where_the_last_one_was(tmp_path):
    first = Store(tmp_path / "mlops.db")
    saved = RunRecords(first).save(new())
    first.close()
    second = Store(tmp_path / "mlops.db")
    assert RunRecords(second).get(7) == saved
    second.close()


def test_two_processes_agree_on_the_version(tmp_path):
    stores = [Store(tmp_path / "mlops.db") for _ in range(2)]
    one, other = (RunRecords(store) for store in stores)
    read = one.save(new())
    other.save(read)
    with pytest.raises(ConflictError, match="issue 7: its record is not at version 1 any more"):
        one.save(read)
    for store in stores:
        store.close()
