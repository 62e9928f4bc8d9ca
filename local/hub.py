"""Where the repository is, as the bridge sees it: the local GitHub over loopback, or a real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_bridge.github_client import connect, connect_threads, login_of
from local.github import LocalGitHub
from local.github.users import BOT

if TYPE_CHECKING:
    from github.Repository import Repository

    from lambda_bridge.github_client import Credentials

GITHUBS_EDITS, OUR_EDITS = 250, 7200
"""Progress comments that are edited in an hour, over all runs: half of what GitHub takes of content; the local GitHub
has no limit, but each edit takes some milliseconds."""


@dataclass(frozen=True)
class Hub:
    """The repository and the bridge's account there. `login` asks for the account's name."""

    name: str
    repository: Repository
    login: Callable[[], str]
    branch: str | None
    """Where the history is committed; None: the default branch."""
    address: Callable[[str], str] | None = None
    """Where a committed path is seen; None: on GitHub's pages."""
    edits_per_hour: int = GITHUBS_EDITS


def local_hub(github: LocalGitHub, url: str, folder: Path, branch: str | None) -> Hub:
    """The local GitHub, whose REST interface is at `url` and whose working tree is `folder`."""
    from github import Auth

    repository = connect_threads(Auth.Token(github.token_of(BOT)), url, github.repository)
    return Hub(github.repository, repository, lambda: BOT, branch, partial(_address, folder, branch), OUR_EDITS)


def repository_of(github: LocalGitHub, url: str, user: str) -> Repository:
    """The local repository as one of its users sees it."""
    from github import Auth

    return connect(Auth.Token(github.token_of(user)), url, github.repository)


def remote_hub(credentials: Credentials, api_url: str, name: str, branch: str | None) -> Hub:
    """A repository on GitHub, or on another server with its REST interface."""
    repository = connect_threads(credentials.auth, api_url, name)
    return Hub(name, repository, lambda: login_of(credentials, api_url), branch)


def _address(folder: Path, branch: str | None, path: str) -> str:
    """A file of the working tree; on a branch that is not checked out, the repository."""
    return str(folder / path if branch is None else folder)
