"""The inbox keeps deliveries until they were handled, each once, over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lambda_bridge.events import check_signature
from local.inbox import KEPT, Inbox
from local.store import Store

HEADERS = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": "guid",
    "x-hub-signature-256": "sha256=of-another-secret",
    "cookie": "a secret",
}
BODY = '{"title": "ä\\ud800"}'.encode()


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "mlops.db")
    yield found
    found.close()


@pytest.fixture
def time():
    return [datetime(2026, 1, 1, tzinfo=UTC)]


@pytest.fixture
def inbox(store, time):
    return Inbox(store, "secret", lambda: time[0])


def test_a_delivery_is_stored_as_it_came(inbox):
    assert inbox.waiting() == []
    assert inbox.add(HEADERS, BODY)
    (number,) = inbox.waiting()
    found = inbox.delivery(number)
    assert (found.id, found.guid, found.body) == (number, "guid", BODY)
    assert found.headers["x-github-event"] == "issues"
    assert found.headers["content-type"] == "application/json"


def test_it_is_signed_with_the_secret_of_now(store, inbox):
    """That of a process may be gone with it."""
    inbox.add(HEADERS, BODY)
    for secret in ("secret", "another one"):
        found = Inbox(store, secret).delivery(inbox.waiting()[0])
        check_signature(secret, found.body, found.headers["x-hub-signature-256"])


def test_only_what_is_needed_is_stored(store, inbox):
    inbox.add(HEADERS, BODY)
    (row,) = store.rows("SELECT headers FROM webhook_inbox")
    assert "secret" not in row["headers"]


def test_the_same_delivery_is_stored_once(inbox):
    assert inbox.add(HEADERS, BODY)
    assert not inbox.add(HEADERS, BODY)
    assert len(inbox.waiting()) == 1


def test_it_is_known_still_when_it_was_handled(inbox):
    inbox.add(HEADERS, BODY)
    inbox.delivered(inbox.waiting()[0])
    assert inbox.waiting() == []
    assert not inbox.add(HEADERS, BODY)
    assert inbox.waiting() == []


@pytest.mark.parametrize(
    ("headers", "body"), [({**HEADERS, "x-github-delivery": "other"}, BODY), (HEADERS, BODY + b" "), ({}, BODY)]
)
def test_another_id_or_another_body_is_another_delivery(inbox, headers, body):
    """The id is not signed: nobody can keep a delivery away by sending its id first."""
    inbox.add(HEADERS, BODY)
    assert inbox.add(headers, body)
    assert len(inbox.waiting()) == 2


def test_the_oldest_comes_first_over_a_restart(store, inbox):
    for number in range(5):
        inbox.add({**HEADERS, "x-github-delivery": str(number)}, BODY)
    inbox.delivered(inbox.waiting()[2])
    again = Inbox(store, "secret")
    assert [again.delivery(number).guid for number in again.waiting()] == ["0", "1", "3", "4"]


def test_what_was_handled_is_kept_as_long_as_it_may_come_again(store, inbox, time):
    inbox.add(HEADERS, BODY)
    inbox.delivered(inbox.waiting()[0])
    time[0] += KEPT - timedelta(seconds=1)
    inbox.add({**HEADERS, "x-github-delivery": "second"}, BODY)
    assert len(store.rows("SELECT 1 FROM webhook_inbox")) == 2
    time[0] += timedelta(seconds=2)
    inbox.add({**HEADERS, "x-github-delivery": "third"}, BODY)
    assert len(store.rows("SELECT 1 FROM webhook_inbox")) == 2


def test_what_waits_is_kept_however_old(inbox, time):
    inbox.add(HEADERS, BODY)
    time[0] += 10 * KEPT
    inbox.add({**HEADERS, "x-github-delivery": "second"}, BODY)
    assert len(inbox.waiting()) == 2


def test_a_number_that_is_not_there(inbox):
    inbox.delivered(7)
    with pytest.raises(KeyError):
        inbox.delivery(7)


def test_headers_that_are_no_plain_text(inbox):
    headers = {**HEADERS, "x-github-delivery": "gu\udce4id \x00"}
    assert inbox.add(headers, BODY)
    assert inbox.delivery(inbox.waiting()[0]).guid == headers["x-github-delivery"]
