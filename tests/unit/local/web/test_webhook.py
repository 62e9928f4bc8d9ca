"""`POST /webhook`: what is refused, and what is stored before it is answered."""

from __future__ import annotations

import anyio
import pytest
from starlette.requests import Request

from lambda_bridge.events import MOST_BYTES, TooManyBytesError
from local.hub import Hub
from local.service import Service
from local.sweeper import HINTED_SECONDS, POLLING_SECONDS
from local.web.webhook import read, webhook
from tests.unit.local.web.conftest import browse, payload, signed

BODY = payload()
FORM = "application/x-www-form-urlencoded"


def post(client, body=BODY, headers=None, **changes):
    given = signed(body, **changes) if headers is None else headers
    answer = client.post("/webhook", content=body, headers=given)
    return answer.status_code, answer.json()["message"]


def test_a_delivery_is_stored_and_answered_before_anybody_handles_it(client, stored):
    """The service was not started: nobody is there who could."""
    assert post(client) == (202, "stored")
    assert stored() == [(BODY, None)]


def test_the_same_one_is_stored_once(client, stored):
    post(client)
    assert post(client) == (202, "ignored: this delivery was received")
    assert post(client, x_github_delivery="another") == (202, "stored")
    assert len(stored()) == 2


@pytest.mark.parametrize(
    "signature", [None, "", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 64, "sha256=\xe4", "SHA256"]
)
def test_a_signature_that_does_not_fit(client, stored, signature):
    headers = signed(BODY)
    del headers["x-hub-signature-256"]
    if signature is not None:
        headers["x-hub-signature-256"] = signature.encode("latin-1")
    status, message = post(client, headers=headers)
    assert (status, stored()) == (401, [])
    assert "secret" not in message


def test_a_body_that_somebody_changed(client, stored):
    assert post(client, BODY + b" ", headers=signed(BODY))[0] == 401
    assert stored() == []


def test_a_form_is_told_which_setting_to_change(client, stored):
    body = b"payload=%7B%7D"
    status, message = post(client, body, content_type=FORM)
    assert (status, stored()) == (415, [])
    assert "application/json" in message
    assert post(client, body, headers=signed(body, "wrong", content_type=FORM))[0] == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"\xff"', b"[" * 100_000, payload(issue={"number": "7"})])
def test_a_body_that_github_does_not_send(client, stored, body):
    status, message = post(client, body)
    assert (status, stored()) == (400, [])
    assert "Send what GitHub sends" in message


def test_a_body_that_is_too_long(client, stored):
    body = b" " * (MOST_BYTES + 1)
    status, message = post(client, body)
    assert (status, stored()) == (413, [])
    assert str(MOST_BYTES) in message


def test_a_body_without_a_length_is_read_no_further_than_it_may_be_long():
    read_parts = []

    async def receive():
        read_parts.append(1)
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(TooManyBytesError):
        anyio.run(read, request, 5000)
    assert len(read_parts) == 6


def test_a_body_that_does_not_come(service, stored):
    async def receive():
        await anyio.sleep_forever()

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    answer = anyio.run(webhook(service, seconds=0), request)
    assert (answer.status_code, stored()) == (408, [])


def test_a_body_that_comes_in_parts(client, stored):
    headers = signed(BODY)
    assert post(client, iter([BODY[:10], BODY[10:]]), headers=headers) == (202, "stored")
    assert stored() == [(BODY, None)]


def test_the_longest_body(client, stored):
    body = payload(padding="")
    body = body[:-2] + b" " * (MOST_BYTES - len(body)) + body[-2:]
    assert len(body) == MOST_BYTES
    assert post(client, body)[0] == 202
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"repository": {"full_name": "other/models"}}, "issues"),
        ({"sender": {"login": "app[bot]", "type": "Bot"}}, "issues"),
        ({"action": "assigned"}, "issues"),
        ({}, "push"),
        ({}, "ping"),
    ],
)
def test_what_is_none_of_our_business_is_not_stored(client, stored, changes, event):
    assert post(client, payload(**changes), x_github_event=event)[0] == 202
    assert stored() == []


def test_nothing_else_is_answered(client):
    assert client.get("/webhook").status_code == 405
    assert client.post("/webhook/x", content=BODY, headers=signed(BODY)).status_code == 404


def test_without_a_secret_every_delivery_is_refused(own_log, workspace, stored):
    """With an empty one, anybody could sign."""
    service = Service(workspace, Hub("local/models", None, lambda: "mlops-bot", None), "", "1.2")
    client = browse(service)
    status, message = post(client, headers=signed(BODY, ""))
    service.close()
    assert (status, stored()) == (503, [])
    assert "GITHUB_WEBHOOK_SECRET" in message


def test_a_defect_is_answered_without_a_word_of_it(client, workspace):
    with workspace.store.transaction() as db:
        db.execute("ALTER TABLE webhook_inbox RENAME TO away")
    status, message = post(client)
    with workspace.store.transaction() as db:
        db.execute("ALTER TABLE away RENAME TO webhook_inbox")
    assert status == 500, "GitHub's list of deliveries shows it, and it may be sent again"
    assert "webhook_inbox" not in message


class TestPolling:
    """A signed delivery shows that the webhook reaches us, so the repository is looked through less often."""

    def test_a_signed_one(self, client, service):
        assert service._sweeper.seconds == POLLING_SECONDS
        post(client, x_github_event="ping")
        assert service._sweeper.seconds == HINTED_SECONDS

    def test_one_that_anybody_sent(self, client, service):
        post(client, headers=signed(BODY, "wrong"))
        assert service._sweeper.seconds == POLLING_SECONDS
