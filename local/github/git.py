"""The repository's Git data: a real repository with a working tree, in a folder that a person can open.

Every call holds one lock. Objects are written beside the branches; moving a branch is one atomic replacement of a
file. The working tree follows the default branch, and is repaired when the folder is opened after a kill.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from local.github.problems import GitHubError, not_found, unprocessable
from local.github.trees import Change, Trees
from local.github.working_tree import WorkingTree

if TYPE_CHECKING:
    from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
    from dulwich.refs import Ref
    from dulwich.repo import Repo

BRANCH = "main"
README = b"# %b\n\nThe local repository of this workspace. `training_history/` holds every attempt.\n"
NO_OBJECT = "Object does not exist"


class Git:
    """Opens the repository in `folder`; makes it, with a first commit, where there is none."""

    def __init__(self, folder: Path, name: str) -> None:
        from dulwich.repo import Repo

        if not (folder / ".git" / "refs" / "heads").is_dir():
            _make(folder, name)
        _remove_locks(folder / ".git")
        self._lock = threading.RLock()
        self._repo = Repo(folder)
        self._working_tree = WorkingTree(self._repo, folder)
        self.trees = Trees(self._repo)
        self._follow()

    def close(self) -> None:
        """Closes the files of the repository."""
        with self._lock:
            self._repo.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Several calls as one."""
        with self._lock:
            yield

    def blob(self, sha: str) -> Blob:
        """A file's content. Raises GitHubError 404."""
        return cast("Blob", self._object(sha, b"blob"))

    def tree(self, sha: str) -> Tree:
        """The tree of a tree's or a commit's SHA, or of a branch. Raises GitHubError 404."""
        found = self._any(self.resolve(sha))
        return cast("Tree", self._object(cast("Commit", found).tree.decode(), b"tree") if _is_commit(found) else found)

    def commit(self, sha: str) -> Commit:
        """A commit. Raises GitHubError 404."""
        return cast("Commit", self._object(sha, b"commit"))

    def resolve(self, name: str) -> str:
        """The SHA behind a branch's or a tag's name, or a SHA as it is. Raises GitHubError 404."""
        for reference in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            found = self.references().get(reference)
            if found is not None:
                return found
        return name

    def references(self) -> dict[str, str]:
        """Name, such as refs/heads/main -> SHA, by name."""
        with self._lock:
            found = self._repo.refs.as_dict()
            return {name.decode(): sha.decode() for name, sha in sorted(found.items()) if name.startswith(b"refs/")}

    def reference(self, name: str) -> str:
        """The SHA of a reference. Raises GitHubError 404."""
        found = self.references().get(name)
        if found is None:
            raise not_found()
        return found

    def add_blob(self, content: bytes) -> str:
        """Stores a file's content. Answers its SHA."""
        from dulwich.objects import Blob

        return self._add(Blob.from_string(content))

    def add_tree(self, base: str | None, changes: Sequence[Change]) -> str:
        """Stores the tree that comes of changing `base`. Raises GitHubError 404 and 422."""
        with self._lock:
            return self.trees.changed(self.tree(base).id if base else None, changes)

    def add_commit(self, tree: str, parents: Sequence[str], message: str, people: Mapping[str, Signature]) -> str:
        """Stores a commit; `people`: `author` and `committer`. Raises GitHubError 422 where something is missing."""
        from dulwich.objects import Commit

        with self._lock:
            commit = Commit()
            commit.tree = self._known(tree, b"tree", "Tree SHA does not exist").id
            commit.parents = [self._known(sha, b"commit", "Parent SHA does not exist").id for sha in parents]
            commit.author, commit.committer = people["author"].line, people["committer"].line
            commit.author_time, commit.commit_time = people["author"].seconds, people["committer"].seconds
            commit.author_timezone = commit.commit_timezone = 0
            commit.encoding, commit.message = b"UTF-8", message.encode()
            return self._add(commit)

    def add_reference(self, name: str, sha: str) -> None:
        """Makes a branch or a tag. Raises GitHubError 422."""
        with self._lock:
            _check_name(name)
            target = self._known(sha, b"commit", NO_OBJECT)
            try:
                made = self._repo.refs.add_if_new(cast("Ref", name.encode()), target.id)
            except OSError as error:
                raise unprocessable("Reference cannot be created") from error
            if not made:
                raise unprocessable("Reference already exists")

    def move(self, name: str, sha: str, force: bool) -> None:
        """Moves a reference, forward only unless `force`. Raises GitHubError 404 and 422."""
        with self._lock:
            if name not in self.references():
                raise unprocessable("Reference does not exist")
            old, new = self.reference(name), self._known(sha, b"commit", NO_OBJECT)
            if not force and not self._is_before(old, new.id.decode()):
                raise unprocessable("Update is not a fast forward")
            if not self._repo.refs.set_if_equals(cast("Ref", name.encode()), cast("ObjectID", old.encode()), new.id):
                raise unprocessable("Update is not a fast forward")
            self._follow()

    def _follow(self) -> None:
        self._working_tree.show(self.tree(self.reference(f"refs/heads/{BRANCH}")).id)

    def _is_before(self, old: str, new: str) -> bool:
        """Whether `old` is `new` or one of its ancestors. The commits' times say nothing: anybody may choose them."""
        seen, waiting = set[str](), [new]
        while waiting:
            sha = waiting.pop()
            if sha == old:
                return True
            if sha not in seen:
                seen.add(sha)
                waiting.extend(parent.decode() for parent in self.commit(sha).parents)
        return False

    def _add(self, item: ShaFile) -> str:
        with self._lock:
            self._repo.object_store.add_object(item)
            return item.id.decode()

    def _known(self, sha: str, kind: bytes, message: str) -> ShaFile:
        try:
            return self._object(sha, kind)
        except GitHubError as error:
            raise unprocessable(message) from error

    def _object(self, sha: str, kind: bytes) -> ShaFile:
        found = self._any(sha)
        if found.type_name != kind:
            raise not_found()
        return found

    def _any(self, sha: str) -> ShaFile:
        if len(sha) != 40 or set(sha) - set("0123456789abcdef"):
            raise not_found()
        with self._lock:
            try:
                return self._repo.object_store[cast("ObjectID", sha.encode())]
            except KeyError as error:
                raise not_found() from error


