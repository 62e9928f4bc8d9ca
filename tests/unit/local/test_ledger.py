"""What the ledger of a workspace deletes; what it answers is in tests/conformance/test_ports_ledger.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lambda_bridge.ports import KEPT_DAYS
from local.ledger import LocalLedger
from local.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "mlops.db")
    yield found
    found.close()


def count(store, table):
    return len(store.rows(f"SELECT 1 FROM {table}"))  # noqa: S608 (a test's own text)


def test_what_expired_goes_when_something_new_comes(store):
    time = [START]
    ledger = LocalLedger(store, lambda: time[0])
    for day in range(KEPT_DAYS + 5):
        ledger.remember(f"delivery-{day}")
        time[0] += timedelta(days=1)
    assert count(store, "handled_deliveries") == KEPT_DAYS
    assert ledger.handled(f"delivery-{KEPT_DAYS + 4}")
    assert not ledger.handled("delivery-4")


def test_starts_go_when_nobody_asks_for_them_any_more(store):
    ledger = LocalLedger(store)
    for hour in range(50):
        ledger.add_start(f"{hour}", "owner", START + timedelta(hours=hour))
    assert count(store, "starts") == 25
    assert len(ledger.starts(START + timedelta(hours=48))) == 2


def test_another_process_knows_what_was_remembered(store, tmp_path):
    LocalLedger(store).remember("delivery")
    other = Store(tmp_path / "mlops.db")
    assert LocalLedger(other).handled("delivery")
    other.close()
