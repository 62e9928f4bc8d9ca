"""Secrets in the log: planted in messages, arguments and errors, looked for in the lines."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lambda_bridge import redaction
from lambda_bridge.handler import JsonLines
from lambda_bridge.redaction import HIDDEN, SHORTEST, VARIABLES, hidden, redact

CANARY = "canary-7f3a9c"
KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAcanary1
SecondLineOfTheKey/canary2==
-----END RSA PRIVATE KEY-----
"""
SLACK = "https://hooks.slack.com/services/T000/B000/canary"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """No test sees the secrets of another."""
    monkeypatch.setattr(redaction, "_given", set())
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def logged(*arguments, **keys):
    """The line that a call of `Logger.error` makes, in the place of a real handler."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.Logger("test")
    log.addHandler(handler)
    log.error(*arguments, **keys)
    return stream.getvalue()


@pytest.mark.parametrize("name", VARIABLES)
def test_the_environment_is_read_for_each_line(monkeypatch, name):
    assert json.loads(logged("got %s", CANARY))["message"] == f"got {CANARY}"
    monkeypatch.setenv(name, CANARY)
    assert json.loads(logged("got %s", CANARY))["message"] == f"got {HIDDEN}"


def test_values_that_were_given():
    redact(CANARY)
    assert json.loads(logged("a %s b %r", CANARY, {"x": CANARY}))["message"] == f"a {HIDDEN} b {{'x': '{HIDDEN}'}}"


def test_further_keys_of_a_line():
    redact(CANARY)
    assert CANARY not in logged("text", extra={"delivery": CANARY, CANARY: 1})


def test_tracebacks_with_their_causes():
    redact(CANARY)
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise RuntimeError(f"token {CANARY}") from error
    except RuntimeError as error:
        error.add_note(f"sent with {CANARY}")
        line = logged("failed", exc_info=True)
    assert CANARY not in line
    assert json.loads(line)["exception"].count(HIDDEN) >= 3
    assert json.loads(line)["stack_trace"]["type"] == "RuntimeError"


@pytest.mark.parametrize(
    "secret", ['with "quotes" and \\', "two\nlines of it", "ünïcode-sècret", "tab\there it is", "a/b+c=d&e f'g"]
)
def test_every_way_of_writing_it(secret):
    redact(secret)
    assert secret not in json.loads(logged("%s", secret))["message"]
    assert json.loads(logged("%r", secret))["message"].strip("'\"") == HIDDEN
    assert json.loads(logged("%s", json.dumps(secret)))["message"] == f'"{HIDDEN}"'
    assert json.loads(logged({"url": secret}))["message"] == {"url": HIDDEN}


def test_the_lines_of_a_key_one_by_one(monkeypatch):
    monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", KEY)
    assert HIDDEN in logged("%s", KEY)
    for line in (logged("%s", KEY), logged("%r", KEY), *(logged("bad line: %s", part) for part in KEY.splitlines())):
        assert "canary" not in line
    assert "BEGIN RSA" in logged("no -----BEGIN RSA PRIVATE KEY----- there")


def test_the_path_of_an_address_and_quoted_addresses(monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", SLACK)
    assert "B000" not in logged("Max retries exceeded with url: /services/T000/B000/canary")
    assert "B000" not in logged("https%3A%2F%2Fhooks.slack.com%2Fservices%2FT000%2FB000%2Fcanary")
    assert "hooks.slack.com" in logged("hooks.slack.com does not answer")


@pytest.mark.parametrize("token", ["ghp_" + "a1" * 18, "ghs_" + "B2" * 18, "github_pat_11ABC_" + "c3" * 20])
def test_github_tokens_by_their_look(token):
    assert json.loads(logged("Authorization: token %s.", token))["message"] == f"Authorization: token {HIDDEN}."


@pytest.mark.parametrize("value", ["", "  ", "\n", "x" * (SHORTEST - 1)])
def test_what_is_too_short_hides_nothing(value):
    redact(value)
    assert hidden("x xx, all of it stays") == "x xx, all of it stays"


def test_of_two_secrets_the_longer_one_goes_whole():
    redact("secret-token")
    redact("secret-token-with-more")
    assert hidden("secret-token-with-more, secret-token") == f"{HIDDEN}, {HIDDEN}"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST).map(str.strip))
@pytest.mark.parametrize("written", [str, repr, json.dumps])
def test_any_text(written, secret):
    assume(len(secret) >= SHORTEST and secret not in f"<<{HIDDEN}>>")
    redaction._given.clear()  # of the example before, whose secret might hide this one
    redact(secret)
    assert written(secret).strip("'\"") not in hidden(written(f"<<{secret}>>"))


def test_it_is_light():
    code = "import sys, lambda_bridge.redaction; print('aws_lambda_powertools' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
