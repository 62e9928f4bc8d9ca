"""What a branch of a repository on GitHub holds, one folder at a time: a listing of everything may be cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from algorithms.errors import PlatformError

if TYPE_CHECKING:
    from github.GitTreeElement import GitTreeElement
    from github.Repository import Repository

EMPTY = "the repository is empty. Make a first commit, such as a README, and run this again."
FILES = ("100644", "100755")


@dataclass(frozen=True)
class Entry:
    """What stands at a path. `sha`: of a plain file; None: something else is in the way, which `what` tells."""

    sha: str | None
    what: str = ""


class Branch:
    """A branch as it is now. Raises what PyGithub raises."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._repository = repository
        self._root = repository.get_git_commit(commit).tree.sha
        self._folders: dict[str, dict[str, GitTreeElement]] = {}

    def entry(self, path: str) -> Entry | None:
        """What stands there. None: nothing does, and nothing is in the way."""
        folder = self._root
        *parents, name = path.split("/")
        for position, parent in enumerate(parents, start=1):
            found = self._folder(folder).get(parent)
            if found is None:
                return None
            if found.type != "tree":
                return Entry(None, f"{'/'.join(parents[:position])} is no folder there")
            folder = found.sha
        return _entry(path, self._folder(folder).get(name))

    def _folder(self, sha: str) -> dict[str, GitTreeElement]:
        if sha not in self._folders:
            self._folders[sha] = {entry.path: entry for entry in self._repository.get_git_tree(sha).tree}
        return self._folders[sha]


def _entry(path: str, found: GitTreeElement | None) -> Entry | None:
    if found is None:
        return None
    plain = found.type == "blob" and found.mode in FILES
    return Entry(found.sha) if plain else Entry(None, f"{path} is no plain file there")


def read_branch(repository: Repository, name: str) -> Branch | None:
    """The branch; None: there is none. Raises PlatformError for a repository without any commit."""
    from github import GithubException

    try:
        return Branch(repository, repository.get_git_ref(f"heads/{name}").object.sha)
    except GithubException as error:
        if error.status == 409:
            raise PlatformError(EMPTY) from error
        if error.status == 404:
            return None
        raise
