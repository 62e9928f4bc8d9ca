"""Git data in memory: blobs, trees, commits and branches, as GitHub's "Git database" calls show them."""

from __future__ import annotations

import base64
import json
from hashlib import sha1
from typing import Any

from tests.integration.service.other_shapes import Json, RefusedError

FOLDER, FILE = "040000", "100644"


def _sha(kind: str, content: bytes) -> str:
    """See "Git Internals - Git Objects"."""
    return sha1(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).hexdigest()


class OtherGit:
    """One repository. `protected` are the branches that take no direct commits."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, tuple[str, str]]] = {}
        self.commits: dict[str, Json] = {}
        self.branches: dict[str, str] = {}
        self.protected: set[str] = set()
        readme = self.add_blob(b"# Models\n")
        self.branches["main"] = self.add_commit("Initial commit", self._store({"README.md": (FILE, readme)}), [])

    def add_blob(self, content: bytes) -> str:
        """Stores a file."""
        sha = _sha("blob", content)
        self.blobs[sha] = content
        return sha

    def add_tree(self, base: str | None, changes: list[Json]) -> str:
        """`base` with changes, each a path with the SHA of a blob or with its content."""
        root = dict(self._tree(base)) if base else {}
        for change in changes:
            sha = change["sha"] if "sha" in change else self.add_blob(change["content"].encode())
            root = self._put(root, change["path"].split("/"), change.get("mode", FILE), sha)
        return self._store(root)

    def _put(self, folder: dict[str, tuple[str, str]], path: list[str], mode: str, sha: str) -> Any:
        name, *rest = path
        if not rest:
            if sha not in self.blobs:
                raise RefusedError(422, "tree.sha is not a valid blob")
            return {**folder, name: (mode, sha)}
        inner = dict(self._tree(folder[name][1])) if name in folder else {}
        return {**folder, name: (FOLDER, self._store(self._put(inner, rest, mode, sha)))}

    def _tree(self, sha: str) -> dict[str, tuple[str, str]]:
        if sha in self.commits:
            sha = self.commits[sha]["tree"]
        if sha not in self.trees:
            raise RefusedError(404, "Not Found")
        return self.trees[sha]

    def _store(self, entries: dict[str, tuple[str, str]]) -> str:
        ordered = sorted(entries.items(), key=lambda item: item[0] + "/" * (item[1][0] == FOLDER))
        content = b"".join(
            b"%s %s\0" % (mode.lstrip("0").encode(), name.encode()) + bytes.fromhex(sha)
            for name, (mode, sha) in ordered
        )
        sha = _sha("tree", content)
        self.trees[sha] = dict(ordered)
        return sha

    def add_commit(self, message: str, tree: str, parents: list[str]) -> str:
        """Stores a commit."""
        if tree not in self.trees or any(parent not in self.commits for parent in parents):
            raise RefusedError(422, "Tree or parent SHA does not exist")
        commit = {"message": message, "tree": tree, "parents": parents}
        sha = _sha("commit", json.dumps(commit).encode())
        self.commits[sha] = commit
        return sha

    def add_branch(self, name: str, sha: str) -> None:
        """Makes a branch."""
        if name in self.branches:
            raise RefusedError(422, "Reference already exists")
        if sha not in self.commits:
            raise RefusedError(422, "Object does not exist")
        self.branches[name] = sha

    def move(self, name: str, sha: str, force: bool) -> None:
        """Moves a branch, forward only unless `force`."""
        if name not in self.branches:
            raise RefusedError(422, "Reference does not exist")
        if name in self.protected:
            raise RefusedError(422, "Repository rule violations found\n\nChanges must be made through a pull request.")
        if sha not in self.commits:
            raise RefusedError(422, "Object does not exist")
        if not force and self.branches[name] not in self._line(sha):
            raise RefusedError(422, "Update is not a fast forward")
        self.branches[name] = sha

    def _line(self, sha: str) -> list[str]:
        found = [sha]
        for item in found:
            found.extend(parent for parent in self.commits[item]["parents"] if parent not in found)
        return found

    def messages(self, branch: str = "main") -> list[str]:
        """Of the commits, newest first."""
        return [self.commits[sha]["message"] for sha in self._line(self.branches[branch])]

    def show_blob(self, api: str, sha: str) -> Json:
        """The JSON of a blob."""
        if sha not in self.blobs:
            raise RefusedError(404, "Not Found")
        text = base64.b64encode(self.blobs[sha]).decode()
        url, size = f"{api}/git/blobs/{sha}", len(self.blobs[sha])
        return {"sha": sha, "node_id": "B_x", "size": size, "url": url, "content": text, "encoding": "base64"}

    def show_tree(self, api: str, sha: str) -> Json:
        """The JSON of a tree, by its SHA, a commit's or a branch's name."""
        entries = [
            {"path": name, "mode": mode, "type": "tree" if mode == FOLDER else "blob", "sha": item}
            for name, (mode, item) in self._tree(self.branches.get(sha, sha)).items()
        ]
        return {"sha": sha, "url": f"{api}/git/trees/{sha}", "tree": entries, "truncated": False}

    def show_commit(self, api: str, sha: str) -> Json:
        """The JSON of a commit."""
        if sha not in self.commits:
            raise RefusedError(404, "Not Found")
        found = self.commits[sha]
        who = {"name": "x", "email": "x@example.com", "date": "2026-01-01T00:00:00Z"}
        return {
            "sha": sha,
            "node_id": "C_x",
            "url": f"{api}/git/commits/{sha}",
            "html_url": f"{api}/commit/{sha}",
            "author": who,
            "committer": who,
            "message": found["message"],
            "tree": {"sha": found["tree"], "url": f"{api}/git/trees/{found['tree']}"},
            "parents": [{"sha": parent, "url": f"{api}/git/commits/{parent}"} for parent in found["parents"]],
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        }

    def show_reference(self, api: str, name: str) -> Json:
        """The JSON of a branch as a reference."""
        if name not in self.branches:
            raise RefusedError(404, "Not Found")
        sha = self.branches[name]
        target = {"type": "commit", "sha": sha, "url": f"{api}/git/commits/{sha}"}
        return {"ref": f"refs/heads/{name}", "node_id": "R_x", "url": f"{api}/git/refs/heads/{name}", "object": target}
