"""Ten thousand deliveries that nobody signed: none is taken, nothing of them is read, nobody is asked."""

from __future__ import annotations

import hmac
import json
import random
from collections.abc import Callable
from hashlib import sha1, sha256

import pytest

from lambda_bridge import events, webhook
from lambda_bridge.events import MOST_BYTES
from lambda_bridge.webhook import receive
from tests.integration.trust.conftest import REPOSITORY, SECRET, closed_ports

ROUNDS = 500
STRANGE = "\u00e9\u00fc\uff10\u0663\ud800"
"""No digits of ASCII, though some of them are digits."""
CONTENT = {
    "action": "opened",
    "issue": {"number": 7, "title": "Iris", "body": "x", "labels": [{"name": "mlops:train"}]},
    "repository": {"full_name": REPOSITORY},
    "sender": {"login": "owner", "type": "User"},
}


def right(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


def tampered(digest: str, dice: random.Random) -> str:
    place = dice.randrange(len(digest))
    other = dice.choice([digit for digit in "0123456789abcdef" if digit != digest[place]])
    return f"{digest[:place]}{other}{digest[place + 1 :]}"


WRONG: dict[str, Callable[[bytes, random.Random], str | None]] = {
    "missing": lambda body, dice: None,
    "empty": lambda body, dice: "",
    "no algorithm": lambda body, dice: right(body),
    "nothing signed": lambda body, dice: "sha256=",
    "sha1": lambda body, dice: f"sha1={hmac.new(SECRET.encode(), body, sha1).hexdigest()}",
    "sha1 in its place": lambda body, dice: f"sha256={hmac.new(SECRET.encode(), body, sha1).hexdigest()}",
    "sha512": lambda body, dice: f"sha512={hmac.new(SECRET.encode(), body, 'sha512').hexdigest()}",
    "no key": lambda body, dice: f"sha256={sha256(body).hexdigest()}",
    "cut off": lambda body, dice: f"sha256={right(body)[: dice.randrange(64)]}",
    "longer": lambda body, dice: f"sha256={right(body)}{dice.randrange(10)}",
    "upper case": lambda body, dice: f"sha256={right(body).upper()}",
    "upper-case name": lambda body, dice: f"SHA256={right(body)}",
    "not ASCII": lambda body, dice: f"sha256={right(body)[:-1]}{dice.choice(STRANGE)}",
    "a space": lambda body, dice: dice.choice([" sha256={}", "sha256= {}", "sha256={} ", "sha256={}\t"]).format(
        right(body)
    ),
    "another secret": lambda body, dice: f"sha256={right(body, str(dice.random()))}",
    "an empty secret": lambda body, dice: f"sha256={right(body, '')}",
    "another body": lambda body, dice: f"sha256={right(body + b' ')}",
    "one digit": lambda body, dice: f"sha256={tampered(right(body), dice)}",
    "two at once": lambda body, dice: f"sha256={'0' * 64},sha256={right(body)}",
    "written anew": lambda body, dice: (
        f"sha256={right(json.dumps(json.loads(body), indent=dice.randrange(1, 5)).encode())}"
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_none_is_taken(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "parse", None)  # nothing is parsed
    dice, ports = random.Random(kind), closed_ports()
    for number in range(ROUNDS):
        body = json.dumps({**CONTENT, "nonce": dice.random(), "number": number}).encode()
        header = WRONG[kind](body, dice)
        headers = {"x-github-event": "issues", "content-type": "application/json", "x-github-delivery": str(number)}
        if header is not None:
            headers["x-hub-signature-256"] = header
        answer = receive(ports, {"headers": headers, "body": body.decode(), "isBase64Encoded": False}, REPOSITORY)
        assert answer["statusCode"] == 401
        assert json.loads(answer["body"]) == {"message": "X-Hub-Signature-256: does not fit the body."}


def test_there_are_ten_thousand() -> None:
    assert len(WRONG) * ROUNDS >= 10_000


def test_it_is_compared_in_constant_time_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    equal = hmac.compare_digest

    def compare(ours: bytes, theirs: bytes) -> bool:
        compared.append((ours, theirs))
        return equal(ours, theirs)

    monkeypatch.setattr(events.hmac, "compare_digest", compare)
    monkeypatch.setattr(events.json, "loads", None)
    for digest in ("0" * 64, "", "\u00e9"):
        event = {"headers": {"x-hub-signature-256": f"sha256={digest}"}, "body": "{}"}
        assert receive(closed_ports(), event, REPOSITORY)["statusCode"] == 401
        assert compared[-1] == (f"sha256={right(b'{}')}".encode(), f"sha256={digest}".encode())


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000, "1" * 500_000, "\x00", "\ud800"])
def test_what_would_hurt_a_parser_never_reaches_it(body: str) -> None:
    event = {"headers": {"x-hub-signature-256": "sha256=" + "0" * 64}, "body": body, "isBase64Encoded": False}
    assert receive(closed_ports(), event, REPOSITORY)["statusCode"] in (400, 401)


def test_a_large_one_is_refused_before_it_is_signed() -> None:
    answer = receive(closed_ports(), {"headers": {}, "body": " " * (2 * MOST_BYTES + 1)}, REPOSITORY)
    assert answer["statusCode"] == 413


def test_without_a_secret_nothing_is_taken() -> None:
    body = json.dumps(CONTENT)
    event = {"headers": {"x-hub-signature-256": f"sha256={right(body.encode(), '')}"}, "body": body}
    assert receive(closed_ports(webhook_secret=lambda: ""), event, REPOSITORY)["statusCode"] == 503
