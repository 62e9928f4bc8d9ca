"""The other GitHub serves the bridge's adapters, and keeps GitHub's rules where the stories lean on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from github import Auth, GithubException

from lambda_bridge.events import CommentEvent, IssueEvent, parse
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from lambda_bridge.github_client import connect
from tests.integration.service.other_github import REPOSITORY, OtherGitHub
from tests.integration.service.other_shapes import Account

SECRET = "secret"
ACCOUNTS = [
    Account("models-bot", "write", "t-bot"),
    Account("Wren", "write", "t-wren"),
    Account("reader", "read", "t-reader"),
]


@pytest.fixture
def github():
    found = OtherGitHub(ACCOUNTS, SECRET)
    yield found
    found.close()


@pytest.fixture
def issues(github):
    return GitHubIssues(connect(Auth.Token("t-bot"), github.url, REPOSITORY), lambda: "models-bot")


def repository(github, token):
    return connect(Auth.Token(token), github.url, REPOSITORY)


def test_issues_through_the_adapter(github, issues):
    wren = repository(github, "t-wren")
    number = wren.create_issue("T", body="B", labels=["mlops:train"]).number
    view, start = issues.read(number), issues.newest_start(number)
    assert (view.title, view.body, view.author, view.labels) == ("T", "B", "Wren", ("mlops:train",))
    assert start is not None
    assert (start.actor, issues.permission("wren"), issues.permission("reader")) == ("Wren", "write", "read")
    assert [found.number for found in issues.labelled(datetime.now(UTC) - timedelta(days=31))] == [number]
    comment = issues.write(number, "x", "one")
    assert issues.write(number, "x", "two") == comment
    issues.react(number, comment)
    issues.set_label(number, "mlops:running")
    issues.set_label(number, "mlops:failed")
    assert [(found.body.partition("\n")[0], found.marker) for found in issues.comments(number)] == [("two", "x")]
    assert issues.read(number).labels == ("mlops:train", "mlops:failed")
    assert {status for *_, status in github.requests} <= {200, 201}


def test_history_through_the_adapter(github):
    history = GitHubHistory(connect(Auth.Token("t-bot"), github.url, REPOSITORY), pause=0)
    first = history.commit({"a/b/one.txt": b"1"}, "first")
    again = history.commit({"a/b/one.txt": b"1"}, "first")
    second = history.commit({"a/b/two.txt": b"2"}, "second")
    assert (first, second.branch) == (again, "main")
    assert github.git.messages() == ["second", "first", "Initial commit"]
    github.git.protected.add("main")
    assert history.commit({"a/c.txt": b"3"}, "third").branch == "mlops-history"


def test_what_may_not_be_done(github):
    reader = repository(github, "t-reader")
    issue = reader.create_issue("T", body="B", labels=["mlops:train"])
    assert issue.labels == []
    with pytest.raises(GithubException, match="403"):
        issue.add_to_labels("mlops:train")
    with pytest.raises(GithubException, match="401"):
        repository(github, "wrong").create_issue("T")
    github.open_by_form("reader", "T", "B", ["mlops:train"])
    assert {label.name for label in reader.get_issue(2).labels} == {"mlops:train"}


def test_lists_come_in_pages(github):
    wren = repository(github, "t-wren")
    for number in range(5):
        wren.create_issue(f"T{number}")
    titles, address = [], f"{github.url}/repos/{REPOSITORY}/issues?state=all&per_page=2"
    while address:
        answer = requests.get(address, headers={"Authorization": "Bearer t-wren"}, timeout=10)
        titles += [issue["title"] for issue in answer.json()]
        address = answer.links.get("next", {}).get("url")
    assert titles == ["T4", "T3", "T2", "T1", "T0"]


def test_the_bridge_understands_the_deliveries(github):
    wren = repository(github, "t-wren")
    issue = wren.create_issue("T", body="B", labels=["mlops:train"])
    comment = issue.create_comment("/help")
    issue.remove_from_labels("mlops:train")
    issue.edit(state="closed")
    found = [
        parse(github.hook.headers(delivery), delivery.body, SECRET, REPOSITORY, "models-bot")
        for delivery in github.hook.log
    ]
    assert [(event.action, event.sender) for event in found if isinstance(event, IssueEvent)] == [
        (action, "Wren") for action in ("opened", "labeled", "unlabeled", "closed")
    ]
    assert [event.comment for event in found if isinstance(event, CommentEvent)] == [comment.id]


def test_obstacles(github, issues):
    github.hinder("models-bot", "/permission$", 404, times=1)
    assert repository(github, "t-wren").get_collaborator_permission("reader") == "read"
    with pytest.raises(Exception, match="404"):
        issues.permission("reader")
    assert issues.permission("reader") == "read"
