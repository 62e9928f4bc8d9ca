"""Accounts: their tokens stay out of the log."""

from __future__ import annotations

from lambda_bridge.redaction import HIDDEN, hidden
from local.github.users import OWNER, User, Users


def test_tokens_are_hidden_in_the_log():
    users = Users([User("maria", "maintain", "canary-of-maria")])
    made = users.named(OWNER)
    assert hidden(f"canary-of-maria {made.token}") == f"{HIDDEN} {HIDDEN}"
