"""`mlops init` against another GitHub over HTTP: what it makes, what it leaves alone, what it tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambda_bridge.labels import LABELS
from local.cli import main
from local.init_files import BRANCH, FORM, HISTORY, MESSAGE, OWNERS, STARTER
from tests.integration.service.other_github import OtherGitHub
from tests.integration.service.other_shapes import Account

PROJECT = Path(__file__).parents[2]
SECRET = "the webhook's secret"
URL = "https://x.execute-api.eu-west-1.amazonaws.com/webhook"
ACCOUNTS = [
    Account(name, role, f"token-of-{name}") for name, role in (("ada", "admin"), ("wren", "write"), ("rita", "read"))
]
HOOK = {"url": URL, "content_type": "json", "insecure_ssl": "0", "secret": SECRET}
FULL = ("acme/models", "--url", URL)
WRITES_OF_A_FULL_RUN = 5 + 2 + 3 + 1
"""Labels; blobs; tree, commit and branch; webhook."""


@pytest.fixture
def github(monkeypatch):
    found = OtherGitHub(ACCOUNTS, SECRET)
    monkeypatch.setenv("GITHUB_API_URL", found.url)
    monkeypatch.setenv("GITHUB_TOKEN", "token-of-ada")
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", SECRET)
    yield found
    found.close()


def init(*arguments, code=0):
    """Standard output and error."""
    result = CliRunner().invoke(main, ["init", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert SECRET not in result.output
    assert "token-of" not in result.output
    return result.stdout, result.stderr


def report(*arguments, code=0):
    return json.loads(init(*arguments, "--json", code=code)[0])


def actions(found, thing):
    return {step["name"]: step["action"] for step in found["steps"] if step["thing"] == thing}


def files(github, branch="main"):
    """Path -> content of a branch."""

    def inside(sha, before=""):
        for name, (mode, item) in github.git.trees[sha].items():
            if mode == "040000":
                yield from inside(item, f"{before}{name}/")
            else:
                yield before + name, github.git.blobs[item]

    return dict(inside(github.git.commits[github.git.branches[branch]]["tree"]))


def put(github, content, mode="100644"):
    """A commit of a person: path -> content."""
    head = github.git.branches["main"]
    changes = [{"path": path, "content": text, "mode": mode} for path, text in content.items()]
    tree = github.git.add_tree(github.git.commits[head]["tree"], changes)
    github.git.branches["main"] = github.git.add_commit("By hand", tree, [head])


def writes(github):
    return [(method, path) for method, path, _, _ in github.requests if method != "GET"]


def test_a_fresh_repository_gets_everything_in_one_commit(github):
    found = report(*FULL)
    assert (found["status"], found["problems"], found["branch"]) == ("done", [], "main")
    assert all(step["done"] for step in found["steps"])
    assert github.git.messages() == [MESSAGE, "Initial commit"]
    assert found["commit"] == github.git.branches["main"]
    made = {path: STARTER.joinpath(path).read_bytes() for path in (FORM, HISTORY)}
    assert files(github) == {"README.md": b"# Models\n", **made}
    labels = {label.name: (label.colour, label.description) for label in LABELS}
    texts = github.records.descriptions
    assert {name: (github.records.labels[name], texts[name]) for name in labels} == labels
    assert [(hook["config"], hook["events"], hook["active"]) for hook in github.setup.hooks] == [
        (HOOK, ["issues", "issue_comment"], True)
    ]
    assert len(writes(github)) == WRITES_OF_A_FULL_RUN
    assert writes(github)[-1][1].endswith("/hooks"), "nothing is heard of a repository that is half prepared"


def test_the_second_time_there_is_nothing_to_do(github):
    report(*FULL)
    github.requests.clear()
    out, _ = init(*FULL)
    assert "Nothing to do." in out
    assert "/issues/new?template=train.yml" in out
    assert writes(github) == []
    assert report(*FULL)["status"] == "nothing_to_do"


def test_looking_changes_nothing(github):
    found = report(*FULL, "--dry-run")
    assert (found["status"], found["dry_run"]) == ("planned", True)
    assert {step["action"] for step in found["steps"]} == {"create"}
    assert not any(step["done"] for step in found["steps"])
    assert f"file {FORM}: would be created" in init(*FULL, "--dry-run")[0]
    assert writes(github) == []


def test_without_an_address_the_webhook_is_left_alone(github):
    found = report("acme/models")
    assert actions(found, "webhook") == {}
    assert not any("/hooks" in path for _, path, *_ in github.requests)
    assert "--url" in found["next"][0]


@pytest.mark.parametrize("force", [False, True])
def test_what_a_person_changed_stays_unless_it_is_forced(github, force):
    report(*FULL)
    put(github, {FORM: "mine\n"})
    github.records.labels["mlops:failed"] = "000000"
    github.records.descriptions["mlops:waiting"] = "My text"
    out, _ = init(*FULL, *["--force"] * force)
    if force:
        assert files(github)[FORM] == STARTER.joinpath(FORM).read_bytes()
        assert github.git.messages()[:2] == [MESSAGE, "By hand"]
        assert github.records.labels["mlops:failed"] == "d93f0b"
        assert github.records.descriptions["mlops:waiting"] != "My text"
    else:
        assert files(github)[FORM] == b"mine\n"
        assert github.records.labels["mlops:failed"] == "000000"
        assert "label mlops:failed: kept as it is (colour: wanted 'd93f0b', got '000000'; --force changes it)" in out
        assert "label mlops:waiting: kept as it is (description" in out
        assert f"file {FORM}: kept as it is (it differs from the starter's; --force replaces it)" in out
        assert "Nothing to do." in out


def test_unfinished_labels_are_completed_and_wrong_letters_corrected(github):
    github.records.labels |= {"MLOps:Train": "123456", "mlops:running": "ededed", "mlops:failed": "d93f0b"}
    number = github.open_by_form("ada", "T", "B", ["MLOps:Train"])
    found = report("acme/models")
    assert actions(found, "label") == {
        "mlops:train": "update",
        "mlops:running": "update",
        "mlops:waiting": "create",
        "mlops:registered": "create",
        "mlops:failed": "update",
    }
    assert github.records.issues[number].labels == ["mlops:train"]
    assert github.records.labels["mlops:train"] == "123456", "the colour is somebody's choice"
    assert github.records.labels["mlops:running"] == "1d76db"
    assert set(actions(report("acme/models"), "label").values()) == {"there", "keep"}


class TestWebhook:
    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"events": ["push", "issues"]}, "events: issue_comment missing"),
            ({"config": {**HOOK, "content_type": "form"}}, "content type: wanted 'json', got 'form'"),
            ({"config": {"url": URL, "content_type": "json"}}, "secret: there is none"),
        ],
    )
    def test_what_would_not_be_heard_is_corrected(self, github, wrong, told):
        report(*FULL)
        (hook,) = github.setup.hooks
        hook.update(wrong)
        assert f"webhook {URL}: updated ({told}" in init(*FULL)[0]
        assert hook["config"] == HOOK
        assert {"issues", "issue_comment"} <= set(hook["events"])
        assert report(*FULL)["status"] == "nothing_to_do"

    @pytest.mark.parametrize("odd", [{"active": False}, {"config": {**HOOK, "insecure_ssl": "1"}}])
    def test_what_somebody_may_have_chosen_stays_unless_it_is_forced(self, github, odd):
        report(*FULL)
        (hook,) = github.setup.hooks
        hook.update(odd)
        assert "--force changes it" in init(*FULL)[0]
        assert odd.items() <= hook.items()
        init(*FULL, "--force")
        assert (hook["active"], hook["config"]) == (True, HOOK)

    def test_a_choice_stays_when_something_else_is_corrected(self, github):
        report(*FULL)
        (hook,) = github.setup.hooks
        hook.update(active=False, events=["issues"], config={**HOOK, "insecure_ssl": "1"})
        report(*FULL)
        assert (hook["active"], hook["config"]["insecure_ssl"]) == (False, "1")
        assert hook["events"] == ["issues", "issue_comment"]

    def test_other_webhooks_are_left_alone(self, github):
        other = {"id": 1, "active": True, "events": ["*"], "config": {"url": f"{URL}/2", "content_type": "form"}}
        github.setup.hooks.append(other)
        before = json.dumps(other)
        assert actions(report(*FULL), "webhook") == {URL: "create"}
        assert json.dumps(other) == before


class TestProtectedBranch:
    @pytest.fixture(autouse=True)
    def _protected(self, github):
        github.git.protected.add("main")

    def test_the_files_come_as_a_pull_request(self, github):
        found = report(*FULL)
        assert (found["branch"], len(github.setup.pulls)) == (BRANCH, 1)
        assert found["pull_request"] == github.setup.pulls[0]["html_url"]
        assert found["pull_request"] in found["next"][0]
        assert FORM in files(github, BRANCH)
        assert FORM not in files(github)
        github.requests.clear()
        again = report(*FULL)
        assert (again["status"], again["pull_request"]) == ("nothing_to_do", found["pull_request"])
        assert writes(github) == []

    def test_what_is_wanted_later_goes_into_the_same_pull_request(self, github):
        report(*FULL)
        found = report(*FULL, "--codeowner", "ada")
        assert actions(found, "file") == {FORM: "wait", HISTORY: "wait", OWNERS: "create"}
        assert (found["pull_request"], len(github.setup.pulls)) == (github.setup.pulls[0]["html_url"], 1)
        assert OWNERS in files(github, BRANCH)

    def test_a_branch_without_a_pull_request_gets_one(self, github):
        report(*FULL)
        github.setup.pulls.clear()
        found = report(*FULL)
        assert actions(found, "pull request") == {BRANCH: "create"}
        assert len(github.setup.pulls) == 1
        assert github.git.messages(BRANCH) == [MESSAGE, "Initial commit"]

    def test_who_may_open_none_is_told_where(self, github):
        github.hinder("ada", "/pulls$", 403)
        for _ in range(2):
            _, err = init(*FULL, code=1)
            assert f"/compare/main...{BRANCH}?expand=1" in err
            assert "Pull requests: read and write" in err
        assert FORM in files(github, BRANCH)

    def test_once_it_is_merged_there_is_nothing_to_do(self, github):
        report(*FULL)
        github.git.branches["main"] = github.git.branches[BRANCH]
        github.setup.pulls[0]["state"] = "closed"
        found = report(*FULL)
        assert (found["status"], found["pull_request"]) == ("nothing_to_do", None)


class TestCodeOwners:
    def test_they_are_written_in(self, github):
        report("acme/models", "--codeowner", "ada", "--codeowner", "@acme/ml-team")
        assert files(github)[OWNERS].decode() == (
            "/.github/           @ada @acme/ml-team\n/training_history/  @ada @acme/ml-team\n"
        )

    @pytest.mark.parametrize("place", ["CODEOWNERS", "docs/CODEOWNERS"])
    def test_others_are_not_switched_off(self, github, place):
        put(github, {place: "* @acme/all\n"})
        found = report("acme/models", "--codeowner", "ada", "--force")
        assert actions(found, "file")[OWNERS] == "keep"
        assert OWNERS not in files(github)


@pytest.mark.parametrize("mode", ["100644", "120000"])
@pytest.mark.parametrize(("path", "target"), [("training_history", HISTORY), (".github", FORM), (f"{FORM}/x", FORM)])
def test_what_is_in_the_way_is_never_replaced(github, path, target, mode):
    put(github, {path: "mine"}, mode)
    found = report("acme/models", "--force")
    assert actions(found, "file")[target] == "keep"
    assert files(github)[path] == b"mine"
    assert target not in files(github)


class TestRefusals:
    def test_a_wrong_token(self, github, monkeypatch):
        monkeypatch.setenv("GITHUB_TOKEN", "wrong")
        _, err = init(*FULL, code=1)
        assert err == (
            "acme/models: GitHub answered 401: Bad credentials. GITHUB_TOKEN is not known there, or has expired. "
            "Make a new one.\n"
        )

    @pytest.mark.parametrize(
        ("user", "arguments", "told"),
        [("wren", FULL, "admin"), ("rita", FULL, "admin"), ("rita", FULL[:1], "write permission")],
    )
    def test_an_account_that_may_not(self, github, monkeypatch, user, arguments, told):
        monkeypatch.setenv("GITHUB_TOKEN", f"token-of-{user}")
        assert told in init(*arguments, code=1)[1]
        assert writes(github) == []

    def test_every_part_that_cannot_be_seen_is_told_and_nothing_is_changed(self, github):
        github.hinder("ada", "/hooks$", 404)
        github.hinder("ada", "/labels$", 403)
        found = report(*FULL, code=1)
        assert [problem["key"] for problem in found["problems"]] == ["labels", "webhook"]
        assert "Issues: read and write" in found["problems"][0]["message"]
        assert "Webhooks: read and write" in found["problems"][1]["message"]
        assert writes(github) == []

    def test_a_part_that_cannot_be_written_does_not_hold_up_the_others(self, github):
        github.hinder("ada", "/git/blobs$", 403)
        out, err = init(*FULL, code=1)
        assert "Contents: read and write" in err
        assert "label mlops:train: created" in out
        assert FORM not in out
        assert len(github.setup.hooks) == 1

    def test_an_error_of_the_server_is_told_and_nothing_is_changed(self, github):
        github.hinder("ada", "/git/ref", 502)
        assert init(*FULL, code=1)[1] == "files: GitHub answered 502: No\n"
        assert writes(github) == []

    def test_a_limit_on_pull_requests_is_no_matter_of_permission(self, github):
        github.git.protected.add("main")
        github.hinder("ada", "/pulls$", 403, retry_after="37")
        assert "Run this again in 37 s." in init(*FULL, code=1)[1]

    def test_a_limit_is_told_with_its_time(self, github):
        github.hinder("ada", "/labels$", 403, retry_after="37")
        assert "Run this again in 37 s." in init(*FULL, code=1)[1]

    @pytest.mark.parametrize("status", [409, 404])
    def test_an_empty_repository(self, github, status):
        github.hinder("ada", "/git/ref", status)
        assert init(*FULL, code=1)[1] == (
            "files: the repository is empty. Make a first commit, such as a README, and run this again.\n"
        )

    def test_a_repository_that_is_of_no_use_is_told_all_at_once(self, github, monkeypatch):
        monkeypatch.setenv("GITHUB_TOKEN", "token-of-rita")
        github.setup.page = {"full_name": "acme/newer", "archived": True, "has_issues": False}
        _, err = init(*FULL, code=1)
        assert [line.split()[1] for line in err.splitlines()] == ["is", "is", "has", "the"]
        assert writes(github) == []

    def test_who_cannot_be_reached(self, github, monkeypatch):
        monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
        told = "acme/models: GitHub could not be reached: ConnectionError. Look at the network and at GITHUB_API_URL.\n"
        assert init(*FULL, code=1)[1] == told


class TestArguments:
    def test_everything_is_told_at_once(self, github, monkeypatch):
        monkeypatch.delenv("GITHUB_TOKEN")
        monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", " ")
        monkeypatch.setenv("GITHUB_API_URL", "http://example.com")
        found = report("models", "--url", "http://example.com/webhook", "--codeowner", "a b", code=2)
        assert found["status"] == "invalid"
        assert [problem["key"] for problem in found["problems"]] == [
            "OWNER/REPO",
            "--url",
            "--codeowner",
            "GITHUB_TOKEN",
            "GITHUB_API_URL",
            "GITHUB_WEBHOOK_SECRET",
        ]
        assert github.requests == []

    def test_an_address_needs_the_secret(self, github, monkeypatch):
        monkeypatch.delenv("GITHUB_WEBHOOK_SECRET")
        assert "GITHUB_WEBHOOK_SECRET: must be set for --url" in init(*FULL, code=1)[1]

    def test_the_secrets_json_is_not_taken_for_the_secret(self, github, monkeypatch):
        monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", f'{{"secret":"{SECRET}"}}')
        assert "must be the secret itself, got a JSON object" in init(*FULL, code=1)[1]
        assert github.requests == []
        assert github.requests == []
        assert report("acme/models")["status"] == "done"

    @pytest.mark.parametrize(
        "name", ["acme/..", "acme/.", "../acme/models", "acme/models/hooks", "acme/models?x", "acme/\x1b[2J", "ä/b", ""]
    )
    def test_names_that_are_none(self, github, name):
        _, err = init("--", name, code=2)
        assert err.startswith("OWNER/REPO: must be")
        assert err.removesuffix("\n").isprintable()
        assert github.requests == []

    @pytest.mark.parametrize(
        "url",
        ["https://user:pass@word@x/webhook", "https://x/?a=b", "https://x/\x1b[2J", "ftp://x", "https://x/#y", ""],
    )
    def test_addresses_that_are_none(self, github, url):
        _, err = init("acme/models", "--url", url, code=2)
        assert err.startswith("--url: must be")
        assert "pass" not in err.partition("got")[2]
        assert "word" not in err.partition("got")[2]
        assert github.requests == []

    @pytest.mark.parametrize("name", ["a\n* @evil", "@", "a/b/c", "-a", "a b"])
    def test_code_owners_that_are_none(self, github, name):
        _, err = init("acme/models", "--codeowner", name, code=2)
        assert err == f"--codeowner: must be an account, or ORGANISATION/TEAM, got {name!r}. Correct it.\n"
        assert github.requests == []


def test_every_answer_has_the_same_keys(github):
    found = [report(*FULL, "--dry-run"), report(*FULL), report(*FULL), report("x", code=2)]
    assert len({tuple(answer) for answer in found}) == 1
    assert [answer["status"] for answer in found] == ["planned", "done", "nothing_to_do", "invalid"]


@pytest.mark.parametrize("after", [3, 6, 9, WRITES_OF_A_FULL_RUN])
def test_a_run_that_was_killed_is_completed_by_the_next(github, after):
    running = subprocess.Popen([sys.executable, "-m", "local.cli", "init", *FULL], cwd=PROJECT, env=dict(os.environ))
    github.noticed = lambda: running.kill() if len(writes(github)) == after else None
    assert running.wait(60) < 0
    github.noticed = lambda: None
    assert report(*FULL)["problems"] == []
    assert report(*FULL)["status"] == "nothing_to_do"
    assert github.git.messages() == [MESSAGE, "Initial commit"]
    assert len(github.setup.hooks) == 1
