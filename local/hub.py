"""Where the repository is, as the bridge sees it: the local GitHub over loopback, or a real one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from algorithms.errors import PlatformError
from lambda_bridge.github_client import connect, connect_threads, login_of, refusals
from lambda_bridge.ports import RateLimitError
from local.github import LocalGitHub
from local.github.users import BOT

if TYPE_CHECKING:
    from github.Repository import Repository

    from lambda_bridge.github_client import Credentials

GITHUBS_EDITS, OUR_EDITS = 250, 7200
"""Progress comments that are edited in an hour, over all runs: half of what GitHub takes of content; the local GitHub
has no limit, but each edit takes some milliseconds."""

REFUSALS = (401, 403, 404)
"""What GitHub answers to an account that it does not know, or that may not see the repository."""


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

    bypass_proxy(url)
    repository = connect_threads(Auth.Token(github.token_of(BOT)), url, github.repository, ours=True)
    return Hub(github.repository, repository, lambda: BOT, branch, partial(_address, folder, branch), OUR_EDITS)


def bypass_proxy(url: str) -> None:
    """A proxy of the environment has no business between this process and itself."""
    host = urlsplit(url).hostname or ""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name, "")
        if host not in known.split(","):
            os.environ[name] = ",".join(filter(None, (known, host)))


def repository_of(github: LocalGitHub, url: str, user: str) -> Repository:
    """The local repository as one of its users sees it."""
    from github import Auth

    return connect(Auth.Token(github.token_of(user)), url, github.repository)


def remote_hub(credentials: Credentials, api_url: str, name: str, branch: str | None) -> Hub:
    """A repository on GitHub, or on another server with its REST interface."""
    repository = connect_threads(credentials.auth, api_url, name)
    return Hub(name, repository, lambda: login_of(credentials, api_url), branch)


def refusal_of(hub: Hub) -> str | None:
    """Why GitHub will never let us work there. None: it does, or it cannot be asked now and may do so later."""
    from github import GithubException
    from jwt import PyJWTError

    try:
        with refusals():
            page = hub.repository.requester.requestJsonAndCheck("GET", hub.repository.url)[1] or {}
    except RateLimitError:
        return None
    except PlatformError as error:
        cause = error.__cause__
        lasts = isinstance(cause, PyJWTError) or (isinstance(cause, GithubException) and cause.status in REFUSALS)
        return f"{hub.name}: {error}. Correct the name, or what the account may do." if lasts else None
    name = str(page.get("full_name") or hub.name)
    return None if name.lower() == hub.name.lower() else f"{hub.name}: is called {name[:150]!r} now. Give that name."


def _address(folder: Path, branch: str | None, path: str) -> str:
    """A file of the working tree; on a branch that is not checked out, the repository."""
    return str(folder / path if branch is None else folder)
