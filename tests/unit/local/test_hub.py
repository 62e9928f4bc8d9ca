"""Where the repository is, and as whom the bridge sees it."""

from __future__ import annotations

import os

import pytest
from github import Auth

from lambda_bridge.github_client import Credentials
from local.github import LocalGitHub, Server, User
from local.github.users import BOT
from local.hub import GITHUBS_EDITS, OUR_EDITS, local_hub, remote_hub, repository_of
from local.store import Store


@pytest.fixture
def github(tmp_path):
    store = Store(tmp_path / "mlops.db")
    found = LocalGitHub(store, tmp_path / "github", "secret", users=[User("ann", "write", "token-of-ann")])
    yield found
    found.close()
    store.close()


@pytest.fixture
def server(github):
    found = Server.start(github)
    yield found
    found.close()


class TestLocal:
    def test_the_bridge_is_the_bot_there(self, github, server, tmp_path):
        hub = local_hub(github, server.url, tmp_path / "github", None)
        assert (hub.name, hub.login(), hub.branch) == ("local/models", BOT, None)
        made = hub.repository.create_issue("Iris")
        assert made.user.login == BOT

    @pytest.mark.parametrize("known", ["", "example.org"])
    def test_a_proxy_has_no_business_there(self, github, server, tmp_path, monkeypatch, known):
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, known)
        hub = local_hub(github, server.url, tmp_path / "github", None)
        assert hub.repository.create_issue("Iris").number == 1
        local_hub(github, server.url, tmp_path / "github", None)
        assert os.environ["NO_PROXY"] == ",".join(filter(None, [known, "127.0.0.1"]))

    def test_the_local_github_takes_more_edits(self, github, tmp_path):
        assert local_hub(github, "http://127.0.0.1:1", tmp_path, None).edits_per_hour == OUR_EDITS > GITHUBS_EDITS

    @pytest.mark.parametrize(("branch", "seen"), [(None, "training_history/a.md"), ("records", "")])
    def test_where_a_committed_file_is_seen(self, github, tmp_path, branch, seen):
        """On a branch that is not checked out there is no file to see."""
        hub = local_hub(github, "http://127.0.0.1:1", tmp_path / "github", branch)
        assert hub.branch == branch
        assert hub.address("training_history/a.md").rstrip("/") == str(tmp_path / "github" / seen).rstrip("/")

    def test_as_one_of_its_people_sees_it(self, github, server):
        made = repository_of(github, server.url, "ann").create_issue("Iris")
        assert made.user.login == "ann"
        with pytest.raises(KeyError):
            repository_of(github, server.url, "nobody")


class TestRemote:
    def test_the_account_is_asked_for_when_it_is_needed(self, github, server):
        credentials = Credentials(Auth.Token("token-of-ann"))
        hub = remote_hub(credentials, server.url, "local/models", "records")
        assert (hub.name, hub.branch, hub.address, hub.edits_per_hour) == (
            "local/models",
            "records",
            None,
            GITHUBS_EDITS,
        )
        assert hub.login() == "ann"
        assert hub.repository.create_issue("Iris").user.login == "ann"

    def test_nobody_is_asked_before(self):
        hub = remote_hub(Credentials(Auth.Token("t")), "http://127.0.0.1:1", "nobody/nothing", None)
        assert hub.name == "nobody/nothing"