class Signature:
    """Who made a commit, and when. `name` and `email` hold no line breaks and no angle brackets: they are left out."""

    def __init__(self, name: str, email: str, when: datetime) -> None:
        self.line = f"{_plain(name)} <{_plain(email)}>".encode()
        self.seconds = int(when.astimezone(UTC).timestamp())


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter not in "<>\n\r\0").strip()


def _is_commit(item: ShaFile) -> bool:
    return item.type_name == b"commit"


def _check_name(name: str) -> None:
    from dulwich.refs import check_ref_format

    plain = name.startswith(("refs/heads/", "refs/tags/")) and len(name.encode()) < 250
    if not plain or not check_ref_format(cast("Ref", name.encode())) or name.endswith(".lock"):
        raise unprocessable("Reference name is not valid, must be refs/heads/... or refs/tags/...")


def _remove_locks(control: Path) -> None:
    """What a process that was killed left. The workspace's lock says that nobody else works here."""
    for lock in (*control.glob("*.lock"), *(control / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def _make(folder: Path, name: str) -> None:
    """Builds the repository beside its place and puts it there in one step."""
    from dulwich.repo import Repo

    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with Repo.init(fresh, default_branch=BRANCH.encode(), symlinks=False) as repo:
        _first_commit(repo, name)
    fresh.replace(folder)


def _first_commit(repo: Repo, name: str) -> None:
    from dulwich.objects import Blob, Commit, Tree

    blob, tree, commit = Blob.from_string(README % name.encode()), Tree(), Commit()
    tree.add(b"README.md", 0o100644, blob.id)
    who = Signature("mlops", "mlops@localhost", datetime.now(UTC))
    commit.tree, commit.message, commit.encoding = tree.id, b"Initial commit\n", b"UTF-8"
    commit.author = commit.committer = who.line
    commit.author_time = commit.commit_time = who.seconds
    commit.author_timezone = commit.commit_timezone = 0
    for item in (blob, tree, commit):
        repo.object_store.add_object(item)
    repo.refs[cast("Ref", f"refs/heads/{BRANCH}".encode())] = commit.id
