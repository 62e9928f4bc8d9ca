"""The options of `mlops up`: everything that is wrong is told at once, and a token never. The process is in
tests/integration/test_up.py."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from local.environment import SettingError
from local.up import Options, OptionsError, read_options, serve_until

FOLDER = Path("ws")
TOKEN = "t0ken-of-a-person"


def problems(*users, host="127.0.0.1", repository=None):
    with pytest.raises(OptionsError) as caught:
        read_options(FOLDER, host, 8080, users, repository)
    assert TOKEN not in str(caught.value)
    return str(caught.value).splitlines()


def test_what_is_given_is_taken():
    found = read_options(FOLDER, "0.0.0.0", 0, [f"ann:write:{TOKEN}", "bob:none:b:c:d"], None)  # noqa: S104
    assert (found.workspace, found.host, found.port, found.repository) == (FOLDER, "0.0.0.0", 0, None)  # noqa: S104
    assert [(user.name, user.permission, user.token) for user in found.users] == [
        ("ann", "write", TOKEN),
        ("bob", "none", "b:c:d"),
    ]
    assert read_options(FOLDER, "::", 1, [], "acme/mo.d_els-2").repository == "acme/mo.d_els-2"


@pytest.mark.parametrize(
    "user",
    [
        f"ann:boss:{TOKEN}",
        f"ann::{TOKEN}",
        f"ann {TOKEN}",
        f"{TOKEN}",
        f"{TOKEN}:",
        f"an n:write:{TOKEN}",
        f":write:{TOKEN}",
        f"{'a' * 40}:write:{TOKEN}",
        f"ann:write:{TOKEN} x",
        f"ann:write:{TOKEN}\n",
        f"ann:write:{TOKEN}ä",
        f"ann:Write:{TOKEN}",
        f"ann:{TOKEN}",
    ],
)
def test_an_account_that_cannot_be(user):
    assert len(problems(user)) == 1


@pytest.mark.parametrize("user", ["", "ann", "ann:write", "ann:write:", "ann:write: "])
def test_an_account_without_a_token(user):
    assert len(problems(user)) == 1


def test_two_that_cannot_be_told_apart():
    assert "given twice" in problems(f"ann:write:{TOKEN}", "Ann:read:other-token")[0]
    assert "the same token" in problems(f"ann:write:{TOKEN}", f"bob:read:{TOKEN}")[0]


@pytest.mark.parametrize(
    "repository",
    ["", "models", "acme/", "/models", "a/b/c", "https://github.com/a/b", "-a/b", "a b/c", "acme/é", "a/b\n"],
)
def test_a_repository_that_is_no_name(repository):
    (problem,) = problems(repository=repository)
    assert problem.startswith("--github: must be OWNER/REPO, got ")


@pytest.mark.parametrize("host", ["", "::1", "fe80::1"])
def test_a_host_at_which_it_would_not_find_itself(host):
    (problem,) = problems(host=host)
    assert problem.startswith("--host: ")


def test_everything_is_told_at_once():
    told = problems(f"ann:boss:{TOKEN}", "bob", f"c d:write:{TOKEN}", host="", repository="x" * 1000)
    assert [problem.partition(":")[0] for problem in told] == [
        "--user",
        "--user",
        "user",
        "--host",
        "--github",
        "--user",
    ]
    assert max(map(len, told)) < 250


class TestSettings:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch):
        for name in ("GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN", "GITHUB_API_URL", "MLOPS_HISTORY_BRANCH"):
            monkeypatch.delenv(name, raising=False)

    def refused(self, tmp_path, repository):
        told = []
        with pytest.raises(SettingError) as caught:
            serve_until(threading.Event(), Options(tmp_path / "ws", port=0, repository=repository), told.append)
        assert told == []
        assert not (tmp_path / "ws").exists(), "nothing was made"
        return [line.partition(":")[0] for line in str(caught.value).splitlines()]

    def test_an_empty_secret(self, tmp_path, monkeypatch):
        monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "")
        assert self.refused(tmp_path, None) == ["GITHUB_WEBHOOK_SECRET"]
        assert self.refused(tmp_path, "acme/models") == ["GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN"]

    def test_no_account_for_a_real_repository(self, tmp_path):
        assert self.refused(tmp_path, "acme/models") == ["GITHUB_TOKEN"]

    def test_everything_at_once(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MLOPS_WAIT_DAYS", "31")
        monkeypatch.setenv("MLOPS_HISTORY_BRANCH", "a b")
        monkeypatch.setenv("GITHUB_API_URL", "http://github.example")
        names = ["MLOPS_WAIT_DAYS", "MLOPS_HISTORY_BRANCH", "GITHUB_TOKEN", "GITHUB_API_URL"]
        assert self.refused(tmp_path, "acme/models") == names
