"""The issues of a repository, through PyGithub: on github.com, GitHub Enterprise, or the local mode's own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args
from urllib.parse import quote, urlsplit

from algorithms.errors import PlatformError
from lambda_bridge.ports import TRAIN_LABEL, IssueView, Permission, StartEvent, StateLabel

if TYPE_CHECKING:
    from github import Auth, Github, GithubRetry
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.IssueEvent import IssueEvent
    from github.Repository import Repository

LONGEST_WAIT_SECONDS = 1
TIMEOUT_SECONDS = 5
"""Of one request: a webhook must be answered within 10 s ("Best practices for using webhooks")."""
RETRIES = 2
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
"""Methods that PyGithub may repeat after a 5xx. A comment that was posted although the answer was lost must be found
first, so POST is repeated by the workflow, never blindly."""
LONGEST_COMMENT = 65_536
COLOURS: dict[StateLabel, str] = {
    "mlops:running": "1d76db",
    "mlops:waiting": "fbca04",
    "mlops:registered": "0e8a16",
    "mlops:failed": "d93f0b",
}
STATE_LABELS = frozenset(get_args(StateLabel))
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what PyGithub raises into PlatformError. Messages name the status and GitHub's own message."""
    from github import GithubException
    from jwt import PyJWTError
    from requests import RequestException

    try:
        yield
    except PyJWTError as error:
        raise PlatformError("GitHub App: its private key cannot be used. Store the PEM that GitHub made.") from error
    except GithubException as error:
        raise PlatformError(f"GitHub answered {error.status}: {message_of(error)}") from error
    except RequestException as error:
        raise PlatformError(f"GitHub could not be reached: {type(error).__name__}") from error


def message_of(error: Exception) -> str:
    """GitHub's own message in an answer; the first 300 characters."""
    data = getattr(error, "data", None)
    return str(data.get("message") if isinstance(data, dict) else data)[:300]


def connect(auth: Auth.Auth, base_url: str, repository: str) -> Repository:
    """A repository that is not read before it is needed."""
    return _client(auth, base_url).get_repo(repository)


def _client(auth: Auth.Auth, base_url: str) -> Github:
    """PyGithub's pauses between requests are for GitHub alone."""
    from github import Github

    ours = urlsplit(base_url).hostname in LOOPBACK
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


def _retry() -> GithubRetry:
    """Few and short: a webhook must be answered. Who asks to wait longer is asked again by the workflow."""
    from github import GithubRetry

    return GithubRetry(
        total=RETRIES, max_rate_limit_wait=LONGEST_WAIT_SECONDS, retry_after_max=1, allowed_methods=REPEATABLE
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


class GitHubIssues:
    """The issues, as one account sees and changes them. `login` tells its name; it is asked once, when needed."""

    def __init__(self, repository: Repository, login: Callable[[], str]) -> None:
        self._repository = repository
        self._ask_login = login

    @cached_property
    def _login(self) -> str:
        return self._ask_login()

    def me(self) -> str:
        """See `lambda_bridge.ports.Issues`."""
        return self._login

    def permission(self, user: str) -> Permission:
        """See `lambda_bridge.ports.Issues`. `role_name` tells maintain and triage from write and read."""
        with refusals():
            _, data = self._repository.requester.requestJsonAndCheck(
                "GET", f"{self._repository.url}/collaborators/{quote(user, safe='')}/permission"
            )
        for name in (data.get("role_name"), data.get("permission")):
            if name in get_args(Permission):
                return name  # type: ignore[no-any-return]
        return "none"

    def read(self, issue: int) -> IssueView:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            found = self._issue(issue)
            return IssueView(
                number=found.number,
                title=found.title,
                body=found.body or "",
                author=found.user.login if found.user else "ghost",
                labels=tuple(label.name for label in found.labels),
                open=found.state == "open",
                url=found.html_url,
            )

    def newest_start(self, issue: int) -> StartEvent | None:
        """See `lambda_bridge.ports.Issues`."""
        newest = None
        with refusals():
            for event in self._issue(issue).get_events():
                if _is_start(event):
                    actor = event.actor.login if event.actor else "ghost"
                    newest = StartEvent(event.id, actor) if newest is None or event.id > newest.id else newest
        return newest

    def write(self, issue: int, marker: str, text: str, known: int | None = None) -> int:
        """See `lambda_bridge.ports.Issues`."""
        ending = f"\n<!-- mlops:{marker} -->\n"
        body = text.rstrip("\n")[: LONGEST_COMMENT - len(ending) - 1] + f"\n{ending}"
        with refusals():
            found = self._comment(issue, ending.strip(), known)
            if found is None:
                return self._issue(issue).create_comment(body).id
            if found.body.strip() != body.strip():
                found.edit(body)
            return found.id

    def _comment(self, issue: int, ending: str, known: int | None) -> IssueComment | None:
        """The account's own comment that ends in the marker."""
        from github import UnknownObjectException

        if known is not None:
            with suppress(UnknownObjectException):
                found = self._issue(issue).get_comment(known)
                if self._is_mine(found, ending):
                    return found
        comments = self._issue(issue).get_comments()
        return next((comment for comment in comments if self._is_mine(comment, ending)), None)

    def _is_mine(self, comment: IssueComment, ending: str) -> bool:
        author = comment.user.login if comment.user else ""
        return author.lower() == self._login.lower() and comment.body.rstrip().endswith(ending)

    def react(self, issue: int, comment: int) -> None:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            self._issue(issue).get_comment(comment).create_reaction("eyes")

    def set_label(self, issue: int, label: StateLabel) -> None:
        """See `lambda_bridge.ports.Issues`."""
        with refusals():
            found = self._issue(issue)
            before = {item.name for item in found.labels}
            if label not in before:
                self._ensure_label(label)
                found.add_to_labels(label)
            for other in sorted(before & STATE_LABELS - {label}):
                _remove(found, other)

    def _ensure_label(self, label: StateLabel) -> None:
        if label in self._labels:
            return
        from github import GithubException

        try:
            self._repository.create_label(label, COLOURS[label])
        except GithubException as error:
            if error.status != 422:
                raise
        self._labels.add(label)

    @cached_property
    def _labels(self) -> set[str]:
        return {label.name for label in self._repository.get_labels()}

    def _issue(self, number: int) -> Issue:
        """An issue that is read when something of it is asked for."""
        return self._repository.get_issue(number)


def _is_start(event: IssueEvent) -> bool:
    """What an event does not have, as a label, is not asked for: PyGithub would read each event once more."""
    if event.event != "labeled":
        return event.event == "reopened"
    return event.label is not None and event.label.name == TRAIN_LABEL


def _remove(issue: Issue, label: str) -> None:
    from github import UnknownObjectException

    try:
        issue.remove_from_labels(label)
    except UnknownObjectException:
        return
