"""The connection to GitHub, through PyGithub: who we are, how long we wait, and what a refusal means."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from algorithms.errors import PlatformError
from lambda_bridge.ports import RateLimitError
from lambda_bridge.redaction import hidden

if TYPE_CHECKING:
    from github import Auth, Github, GithubException
    from github.Repository import Repository
    from urllib3 import Retry

TIMEOUT_SECONDS = 5
"""Of one request: a webhook must be answered within 10 s ("Best practices for using webhooks")."""
RETRIES = 2
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
"""Methods that PyGithub may repeat after a 5xx. A comment that was posted although the answer was lost must be found
first, so POST is repeated by the workflow, never blindly."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PAUSE_SECONDS = 60.0
"""Where a limit is told without a time ("Rate limits for the REST API": wait at least one minute)."""
LONGEST_PAUSE_SECONDS = 3600.0


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what PyGithub raises into PlatformError. Messages name the status and GitHub's own message.

    Raises RateLimitError where GitHub says that it is asked too often.
    """
    from github import GithubException
    from jwt import PyJWTError
    from requests import RequestException

    try:
        yield
    except PyJWTError as error:
        raise PlatformError("GitHub App: its private key cannot be used. Store the PEM that GitHub made.") from error
    except GithubException as error:
        text, seconds = f"GitHub answered {error.status}: {message_of(error)}", pause_of(error)
        raise (PlatformError(text) if seconds is None else RateLimitError(text, seconds)) from error
    except RequestException as error:
        raise PlatformError(f"GitHub could not be reached: {type(error).__name__}") from error


def message_of(error: Exception) -> str:
    """GitHub's own message in an answer, without secrets of ours; the first 300 characters."""
    data = getattr(error, "data", None)
    return hidden(str(data.get("message") if isinstance(data, dict) else data))[:300]


def pause_of(error: GithubException) -> float | None:
    """How many seconds GitHub wants to be left alone; None: that is not what the refusal is about.

    "Exceeding the rate limit" of its REST documentation: Retry-After, else the reset of a limit that is used up.
    """
    from github import RateLimitExceededException

    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status not in (403, 429):
        return None
    if "retry-after" in headers:
        return _seconds(headers, "retry-after", 0)
    if headers.get("x-ratelimit-remaining") == "0":
        return _seconds(headers, "x-ratelimit-reset", time.time())
    return PAUSE_SECONDS if error.status == 429 or isinstance(error, RateLimitExceededException) else None


def _seconds(headers: Mapping[str, str], name: str, start: float) -> float:
    try:
        found = float(headers[name]) - start
    except (KeyError, ValueError):
        return PAUSE_SECONDS
    return min(max(found, 1.0), LONGEST_PAUSE_SECONDS) if math.isfinite(found) else PAUSE_SECONDS


def connect(auth: Auth.Auth, base_url: str, repository: str, *, ours: bool = False) -> Repository:
    """A repository that is not read before it is needed. `ours`: the server is our own, wherever it listens."""
    return _client(auth, base_url, ours).get_repo(repository)


def connect_threads(auth: Auth.Auth, base_url: str, repository: str, *, ours: bool = False) -> Repository:
    """The same for several threads: each gets a connection of its own when it first asks for something."""
    return cast("Repository", _PerThread(lambda: connect(auth, base_url, repository, ours=ours)))


class _PerThread:
    """Stands for an object that is made anew in each thread.

    PyGithub's connection keeps a request between two calls, so that of two threads one would get the other's answer.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made = threading.local()

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._made, "object"):
            self._made.object = self._make()
        return getattr(self._made.object, name)


def _client(auth: Auth.Auth, base_url: str, ours: bool = False) -> Github:
    """PyGithub's pauses between requests are for GitHub alone."""
    from github import Github

    ours = ours or urlsplit(base_url).hostname in LOOPBACK
    return Github(
        auth=auth,
        base_url=base_url,
        per_page=100,
        timeout=TIMEOUT_SECONDS,
        retry=_retry(),
        seconds_between_requests=0 if ours else 0.25,
        seconds_between_writes=0 if ours else 1,
        lazy=True,
    )


def _retry() -> Retry:
    """Few and short, since a webhook must be answered, and for errors of the server only.

    A limit is told to the caller at once: who asks on while a limit holds is locked out ("Best practices for using the
    REST API").
    """
    from urllib3 import Retry

    return Retry(
        total=RETRIES,
        read=0,  # who does not answer within TIMEOUT_SECONDS is not waited for again
        allowed_methods=REPEATABLE,
        status_forcelist=range(500, 600),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


@dataclass(frozen=True)
class Credentials:
    """What requests are signed with; `app` where they are those of a GitHub App's installation."""

    auth: Auth.Auth
    app: Auth.AppAuth | None = None


def login_of(credentials: Credentials, base_url: str) -> str:
    """The login of the account behind a token, or of a GitHub App's bot."""
    from github import GithubIntegration

    with refusals():
        if credentials.app is not None:
            app = GithubIntegration(
                auth=credentials.app, base_url=base_url, timeout=TIMEOUT_SECONDS, retry=_retry()
            ).get_app()
            return f"{app.slug}[bot]"
        return _client(credentials.auth, base_url).get_user().login
