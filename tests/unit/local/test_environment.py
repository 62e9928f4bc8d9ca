"""What the local mode takes from the environment."""

from __future__ import annotations

import pytest

from lambda_bridge.redaction import HIDDEN, hidden
from local.environment import SettingError, history_branch, webhook_secret


@pytest.mark.parametrize("name", ["my hist..x", "a b", "x.lock", "a~1", "/"])
def test_a_branch_that_is_none_to_git_is_refused(monkeypatch, name):
    monkeypatch.setenv("MLOPS_HISTORY_BRANCH", name)
    with pytest.raises(SettingError, match="MLOPS_HISTORY_BRANCH: must be the name of a branch"):
        history_branch()


@pytest.mark.parametrize(("given", "branch"), [("history", "history"), ("", None), (None, None)])
def test_the_branch(monkeypatch, given, branch):
    monkeypatch.delenv("MLOPS_HISTORY_BRANCH", raising=False)
    if given is not None:
        monkeypatch.setenv("MLOPS_HISTORY_BRANCH", given)
    assert history_branch() == branch


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_secret_refuses_to_start(monkeypatch, empty):
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", empty)
    with pytest.raises(SettingError, match="must not be empty"):
        webhook_secret()


def test_the_secret_is_the_given_one_or_one_of_this_process(monkeypatch):
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "given")
    assert webhook_secret() == "given"
    monkeypatch.delenv("GITHUB_WEBHOOK_SECRET")
    assert len(webhook_secret()) == 64
    assert webhook_secret() != webhook_secret()


def test_a_webhook_secret_that_is_made_is_hidden_in_the_log(monkeypatch):
    monkeypatch.delenv("GITHUB_WEBHOOK_SECRET", raising=False)
    assert hidden(webhook_secret()) == HIDDEN
