"""The JSON of the repository, as GitHub's REST API and webhooks show it. Pure."""

from __future__ import annotations

from typing import Any

from local.github.payloads import REPOSITORY_ID as ID
from local.github.payloads import Addresses, Payload, moment, node, user
from local.github.records import Row

LINKS = {
    "archive": "{archive_format}{/ref}",
    "assignees": "{/user}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "/{base}...{head}",
    "contents": "/{+path}",
    "contributors": "",
    "deployments": "",
    "downloads": "",
    "events": "",
    "forks": "",
    "hooks": "",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "languages": "",
    "merges": "",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "stargazers": "",
    "statuses": "/{sha}",
    "subscribers": "",
    "subscription": "",
    "tags": "",
    "teams": "",
}
OTHER_LINKS = {
    "blobs_url": "git/blobs{/sha}",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "trees_url": "git/trees{/sha}",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
}


def repository(at: Addresses, owner: Row, private: bool, branch: str, open_issues: int) -> Payload:
    """The repository. `owner`: of `github_users`; `branch`: the default branch."""
    name = at.repository.partition("/")[2]
    created = moment(owner["created"])
    return {
        "id": ID,
        "node_id": node("Repository", ID),
        "name": name,
        "full_name": at.repository,
        "private": private,
        "visibility": "private" if private else "public",
        "owner": user(at, owner["login"], owner["id"], owner["type"]),
        "html_url": at.html,
        "url": at.api,
        **_links(at),
        "default_branch": branch,
        "created_at": created,
        "updated_at": created,
        "pushed_at": created,
        **_constants(open_issues),
    }


def _links(at: Addresses) -> dict[str, str | None]:
    links = {f"{name}_url": f"{at.api}/{name}{ending}" for name, ending in LINKS.items()}
    others = {name: f"{at.api}/{path}" for name, path in OTHER_LINKS.items()}
    git = dict.fromkeys(("git_url", "ssh_url", "clone_url", "svn_url"), f"{at.html}.git")
    return {**links, **others, **git, "mirror_url": None}


def _constants(open_issues: int) -> dict[str, Any]:
    counts = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size")
    switched_off = ("fork", "has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads", "archived")
    return {
        **dict.fromkeys((*counts, "network_count", "subscribers_count"), 0),
        **dict.fromkeys((*switched_off, "disabled", "is_template", "allow_forking"), False),
        **dict.fromkeys(("description", "homepage", "language", "license"), None),
        "has_issues": True,
        "web_commit_signoff_required": False,
        "topics": [],
        "open_issues": open_issues,
        "open_issues_count": open_issues,
    }
