"""What a repository is prepared with on the other GitHub: labels that change, webhooks, pull requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tests.integration.service.other_git import OtherGit
from tests.integration.service.other_records import Records
from tests.integration.service.other_routes import BASE, Call, must
from tests.integration.service.other_shapes import Account, Json, RefusedError


class Setup:
    """Webhooks as they are stored, secrets included, and pull requests. `page` is laid over the repository's JSON."""

    def __init__(self) -> None:
        self.hooks: list[Json] = []
        self.pulls: list[Json] = []
        self.page: Json = {}


class Site(Protocol):
    """What the calls are about."""

    records: Records
    git: OtherGit
    setup: Setup


def _repository(github: Site, call: Call) -> Any:
    may = {name: call.who.has(role) for name, role in (("pull", "read"), ("push", "write"), ("admin", "admin"))}
    return {**github.records.show_repository(), "has_issues": True, "permissions": may, **github.setup.page}


def _edit_label(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    labels, texts, name = github.records.labels, github.records.descriptions, call.path["label"]
    found = next((known for known in labels if known.lower() == name.lower()), None)
    if found is None:
        raise RefusedError(404, "Not Found")
    new = call.fields.get("new_name", found)
    colour, text = call.fields.get("color", labels.pop(found)), call.fields.get("description", texts.pop(found, None))
    labels.pop(found, None)
    labels[new] = colour
    if text is not None:
        texts[new] = text
    for issue in github.records.issues.values():
        issue.labels = [new if label == found else label for label in issue.labels]
    return github.records.show_label(new)


def _shown_hook(github: Site, found: Json) -> Json:
    url = f"{github.records.api}/hooks/{found['id']}"
    config = {**found["config"], **({"secret": "********"} if found["config"].get("secret") else {})}
    return {
        "type": "Repository",
        "name": "web",
        "url": url,
        "test_url": url,
        "ping_url": url,
        **found,
        "config": config,
    }


def _may_see_hooks(who: Account) -> None:
    must(who.has("admin"), 404)


def _hooks(github: Site, call: Call) -> Any:
    _may_see_hooks(call.who)
    return [_shown_hook(github, found) for found in github.setup.hooks]


def _create_hook(github: Site, call: Call) -> Any:
    _may_see_hooks(call.who)
    made = {
        "id": 292_430_182 + len(github.setup.hooks),
        "active": call.fields.get("active", True),
        "events": call.fields.get("events", ["push"]),
        "config": call.fields["config"],
    }
    github.setup.hooks.append(made)
    return 201, _shown_hook(github, made)


def _edit_hook(github: Site, call: Call) -> Any:
    """ "Update a repository webhook": the whole configuration is replaced, and without a secret there is none."""
    _may_see_hooks(call.who)
    found = next((hook for hook in github.setup.hooks if str(hook["id"]) == call.path["hook"]), None)
    if found is None:
        raise RefusedError(404, "Not Found")
    fields = call.fields
    found["config"] = fields.get("config", found["config"])
    found["active"] = fields.get("active", found["active"])
    found["events"] = list(dict.fromkeys([*found["events"], *fields.get("add_events", [])]))
    return _shown_hook(github, found)


def _pulls(github: Site, call: Call) -> Any:
    owner, _, branch = call.query.get("head", "").partition(":")
    assert owner == "Acme", "GitHub ignores a head without its owner"
    return [pull for pull in github.setup.pulls if pull["head"]["ref"] == branch and pull["state"] == "open"]


def _create_pull(github: Site, call: Call) -> Any:
    must(call.who.has("write"))
    head, base = call.fields["head"], call.fields["base"]
    if head not in github.git.branches or github.git.branches[head] == github.git.branches[base]:
        raise RefusedError(422, "Validation Failed")
    number = 1000 + len(github.setup.pulls)
    url = f"{github.records.html}/pull/{number}"
    made = {"number": number, "state": "open", "html_url": url, "title": call.fields["title"]}
    github.setup.pulls.append({**made, "head": {"ref": head}, "base": {"ref": base}})
    return 201, github.setup.pulls[-1]


SETUP_ROUTES: list[tuple[str, str, Callable[[Site, Call], Any]]] = [
    ("GET", BASE, _repository),
    ("PATCH", f"{BASE}/labels/{{label:path}}", _edit_label),
    ("GET", f"{BASE}/hooks", _hooks),
    ("POST", f"{BASE}/hooks", _create_hook),
    ("PATCH", f"{BASE}/hooks/{{hook}}", _edit_hook),
    ("GET", f"{BASE}/pulls", _pulls),
    ("POST", f"{BASE}/pulls", _create_pull),
]
