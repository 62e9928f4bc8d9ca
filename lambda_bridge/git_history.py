"""`training_history/` in the repository: one commit per attempt through the Git Data API (GitHub's "Git database").

Blobs, tree and commit are made beside the branch; only the last call moves it, and never by force. So a kill leaves the
branch as it was, and of two writers the later one builds its commit anew on top of the other.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from algorithms.errors import PlatformError
from lambda_bridge.github_client import message_of, pause_of, refusals
from lambda_bridge.ports import Commit

if TYPE_CHECKING:
    from github.GitCommit import GitCommit
    from github.GitRef import GitRef
    from github.Repository import Repository

LOG = logging.getLogger(__name__)
FALLBACK_BRANCH = "mlops-history"
MOST_TRIES = 8
LONGEST_PAUSE_SECONDS = 5
FILE = "100644"


class _MovedError(Exception):
    """Somebody else moved the branch first."""


class _ProtectedError(Exception):
    """The branch takes no commits of ours."""


class GitHubHistory:
    """The files of a repository. `branch` is where they go; None: the default branch.

    Parameters
    ----------
    pause : the longest time in seconds before a commit is built anew on a branch that has moved
    address : where a path is seen, for repositories without pages in a browser
    fallback : the branch for a default branch that takes no commits
    """

    def __init__(
        self,
        repository: Repository,
        branch: str | None = None,
        pause: float = LONGEST_PAUSE_SECONDS,
        address: Callable[[str], str] | None = None,
        fallback: str = FALLBACK_BRANCH,
    ) -> None:
        self._repository = repository
        self._branch = branch
        self._pause = pause
        self._address = address
        self._fallback = fallback

    def commit(self, files: Mapping[str, bytes], message: str) -> Commit:
        """See `lambda_bridge.ports.History`."""
        last = self._branch or self._fallback
        with refusals():
            branch = self._branch or self._repository.default_branch
            if branch != last:
                with suppress(_ProtectedError):
                    return Commit(self._onto(branch, files, message), branch, protected=False)
                LOG.info("branch %s is protected", branch)
            try:
                return Commit(self._onto(last, files, message), last, protected=branch != last)
            except _ProtectedError as error:
                text = f"branch {last}: takes no commits of the bridge, got: {error}. Let its account push there."
                raise PlatformError(text) from error

    def url(self, commit: Commit, path: str) -> str:
        """See `lambda_bridge.ports.History`. `raw=true` shows a picture to whoever may see the repository."""
        if self._address is not None:
            return self._address(path)
        kind, query = ("blob", "?raw=true") if path.endswith(".png") else ("tree", "")
        with refusals():
            page = self._repository.html_url
        return f"{page}/{kind}/{quote(commit.branch)}/{quote(path)}{query}"

    def _onto(self, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """The commit's SHA. A branch that moves is followed a few times."""
        tries = Retrying(
            retry=retry_if_exception_type(_MovedError),
            stop=stop_after_attempt(MOST_TRIES),
            wait=wait_random_exponential(multiplier=self._pause / 2**MOST_TRIES, max=self._pause),
            reraise=True,
        )
        blobs: dict[str, str] = {}
        try:
            return str(tries(self._once, branch, files, message, blobs))
        except _MovedError as error:
            raise PlatformError(f"branch {branch}: moved {MOST_TRIES} times while a commit was made.") from error

    def _once(self, branch: str, files: Mapping[str, bytes], message: str, blobs: dict[str, str]) -> str:
        """One try. `blobs` keeps what was uploaded: the slow part is done before the branch is looked at for good."""
        head = self._head(branch)
        parent = self._repository.get_git_commit(head.object.sha)
        missing = self._missing(parent.tree.sha, files)
        if not missing:
            return parent.sha
        if missing.keys() - blobs.keys():
            blobs |= {path: self._blob(content) for path, content in sorted(missing.items())}
            return self._once(branch, files, message, blobs)
        made = self._commit(parent, {path: blobs[path] for path in missing}, message)
        _move(head, made)
        return made.sha

    def _blob(self, content: bytes) -> str:
        return self._repository.create_git_blob(base64.b64encode(content).decode(), "base64").sha

    def _head(self, branch: str) -> GitRef:
        """The branch; the one for protected repositories is made where it is missing."""
        from github import UnknownObjectException

        reference = f"heads/{branch}"
        try:
            found = self._repository.get_git_ref(reference)
            found.object  # noqa: B018 (reads it)
            return found
        except UnknownObjectException:
            base = self._repository.get_git_ref(f"heads/{self._repository.default_branch}")
            return _create(self._repository, f"refs/{reference}", base.object.sha)

    def _missing(self, tree: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files that the branch does not hold with these bytes."""
        there: dict[str, str] = {}
        for folder in sorted({path.rpartition("/")[0] for path in files}):
            there |= self._blobs(tree, folder)
        return {path: content for path, content in files.items() if there.get(path) != blob_sha(content)}

    def _blobs(self, tree: str, folder: str) -> dict[str, str]:
        """Path -> SHA of the files right in a folder, one tree at a time: a listing of everything may be cut off."""
        for name in folder.split("/"):
            entry = next((e for e in self._repository.get_git_tree(tree).tree if e.path == name), None)
            if entry is None or entry.type != "tree":
                return {}
            tree = entry.sha
        return {f"{folder}/{e.path}": e.sha for e in self._repository.get_git_tree(tree).tree if e.type == "blob"}

    def _commit(self, parent: GitCommit, blobs: Mapping[str, str], message: str) -> GitCommit:
        from github import InputGitTreeElement

        elements = [InputGitTreeElement(path, FILE, "blob", sha=sha) for path, sha in sorted(blobs.items())]
        tree = self._repository.create_git_tree(elements, base_tree=parent.tree)
        return self._repository.create_git_commit(message, tree, [parent])


def _create(repository: Repository, reference: str, sha: str) -> GitRef:
    """Makes a branch. One that somebody else made meanwhile has moved."""
    from github import GithubException

    try:
        return repository.create_git_ref(reference, sha)
    except GithubException as error:
        if error.status == 422 and "already exists" in message_of(error).lower():
            raise _MovedError from error
        if error.status in (403, 422) and pause_of(error) is None:
            raise _ProtectedError(message_of(error)) from error
        raise


def _move(head: GitRef, commit: GitCommit) -> None:
    """Moves the branch forward.

    GitHub answers 422 for a branch that has moved; any other 403 or 422 is a rule of the repository, of which there are
    many with as many texts. A token that may not write at all was refused before, at the blobs.
    """
    from github import GithubException

    try:
        head.edit(commit.sha, force=False)
    except GithubException as error:
        text = message_of(error).lower().replace("-", " ")
        if pause_of(error) is not None or "does not exist" in text:
            raise
        if error.status == 422 and ("fast forward" in text or "cannot be updated" in text):
            raise _MovedError from error
        if error.status in (403, 422):
            raise _ProtectedError(message_of(error)) from error
        raise


def blob_sha(content: bytes) -> str:
    """The SHA-1 that Git gives a blob ("Git Internals - Git Objects")."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
