"""The JSON of issues, comments, labels, events and users, as GitHub's REST API and webhooks show them. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.github.records import Row
from local.store import to_moment

Payload = dict[str, Any]
REPOSITORY_ID = 1
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


@dataclass(frozen=True)
class Addresses:
    """Where things stand. `site`: scheme, host and port; `repository`: owner/name; `pages`: the site for browsers."""

    site: str
    repository: str
    pages: str = "http://127.0.0.1:8080"
    """`mlops up` serves them there."""

    @property
    def root(self) -> str:
        """Of the REST API."""
        return f"{self.site}/api/v3"

    @property
    def api(self) -> str:
        """Of the repository in the REST API."""
        return f"{self.root}/repos/{self.repository}"

    @property
    def html(self) -> str:
        """Of the repository in the browser."""
        return f"{self.pages}/{self.repository}"


def moment(text: str | None) -> str | None:
    """A stored moment as GitHub writes it: whole seconds in UTC."""
    return None if text is None else to_moment(text).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, number: int | str) -> str:
    """An opaque id, as GraphQL would know it."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(at: Addresses, login: str, number: int, kind: str) -> Payload:
    """A simple user."""
    url = f"{at.root}/users/{quote(login)}"
    return {
        "login": login,
        "id": number,
        "node_id": node("User", number),
        "avatar_url": f"{at.site}/avatars/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{at.site}/{quote(login)}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def user_of(at: Addresses, row: Row) -> Payload:
    """The user that a row was joined with."""
    return user(at, row["login"], row["user_id"], row["user_type"])


def public_user(at: Addresses, row: Row) -> Payload:
    """The account itself; `row` is of `github_users`."""
    empty = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    times = {"created_at": moment(row["created"]), "updated_at": moment(row["created"])}
    return {**user(at, row["login"], row["id"], row["type"]), **empty, **counts, **times}


def label(at: Addresses, row: Row) -> Payload:
    """A label of the repository."""
    return {
        "id": row["id"],
        "node_id": node("Label", row["id"]),
        "url": f"{at.api}/labels/{quote(row['name'], safe='')}",
        "name": row["name"],
        "description": row["description"],
        "color": row["color"],
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def rollup(url: str, counts: Mapping[str, int]) -> Payload:
    """How many reactions of each kind."""
    kinds = {kind: counts.get(kind, 0) for kind in REACTIONS}
    return {"url": url, "total_count": sum(kinds.values()), **kinds}


def issue(at: Addresses, row: Row, labels: Sequence[Row], association: str) -> Payload:
    """An issue. `association`: of its author with the repository."""
    url = f"{at.api}/issues/{row['number']}"
    return {
        "url": url,
        "repository_url": at.api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{at.html}/issues/{row['number']}",
        "id": row["number"],
        "node_id": node("Issue", row["number"]),
        "number": row["number"],
        "title": row["title"],
        "user": user_of(at, row),
        "labels": [label(at, item) for item in labels],
        "state": row["state"],
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": row["comments"],
        "created_at": moment(row["created"]),
        "updated_at": moment(row["updated"]),
        "closed_at": moment(row["closed"]),
        "author_association": association,
        "active_lock_reason": None,
        "body": row["body"],
        "reactions": rollup(f"{url}/reactions", {}),
        "performed_via_github_app": None,
        "state_reason": row["state_reason"],
    }


def comment(at: Addresses, row: Row, counts: Mapping[str, int], association: str) -> Payload:
    """A comment on an issue."""
    url = f"{at.api}/issues/comments/{row['id']}"
    return {
        "url": url,
        "html_url": f"{at.html}/issues/{row['issue']}#issuecomment-{row['id']}",
        "issue_url": f"{at.api}/issues/{row['issue']}",
        "id": row["id"],
        "node_id": node("IssueComment", row["id"]),
        "user": user_of(at, row),
        "created_at": moment(row["created"]),
        "updated_at": moment(row["updated"]),
        "author_association": association,
        "body": row["body"],
        "reactions": rollup(f"{url}/reactions", counts),
        "performed_via_github_app": None,
    }


def reaction(at: Addresses, row: Row) -> Payload:
    """A reaction on a comment."""
    fields = {"id": row["id"], "node_id": node("Reaction", row["id"]), "user": user_of(at, row)}
    return {**fields, "content": row["content"], "created_at": moment(row["created"])}


def event(at: Addresses, row: Row) -> Payload:
    """Something that happened to an issue: labeled, unlabeled, renamed, closed, reopened."""
    return {
        "id": row["id"],
        "node_id": node("IssueEvent", row["id"]),
        "url": f"{at.api}/issues/events/{row['id']}",
        "actor": user_of(at, row),
        "event": row["event"],
        "commit_id": None,
        "commit_url": None,
        "created_at": moment(row["created"]),
        "performed_via_github_app": None,
        **json.loads(row["details"]),
    }


def delivery(row: Row) -> Payload:
    """A webhook delivery that was sent. What was answered to it is not kept: `status_code` is 0."""
    return {
        "id": row["id"],
        "guid": row["guid"],
        "delivered_at": moment(row["delivered"]),
        "redelivery": False,
        "duration": 0,
        "status": "sent",
        "status_code": 0,
        "event": row["event"],
        "action": json.loads(row["body"])["action"],
        "installation_id": None,
        "repository_id": REPOSITORY_ID,
        "throttled_at": None,
    }


def hook(at: Addresses, number: int, created: str) -> Payload:
    """The webhook. As on GitHub, its secret is not shown."""
    url = f"{at.api}/hooks/{number}"
    return {
        "type": "Repository",
        "id": number,
        "name": "web",
        "active": True,
        "events": ["issues", "issue_comment"],
        "config": {"url": f"{at.pages}/webhook", "content_type": "json", "insecure_ssl": "0", "secret": "********"},
        "created_at": moment(created),
        "updated_at": moment(created),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }


def commented(at: Addresses, row: Row, counts: Mapping[str, int], association: str) -> Payload:
    """A comment as the timeline shows it."""
    shown = comment(at, row, counts, association)
    return {**shown, "event": "commented", "actor": shown["user"]}
