"""The REST calls about Git data, branches and files."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

from local.github import git_payloads as payloads
from local.github.calls import Answer, Call, Fields, moment
from local.github.git import BRANCH, Signature
from local.github.payloads import Payload
from local.github.problems import invalid, not_found, unprocessable
from local.github.trees import FOLDER, Change

PROTECTED = "Repository rule violations found\n\nChanges must be made through a pull request."


def create_blob(call: Call) -> Answer:
    """Create a blob. Its encoding is utf-8 or base64."""
    call.user.must_have("write")
    fields = call.fields.of("Blob")
    content, encoding = fields.text("content"), fields.optional("encoding") or "utf-8"
    if encoding not in ("utf-8", "base64"):
        raise invalid("Blob", "encoding", "invalid")
    sha = call.github.git.add_blob(content.encode() if encoding == "utf-8" else _decoded(content))
    return Answer({"sha": sha, "url": f"{call.github.shapes.at.api}/git/blobs/{sha}"}, 201)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", content), validate=True)
    except ValueError as error:
        raise unprocessable("content is not valid Base64") from error


def get_blob(call: Call) -> Answer:
    """Get a blob."""
    found = call.github.git.blob(call.path["sha"])
    return Answer(payloads.blob(call.github.shapes.at, call.path["sha"], found.data))


def create_tree(call: Call) -> Answer:
    """Create a tree. An entry has a SHA, null to remove it, or its content."""
    call.user.must_have("write")
    fields = call.fields.of("Tree")
    changes = [_change(call, item) for item in fields.objects("tree")]
    sha = call.github.git.add_tree(fields.optional("base_tree"), changes)
    return Answer(_tree(call, sha, recursive=False), 201)


def _change(call: Call, item: Fields) -> Change:
    sha, content = item.optional("sha"), item.optional("content")
    if sha is None and content is not None:
        sha = call.github.git.add_blob(content.encode())
    elif sha is None and "sha" not in item.values:
        raise invalid("Tree", "sha", "missing_field")
    return Change(item.text("path"), item.optional("mode") or "100644", sha)


def get_tree(call: Call) -> Answer:
    """Get a tree, by its SHA, a commit's, or a branch's name."""
    return Answer(_tree(call, call.path["sha"], recursive="recursive" in call.query))


def _tree(call: Call, name: str, recursive: bool) -> Payload:
    git, at = call.github.git, call.github.shapes.at
    with git.locked():
        tree = git.tree(name)
        entries = []
        for path, mode, sha in git.trees.entries(tree.id, recursive):
            size = None if mode == FOLDER else len(git.blob(sha.decode()).data)
            entries.append(payloads.entry(at, path, mode, sha.decode(), size))
    return payloads.tree(at, tree.id.decode(), entries)


def create_commit(call: Call) -> Answer:
    """Create a commit. Author and committer are the account, where they are left out."""
    call.user.must_have("write")
    fields = call.fields.of("Commit")
    author = _person(call, fields.object("author"))
    committer = _person(call, fields.object("committer")) if fields.object("committer") else author
    people = {"author": author, "committer": committer}
    sha = call.github.git.add_commit(fields.text("tree"), fields.texts("parents") or [], fields.text("message"), people)
    return Answer(payloads.commit(call.github.shapes.at, call.github.git.commit(sha)), 201)


def _person(call: Call, fields: Fields | None) -> Signature:
    if fields is None:
        return Signature(call.user.name, f"{call.user.name}@users.noreply.localhost", datetime.now(UTC))
    date = fields.optional("date")
    when = datetime.now(UTC) if date is None else moment("date", date)
    if when.timestamp() < 0:
        raise invalid("Commit", "date", "invalid")
    return Signature(fields.text("name"), fields.text("email"), when)


def get_commit(call: Call) -> Answer:
    """Get a commit object."""
    return Answer(payloads.commit(call.github.shapes.at, call.github.git.commit(call.path["sha"])))


def get_reference(call: Call) -> Answer:
    """Get a reference."""
    name = f"refs/{call.path['ref']}"
    return Answer(payloads.reference(call.github.shapes.at, name, call.github.git.reference(name)))


def references(call: Call) -> Answer:
    """List matching references; without a beginning: all."""
    beginning = f"refs/{call.path.get('ref', '')}"
    found = [item for item in call.github.git.references().items() if item[0].startswith(beginning)]
    shown, link = call.part(found)
    return Answer([payloads.reference(call.github.shapes.at, name, sha) for name, sha in shown], link=link)


def create_reference(call: Call) -> Answer:
    """Create a reference."""
    call.user.must_have("write")
    fields = call.fields.of("Reference")
    name, sha = fields.text("ref"), fields.text("sha")
    call.github.git.add_reference(name, sha)
    return Answer(payloads.reference(call.github.shapes.at, name, sha), 201)


def update_reference(call: Call) -> Answer:
    """Update a reference: forward only, unless `force`."""
    call.user.must_have("write")
    fields, name = call.fields.of("Reference"), f"refs/{call.path['ref']}"
    if call.github.records.is_protected(name.removeprefix("refs/heads/")):
        raise unprocessable(PROTECTED)
    call.github.git.move(name, fields.text("sha"), fields.flag("force"))
    return Answer(payloads.reference(call.github.shapes.at, name, fields.text("sha")))


def get_branch(call: Call) -> Answer:
    """Get a branch."""
    name = call.path["branch"]
    found = call.github.git.commit(call.github.git.reference(f"refs/heads/{name}"))
    return Answer(payloads.branch(call.github.shapes.at, name, found, call.github.records.is_protected(name)))


def contents(call: Call) -> Answer:
    """Get repository content: a file, or what is right in a folder."""
    git, at = call.github.git, call.github.shapes.at
    path, name = call.path.get("path", "").strip("/"), call.query.get("ref") or BRANCH
    with git.locked():
        tree = bytes(git.tree(name).id)
        parts = path.split("/") if path else []
        for position, part in enumerate(parts, start=1):
            mode, sha = _child(call, tree, part)
            if mode != FOLDER:
                if position < len(parts):
                    raise not_found()
                return _file(call, path, name, mode, sha)
            tree = sha
        before = f"{path}/" if path else ""
        entries = list(git.trees.entries(tree, recursive=False, before=before))
    return Answer([payloads.content(at, name, *item[:2], item[2].decode(), None) for item in entries])


def _child(call: Call, tree: bytes, part: str) -> tuple[int, bytes]:
    for path, mode, sha in call.github.git.trees.entries(tree, recursive=False):
        if path == part:
            return mode, sha
    raise not_found()


def _file(call: Call, path: str, name: str, mode: int, sha: bytes) -> Answer:
    data = call.github.git.blob(sha.decode()).data
    shown = payloads.content(call.github.shapes.at, name, path, mode, sha.decode(), data)
    return Answer(shown | {"size": len(data)})
