"""What the local mode takes from the environment."""

from __future__ import annotations

import pytest

from lambda_bridge.ports import Patience, StartLimits
from lambda_bridge.redaction import HIDDEN, hidden
from lambda_bridge.settings import COUNTS, DEFAULT_API
from local.environment import (
    SettingError,
    api_url,
    check_all,
    credentials,
    given_webhook_secret,
    history_branch,
    pace,
    webhook_secret,
)

APP = {"GITHUB_APP_ID": "12", "GITHUB_APP_PRIVATE_KEY": "k3y-of-the-app", "GITHUB_APP_INSTALLATION_ID": "34"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Nothing is set; the test sets what it is about."""
    for name in ("GITHUB_API_URL", "GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET", "MLOPS_HISTORY_BRANCH", *APP, *COUNTS):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


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


def test_the_given_secret_is_none_where_it_is_not_set(monkeypatch):
    """Nobody signs for a real repository with a secret that was made here."""
    assert given_webhook_secret() is None
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "given")
    assert given_webhook_secret() == "given"
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "")
    with pytest.raises(SettingError, match="must not be empty"):
        given_webhook_secret()


class TestPace:
    def test_what_is_left_out_has_a_default(self):
        found = pace()
        assert (found.limits, found.patience) == (StartLimits(), Patience())

    def test_what_is_set(self, monkeypatch):
        for number, name in enumerate(COUNTS, 3):
            monkeypatch.setenv(name, str(number))
        found = pace()
        assert (found.limits.person, found.limits.repository) == (3, 4)
        assert (found.patience.reminder.days, found.patience.end.days) == (5, 6)

    def test_what_is_wrong_is_told_at_once(self, monkeypatch):
        for name in COUNTS:
            monkeypatch.setenv(name, "many")
        with pytest.raises(SettingError) as caught:
            pace()
        assert all(f"{name}: must be a whole number from 1 to" in str(caught.value) for name in COUNTS)


class TestCredentials:
    def test_a_token(self, monkeypatch):
        monkeypatch.setenv("GITHUB_TOKEN", "the-token")
        assert credentials().auth.token == "the-token"

    def test_an_app(self, monkeypatch):
        for name, value in APP.items():
            monkeypatch.setenv(name, value)
        found = credentials()
        assert found.app is not None
        assert str(found.app.app_id) == "12"

    @pytest.mark.parametrize("given", [{}, {"GITHUB_TOKEN": ""}, APP | {"GITHUB_APP_ID": ""}])
    def test_nobody(self, monkeypatch, given):
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingError, match="GITHUB_TOKEN: must be set") as caught:
            credentials()
        assert all(name in str(caught.value) for name in APP)
        assert "k3y" not in str(caught.value)

    def test_an_installation_that_is_no_number(self, monkeypatch):
        for name, value in (APP | {"GITHUB_APP_INSTALLATION_ID": "k3y-of-the-app"}).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingError, match="app_installation_id must be a whole number") as caught:
            credentials()
        assert "k3y" not in str(caught.value)


class TestAddress:
    @pytest.mark.parametrize("given", [None, ""])
    def test_github_com(self, monkeypatch, given):
        if given is not None:
            monkeypatch.setenv("GITHUB_API_URL", given)
        assert api_url() == DEFAULT_API

    @pytest.mark.parametrize("given", ["https://github.example/api/v3", "http://127.0.0.1:8080/api/v3"])
    def test_another_one(self, monkeypatch, given):
        monkeypatch.setenv("GITHUB_API_URL", given)
        assert api_url() == given

    @pytest.mark.parametrize(
        "given", ["http://github.example", "github.example", "http://127.0.0.1.example/", "http://127.0.0.1@example/"]
    )
    def test_one_that_would_send_the_token_in_the_clear(self, monkeypatch, given):
        monkeypatch.setenv("GITHUB_API_URL", given)
        with pytest.raises(SettingError, match="GITHUB_API_URL: must be an https address"):
            api_url()


class TestAll:
    def test_everything_that_is_wrong_has_its_line(self, monkeypatch):
        monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "")
        monkeypatch.setenv("MLOPS_HISTORY_BRANCH", "a b")
        with pytest.raises(SettingError) as caught:
            check_all(history_branch, pace, webhook_secret)
        names = [line.partition(":")[0] for line in str(caught.value).splitlines()]
        assert names == ["MLOPS_HISTORY_BRANCH", "GITHUB_WEBHOOK_SECRET"]

    def test_all_is_well(self):
        check_all(history_branch, pace, webhook_secret)
        check_all()
