"""The REST calls of the other GitHub, as "GitHub REST API documentation" has them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tests.integration.service.other_git import OtherGit
from tests.integration.service.other_records import Records
from tests.integration.service.other_shapes import Account, Issue, Json, RefusedError

BASE = "/repos/{owner}/{name}"


class Site(Protocol):
    """What the calls are about. `lagging`: how many times the list of events leaves out the newest one."""

    records: Records
    git: OtherGit
    lagging: int


@dataclass(frozen=True)
class Call:
    """One request: who asks, the parts of the path, the query, the JSON."""

    who: Account
    path: dict[str, str]
    query: dict[str, str]
    fields: Json


def unknown(_: Site, __: Call) -> Any:
    """What GitHub does not have."""
    raise RefusedError(404, "Not Found")


def must(allowed: bool, status: int = 403) -> None:
    """Refuses what is not allowed."""
    if not allowed:
        raise RefusedError(status, "Resource not accessible by personal access token")


def _issue(github: Site, call: Call) -> Issue:
    return github.records.issue(int(call.path["issue"]))


def _list_issues(github: Site, call: Call) -> Any:
    wanted, state = set(filter(None, call.query.get("labels", "").split(","))), call.query.get("state", "open")
    found = [
        issue
        for issue in github.records.issues.values()
        if state in ("all", issue.state)
        and wanted <= set(issue.labels)
        and issue.updated >= call.query.get("since", "")
    ]
    field = call.query.get("sort", "created")
    found.sort(key=lambda issue: (getattr(issue, field), issue.number), reverse=call.query.get("direction") != "asc")
    return [github.records.show_issue(issue) for issue in found]


def _create_issue(github: Site, call: Call) -> Any:
    labels = call.fields.get("labels") or [] if call.who.has("write") else []
    made = github.records.open(call.who, call.fields["title"], call.fields.get("body"), labels)
    return 201, github.records.show_issue(made)


def _edit_issue(github: Site, call: Call) -> Any:
    found, fields = _issue(github, call), call.fields
    mine = found.author.login == call.who.login
    must(mine or call.who.has("write" if {"title", "body"} & fields.keys() else "triage"))
    github.records.edit(call.who, found, fields.get("title"), fields.get("body"))
    if "state" in fields:
        github.records.set_state(call.who, found, fields["state"])
    return github.records.show_issue(found)


def _add_labels(github: Site, call: Call) -> Any:
    must(call.who.has("triage"))
    fields: Any = call.fields
    github.records.add_labels(call.who, _issue(github, call), fields if isinstance(fields, list) else fields["labels"])
    return _issue_labels(github, call)


def _issue_labels(github: Site, call: Call) -> Any:
    return [github.records.show_label(name) for name in _issue(github, call).labels]


def _remove_label(github: Site, call: Call) -> Any:
    must(call.who.has("triage"))
    github.records.remove_label(call.who, _issue(github, call), call.path["label"])
    return _issue_labels(github, call)


def _create_label(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    name = call.fields["name"]
    if name.lower() in map(str.lower, github.records.labels):
        raise RefusedError(422, "Validation Failed")
    github.records.labels[name] = call.fields["color"]
    if "description" in call.fields:
        github.records.descriptions[name] = call.fields["description"]
    return 201, github.records.show_label(name)


def _events(github: Site, call: Call) -> Any:
    events = _issue(github, call).events
    if github.lagging > 0:
        github.lagging -= 1
        return events[:-1]
    return list(events)


def _comments(github: Site, call: Call) -> Any:
    since = call.query.get("since", "")
    found = github.records.comments_of(_issue(github, call).number)
    return [github.records.show_comment(comment) for comment in found if comment.updated >= since]


def _all_comments(github: Site, call: Call) -> Any:
    found = [item for item in github.records.comments.values() if item.updated >= call.query.get("since", "")]
    field, down = call.query.get("sort", "created"), call.query.get("direction") == "desc"
    found.sort(key=lambda comment: (getattr(comment, field), comment.id), reverse=down)
    return [github.records.show_comment(comment) for comment in found]


def _create_comment(github: Site, call: Call) -> Any:
    if not 0 < len(call.fields["body"]) <= 65_536:
        raise RefusedError(422, "Validation Failed")
    made = github.records.add_comment(call.who, _issue(github, call), call.fields["body"])
    return 201, github.records.show_comment(made)


def _get_comment(github: Site, call: Call) -> Any:
    return github.records.show_comment(github.records.comment(int(call.path["comment"])))


def _edit_comment(github: Site, call: Call) -> Any:
    found = github.records.comment(int(call.path["comment"]))
    must(found.author.login == call.who.login or call.who.has("write"))
    github.records.edit_comment(call.who, found, call.fields["body"])
    return github.records.show_comment(found)


def _delete_comment(github: Site, call: Call) -> Any:
    found = github.records.comment(int(call.path["comment"]))
    must(found.author.login == call.who.login or call.who.has("write"))
    github.records.delete_comment(call.who, found)
    return 204, None


def _react(github: Site, call: Call) -> Any:
    found, content = github.records.comment(int(call.path["comment"])), call.fields["content"]
    made = {"id": len(found.reactions) + 1, "content": content, "user": github.records.show_user(call.who)}
    known = any((item["content"], item["user"]) == (content, made["user"]) for item in found.reactions)
    if not known:
        found.reactions.append(made)
    return (200 if known else 201), made


def _create_blob(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    text = call.fields["content"]
    content = base64.b64decode(text) if call.fields.get("encoding") == "base64" else text.encode()
    return 201, {"sha": github.git.add_blob(content), "url": github.records.api}


def _create_tree(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    sha = github.git.add_tree(call.fields.get("base_tree"), call.fields["tree"])
    return 201, github.git.show_tree(github.records.api, sha)


def _create_commit(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    sha = github.git.add_commit(call.fields["message"], call.fields["tree"], call.fields.get("parents", []))
    return 201, github.git.show_commit(github.records.api, sha)


def _create_reference(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    name = call.fields["ref"].removeprefix("refs/heads/")
    github.git.add_branch(name, call.fields["sha"])
    return 201, github.git.show_reference(github.records.api, name)


def _move_reference(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    github.git.move(call.path["branch"], call.fields["sha"], call.fields.get("force", False))
    return github.git.show_reference(github.records.api, call.path["branch"])


ROUTES: list[tuple[str, str, Callable[[Site, Call], Any]]] = [
    ("GET", "/user", lambda github, call: github.records.show_user(call.who)),
    (
        "GET",
        f"{BASE}/collaborators/{{user}}/permission",
        lambda github, call: github.records.show_permission(call.path["user"]),
    ),
    ("GET", f"{BASE}/issues", _list_issues),
    ("POST", f"{BASE}/issues", _create_issue),
    ("GET", f"{BASE}/issues/comments", _all_comments),
    ("GET", f"{BASE}/issues/comments/{{comment}}", _get_comment),
    ("PATCH", f"{BASE}/issues/comments/{{comment}}", _edit_comment),
    ("DELETE", f"{BASE}/issues/comments/{{comment}}", _delete_comment),
    (
        "GET",
        f"{BASE}/issues/comments/{{comment}}/reactions",
        lambda github, call: list(github.records.comment(int(call.path["comment"])).reactions),
    ),
    ("POST", f"{BASE}/issues/comments/{{comment}}/reactions", _react),
    ("GET", f"{BASE}/issues/{{issue}}", lambda github, call: github.records.show_issue(_issue(github, call))),
    ("PATCH", f"{BASE}/issues/{{issue}}", _edit_issue),
    ("GET", f"{BASE}/issues/{{issue}}/labels", _issue_labels),
    ("POST", f"{BASE}/issues/{{issue}}/labels", _add_labels),
    ("DELETE", f"{BASE}/issues/{{issue}}/labels/{{label:path}}", _remove_label),
    ("GET", f"{BASE}/issues/{{issue}}/comments", _comments),
    ("POST", f"{BASE}/issues/{{issue}}/comments", _create_comment),
    ("GET", f"{BASE}/issues/{{issue}}/events", _events),
    ("GET", f"{BASE}/issues/{{issue}}/timeline", _events),
    ("GET", f"{BASE}/labels", lambda github, _: [github.records.show_label(name) for name in github.records.labels]),
    ("POST", f"{BASE}/labels", _create_label),
    ("POST", f"{BASE}/git/blobs", _create_blob),
    (
        "GET",
        f"{BASE}/git/blobs/{{sha}}",
        lambda github, call: github.git.show_blob(github.records.api, call.path["sha"]),
    ),
    ("POST", f"{BASE}/git/trees", _create_tree),
    (
        "GET",
        f"{BASE}/git/trees/{{sha:path}}",
        lambda github, call: github.git.show_tree(github.records.api, call.path["sha"]),
    ),
    ("POST", f"{BASE}/git/commits", _create_commit),
    (
        "GET",
        f"{BASE}/git/commits/{{sha}}",
        lambda github, call: github.git.show_commit(github.records.api, call.path["sha"]),
    ),
    ("POST", f"{BASE}/git/refs", _create_reference),
    (
        "GET",
        f"{BASE}/git/ref/heads/{{branch:path}}",
        lambda github, call: github.git.show_reference(github.records.api, call.path["branch"]),
    ),
    (
        "GET",
        f"{BASE}/git/refs/heads/{{branch:path}}",
        lambda github, call: github.git.show_reference(github.records.api, call.path["branch"]),
    ),
    ("PATCH", f"{BASE}/git/refs/heads/{{branch:path}}", _move_reference),
]
