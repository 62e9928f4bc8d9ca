"""`mlops init` against the local GitHub over HTTP, which has one webhook and no pull requests."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from local.cli import main
from local.github import LocalGitHub, Server, User
from local.init_files import BRANCH, FORM, HISTORY
from local.store import Store


@pytest.fixture
def github(tmp_path, monkeypatch):
    store = Store(tmp_path / "mlops.db")
    found = LocalGitHub(store, tmp_path / "github", "s", users=[User("wren", "write")])
    server = Server.start(found)
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    monkeypatch.setenv("GITHUB_TOKEN", found.token_of("owner"))
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "s")
    yield found
    server.close()
    found.close()
    store.close()


def init(*arguments, code=0):
    result = CliRunner().invoke(main, ["init", "local/models", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_it_is_prepared_once(github, tmp_path):
    url = f"{github.shapes.at.pages}/webhook"
    out = init("--url", url)
    assert f"webhook {url}: is there" in out
    assert (tmp_path / "github" / FORM).is_file()
    assert (tmp_path / "github" / HISTORY).is_file()
    head = github.git.reference("refs/heads/main")
    assert "Nothing to do." in init("--url", url)
    assert github.git.reference("refs/heads/main") == head


def test_another_webhook_is_refused_with_the_reason(github):
    assert "webhook: GitHub answered 422: The local GitHub delivers" in init("--url", "https://x.example/", code=1)
    assert "label mlops:train: is there" in init()


def test_the_services_own_webhook_is_not_changed(github):
    url = f"{github.shapes.at.pages}/webhook"
    assert "webhook: GitHub answered 422: The local GitHub's webhook is not changed here" in init(
        "--url", url, "--force", code=1
    )


def test_a_person_who_is_no_admin_needs_none_of_it_without_a_webhook(github, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", github.token_of("wren"))
    assert "must be an admin" in init("--url", "https://x.example/", code=1)
    assert "label mlops:train: created" in init()


def test_a_protected_branch(github):
    github.protect("main")
    for _ in range(2):
        assert "Open it at" in init(code=1)
    assert github.git.reference(f"refs/heads/{BRANCH}") != github.git.reference("refs/heads/main")
