"""The JSON of Git data, as GitHub's REST API shows it. Pure."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.github.payloads import Addresses, Payload, node
from local.github.trees import FOLDER

if TYPE_CHECKING:
    from dulwich.objects import Commit

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def text(content: bytes) -> str:
    """In lines of 60 letters, as GitHub sends them."""
    letters = base64.b64encode(content).decode()
    return "".join(f"{letters[start : start + 60]}\n" for start in range(0, len(letters), 60))


def blob(at: Addresses, sha: str, content: bytes) -> Payload:
    """A file's content."""
    about = {"sha": sha, "node_id": node("Blob", sha), "size": len(content), "url": f"{at.api}/git/blobs/{sha}"}
    return {**about, "content": text(content), "encoding": "base64"}


def tree(at: Addresses, sha: str, entries: list[Payload]) -> Payload:
    """A folder; nothing is cut off."""
    return {"sha": sha, "url": f"{at.api}/git/trees/{sha}", "tree": entries, "truncated": False}


def entry(at: Addresses, path: str, mode: int, sha: str, size: int | None) -> Payload:
    """One line of a folder. `size` in bytes, of files."""
    kind = "tree" if mode == FOLDER else "blob"
    line = {"path": path, "mode": f"{mode:06o}", "type": kind, "sha": sha, "url": f"{at.api}/git/{kind}s/{sha}"}
    return line if size is None else {**line, "size": size}


def commit(at: Addresses, item: Commit) -> Payload:
    """A commit as Git knows it."""
    sha, tree_sha = item.id.decode(), item.tree.decode()
    return {
        "sha": sha,
        "node_id": node("Commit", sha),
        "url": f"{at.api}/git/commits/{sha}",
        "html_url": f"{at.html}/commit/{sha}",
        "author": _person(item.author, item.author_time),
        "committer": _person(item.committer, item.commit_time),
        "tree": {"sha": tree_sha, "url": f"{at.api}/git/trees/{tree_sha}"},
        "message": item.message.decode("utf-8", "replace"),
        "parents": [_parent(at, parent.decode(), "git/commits") for parent in item.parents],
        "verification": UNSIGNED,
    }


def _parent(at: Addresses, sha: str, path: str) -> Payload:
    return {"sha": sha, "url": f"{at.api}/{path}/{sha}", "html_url": f"{at.html}/commit/{sha}"}


def _person(line: bytes, seconds: int) -> dict[str, Any]:
    name, _, email = line.decode("utf-8", "replace").partition(" <")
    when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": name, "email": email.rstrip(">"), "date": when}


def reference(at: Addresses, name: str, sha: str) -> Payload:
    """A branch or a tag, of a commit."""
    target = {"type": "commit", "sha": sha, "url": f"{at.api}/git/commits/{sha}"}
    return {"ref": name, "node_id": node("Ref", name), "url": f"{at.api}/git/{quote(name)}", "object": target}


def branch(at: Addresses, name: str, item: Commit, protected: bool) -> Payload:
    """A branch with its newest commit."""
    sha, url, inner = item.id.decode(), f"{at.api}/branches/{quote(name, safe='')}", commit(at, item)
    head = {
        "sha": sha,
        "node_id": inner["node_id"],
        "url": f"{at.api}/commits/{sha}",
        "html_url": inner["html_url"],
        "comments_url": f"{at.api}/commits/{sha}/comments",
        "author": None,
        "committer": None,
        "parents": [_parent(at, parent.decode(), "commits") for parent in item.parents],
        "commit": {
            **{key: inner[key] for key in ("author", "committer", "message", "tree", "verification", "url")},
            "comment_count": 0,
        },
    }
    rules = {"enabled": protected, "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []}}
    return {
        "name": name,
        "commit": head,
        "_links": {"self": url, "html": f"{at.html}/tree/{quote(name)}"},
        "protected": protected,
        "protection": rules,
        "protection_url": f"{url}/protection",
    }


def content(at: Addresses, branch: str, path: str, mode: int, sha: str, data: bytes | None) -> Payload:
    """A file or a folder in a listing. `data`: the file itself, where it is asked for."""
    kind = "dir" if mode == FOLDER else "file"
    url, git = f"{at.api}/contents/{quote(path)}?ref={quote(branch, safe='')}", "trees" if kind == "dir" else "blobs"
    html = f"{at.html}/{'tree' if kind == 'dir' else 'blob'}/{quote(branch)}/{quote(path)}"
    git_url = f"{at.api}/git/{git}/{sha}"
    shown = {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0,
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": None if kind == "dir" else f"{at.html}/raw/{quote(branch)}/{quote(path)}",
        "_links": {"self": url, "git": git_url, "html": html},
    }
    return shown if data is None else shown | {"encoding": "base64", "content": text(data)}
