"""What the local GitHub answers and delivers fits GitHub's own description of its API (as models, in githubkit)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from githubkit_schemas.latest import models
from pydantic import BaseModel, TypeAdapter
from starlette.testclient import TestClient

from local.github import LocalGitHub, User
from local.github.app import create_app
from local.github.webhooks import signature
from local.store import Store

SECRET = "secret"
TIMELINE = {
    "labeled": models.LabeledIssueEvent,
    "unlabeled": models.UnlabeledIssueEvent,
    "renamed": models.RenamedIssueEvent,
    "closed": models.StateChangeIssueEvent,
    "reopened": models.StateChangeIssueEvent,
    "commented": models.TimelineCommentEvent,
}
WEBHOOKS = {
    ("issues", "opened"): models.WebhookIssuesOpened,
    ("issues", "edited"): models.WebhookIssuesEdited,
    ("issues", "labeled"): models.WebhookIssuesLabeled,
    ("issues", "unlabeled"): models.WebhookIssuesUnlabeled,
    ("issues", "closed"): models.WebhookIssuesClosed,
    ("issues", "reopened"): models.WebhookIssuesReopened,
    ("issue_comment", "created"): models.WebhookIssueCommentCreated,
    ("issue_comment", "edited"): models.WebhookIssueCommentEdited,
    ("issue_comment", "deleted"): models.WebhookIssueCommentDeleted,
}


class Api:
    """Sends requests; every answer is held against a model."""

    def __init__(self, github: LocalGitHub) -> None:
        self.github = github
        self._client = TestClient(create_app(github))

    def __call__(
        self, method: str, path: str, model: Any, body: Any = None, status: int = 200, user: str = "owner"
    ) -> Any:
        address = path if path == "/user" else f"/repos/local/models{path}"
        headers = {"Authorization": f"Bearer {self.github.token_of(user)}"}
        answer = self._client.request(method, address, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        if status == 204:
            assert answer.content == b""
            return None
        TypeAdapter(model).validate_json(answer.content)
        return answer.json()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[LocalGitHub]:
    store = Store(tmp_path / "mlops.db")
    github = LocalGitHub(store, tmp_path / "github", SECRET, users=[User("reader", "triage")])
    yield github
    github.close()
    store.close()


@pytest.fixture
def api(github: LocalGitHub) -> Api:
    return Api(github)


def live_through(api: Api) -> None:
    """An issue with everything that can happen to it."""
    api("POST", "/issues", models.Issue, {"title": "T", "body": "B", "labels": ["a", "mlops:train"]}, 201)
    api("PATCH", "/issues/1", models.Issue, {"title": "T2", "body": "B2"})
    api("POST", "/issues/1/labels", list[models.Label], {"labels": ["b"]})
    api("PUT", "/issues/1/labels", list[models.Label], {"labels": ["c"]})
    api("DELETE", "/issues/1/labels/c", list[models.Label])
    api("POST", "/issues/1/comments", models.IssueComment, {"body": "one"}, 201)
    api("PATCH", "/issues/comments/1", models.IssueComment, {"body": "two"})
    api("POST", "/issues/comments/1/reactions", models.Reaction, {"content": "eyes"}, 201)
    api("PATCH", "/issues/1", models.Issue, {"state": "closed"})
    api("PATCH", "/issues/1", models.Issue, {"state": "open"})
    api("POST", "/issues/1/comments", models.IssueComment, {"body": "gone"}, 201)
    api("DELETE", "/issues/comments/2", None, status=204)


def test_reads_of_issues(api: Api) -> None:
    live_through(api)
    api("GET", "/issues", list[models.Issue])
    api("GET", "/issues/1", models.Issue)
    api("GET", "/issues/1/labels", list[models.Label])
    api("GET", "/issues/1/comments", list[models.IssueComment])
    api("GET", "/issues/comments", list[models.IssueComment])
    assert api("GET", "/issues/comments/1", models.IssueComment)["reactions"]["eyes"] == 1
    api("GET", "/issues/comments/1/reactions", list[models.Reaction])
    api("POST", "/issues/comments/1/reactions", models.Reaction, {"content": "eyes"}, 200)
    api("GET", "/labels", list[models.Label])
    api("GET", "/labels/mlops:train", models.Label)
    api("POST", "/labels", models.Label, {"name": "new", "color": "ff0000", "description": "d"}, 201)
    api("PATCH", "/labels/new", models.Label, {"new_name": "newer"})


def test_accounts_and_repository(api: Api) -> None:
    api("GET", "/user", models.PublicUser)
    api("GET", "", models.FullRepository)
    shown = api("GET", "/collaborators/reader/permission", models.RepositoryCollaboratorPermission)
    assert (shown["permission"], shown["role_name"]) == ("read", "triage")


def test_every_event_of_an_issue(api: Api) -> None:
    live_through(api)
    found = api("GET", "/issues/1/timeline", list[dict[str, Any]])
    assert {item["event"] for item in found} == set(TIMELINE)
    for item in found:
        TIMELINE[item["event"]].model_validate(item)
    events = api("GET", "/issues/1/events", list[models.IssueEvent])
    assert {item["event"] for item in events} == set(TIMELINE) - {"commented"}


def test_every_webhook(api: Api) -> None:
    live_through(api)
    seen = set()
    for delivery in api.github.pending():
        kind = (delivery.headers["X-GitHub-Event"], json.loads(delivery.body)["action"])
        WEBHOOKS[kind].model_validate_json(delivery.body)
        assert delivery.headers["X-Hub-Signature-256"] == signature(SECRET, delivery.body)
        seen.add(kind)
    assert seen == set(WEBHOOKS)


def test_deliveries(api: Api) -> None:
    live_through(api)
    for delivery in api.github.pending():
        api.github.delivered(delivery.id)
    shown = api("GET", "/hooks/1/deliveries?per_page=100", list[models.HookDeliveryItem])
    assert (shown[-1]["event"], shown[-1]["action"]) == ("issues", "opened")
    api("POST", f"/hooks/1/deliveries/{shown[-1]['id']}/attempts", dict[str, Any], status=202)
    assert [item.guid for item in api.github.pending()] == [shown[-1]["guid"]]


def test_hooks(api: Api) -> None:
    (shown,) = api("GET", "/hooks", list[models.Hook])
    assert (shown["events"], shown["config"]["content_type"]) == (["issues", "issue_comment"], "json")


def test_git_data(api: Api) -> None:
    head = api("GET", "/git/ref/heads/main", models.GitRef)["object"]["sha"]
    base = api("GET", f"/git/commits/{head}", models.GitCommit)["tree"]["sha"]
    blob = api("POST", "/git/blobs", models.ShortBlob, {"content": "eA==", "encoding": "base64"}, 201)["sha"]
    assert api("GET", f"/git/blobs/{blob}", models.Blob)["content"] == "eA==\n"
    entry = {"path": "a/b.txt", "mode": "100644", "type": "blob", "sha": blob}
    tree = api("POST", "/git/trees", models.GitTree, {"base_tree": base, "tree": [entry]}, 201)["sha"]
    content = {"message": "m", "tree": tree, "parents": [head]}
    made = api("POST", "/git/commits", models.GitCommit, content, 201)["sha"]
    api("PATCH", "/git/refs/heads/main", models.GitRef, {"sha": made})
    api("POST", "/git/refs", models.GitRef, {"ref": "refs/heads/x/y", "sha": made}, 201)
    api("GET", "/git/refs", list[models.GitRef])
    api("GET", "/git/matching-refs/heads/", list[models.GitRef])
    found = api("GET", "/git/trees/main?recursive=1", models.GitTree)
    assert [item["path"] for item in found["tree"]] == ["README.md", "a", "a/b.txt"]


def test_branches_and_files(api: Api) -> None:
    api("GET", "/branches/main", models.BranchWithProtection)
    api.github.protect("main")
    assert api("GET", "/branches/main", models.BranchWithProtection)["protected"] is True
    api("GET", "/contents/README.md", models.ContentFile)
    api("GET", "/contents?ref=main", list[models.ContentDirectoryItems])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "model"),
    [
        ("POST", "/issues", {}, 422, models.ValidationError),
        ("POST", "/issues", {"title": "t", "body": "x" * 65_537}, 422, models.ValidationError),
        ("GET", "/issues/9", None, 404, models.BasicError),
        ("GET", "/nothing", None, 404, models.BasicError),
    ],
)
def test_refusals(api: Api, method: str, path: str, body: Any, status: int, model: type[BaseModel]) -> None:
    api(method, path, model, body, status)
