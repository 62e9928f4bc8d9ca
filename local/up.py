"""`mlops up`: the service on this machine, from its options to its end."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_bridge.redaction import SHORTEST
from local.engine import EngineOptions
from local.environment import (
    SettingError,
    api_url,
    check_all,
    credentials,
    given_webhook_secret,
    history_branch,
    language,
    pace,
    webhook_secret,
)
from local.github.users import LOGIN, OWNER, ROLES, User, Users
from local.hub import local_hub, refusal_of, remote_hub
from local.serving import Serving, listen
from local.signals import signals_stop
from local.sweeper import POLLING_SECONDS
from local.version import full_version
from local.web.app import ANY_HOST, GITHUB_PATH, create_app
from local.workspace import Workspace
from pipelines.language import choose

if TYPE_CHECKING:
    from local.github import LocalGitHub
    from local.service import Service

REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}", re.ASCII)
Tell = Callable[[str], None]
_Made = tuple["Service", "LocalGitHub | None"]


class OptionsError(Exception):
    """Options that cannot be used; the message has a line for each problem."""


@dataclass(frozen=True)
class Options:
    """What the service is started with."""

    workspace: Path
    host: str = "127.0.0.1"
    port: int = 8080
    users: tuple[User, ...] = ()
    repository: str | None = None
    """On GitHub; None: the local one."""


def read_options(workspace: Path, host: str, port: int, users: Sequence[str], repository: str | None) -> Options:
    """Checks the options of the command line. Raises OptionsError with everything that is wrong."""
    found = [_user(text) for text in users]
    given = tuple(user for user in found if isinstance(user, User))
    problems = [problem for problem in found if isinstance(problem, str)] + _problems_of(given)
    if not host or (":" in host and host != "::" and repository is None):
        problems.append(f"--host: must be a name or an IPv4 address, got {host[:100]!r}.")
    if repository is not None and not REPOSITORY.fullmatch(repository):
        problems.append(f"--github: must be OWNER/REPO, got {repository[:100]!r}.")
    if repository is not None and users:
        problems.append("--user: is for the local repository only, got it together with --github. Leave one out.")
    if problems:
        raise OptionsError("\n".join(problems))
    return Options(workspace, host, port, given, repository)


def _user(text: str) -> User | str:
    """NAME:PERMISSION:TOKEN, or what is wrong with it. The token is never repeated."""
    name, _, rest = text.partition(":")
    role, _, token = rest.partition(":")
    if role not in ROLES or not token:
        return (
            f"--user: must be NAME:PERMISSION:TOKEN with a permission of {', '.join(ROLES)}, got {_shown(name, rest)}."
        )
    return User(name, role, token)  # type: ignore[arg-type]


def _shown(name: str, rest: str) -> str:
    """What is told of an account that cannot be read: without a colon, all of it may be the token."""
    if not LOGIN.fullmatch(name) or (not rest and len(name) >= SHORTEST):
        return "something else"
    return f"{name!r}:..."


def _problems_of(users: Sequence[User]) -> list[str]:
    try:
        Users(users)
    except ValueError as error:
        return str(error).splitlines()
    return []


def serve(options: Options, tell: Tell, engine: EngineOptions | None = None) -> None:
    """Serves until SIGINT or SIGTERM. `tell` gets what a person should read, line by line.

    Raises SettingError, PortError, WorkspaceBusyError and StoreVersionError before anything is served.
    """
    with signals_stop() as stop:
        serve_until(stop, options, tell, engine)


def serve_until(stop: threading.Event, options: Options, tell: Tell, engine: EngineOptions | None = None) -> None:
    """As `serve`, until the event is set."""
    settings = (webhook_secret,) if options.repository is None else (given_webhook_secret, credentials, api_url)
    check_all(pace, history_branch, language, *settings)
    choose(language())
    with _opened(options.workspace) as workspace, listen(options.host, options.port) as listener:
        host, port = listener.getsockname()[:2]
        address = _address(host, port)
        make = _with_local if options.repository is None else _with_remote
        service, github = make(options, workspace, address, engine)
        with Serving(create_app(service, github, host, asks_no_token=not options.users), listener):
            _work(service, stop, lambda: _tell(options, service, github, address, tell))


def _opened(folder: Path) -> Workspace:
    try:
        return Workspace(folder, "mlops up")
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingError(f"{folder}: cannot be a workspace, got: {reason}. Give another --workspace.") from error


def _work(service: Service, stop: threading.Event, ready: Callable[[], None]) -> None:
    """From the first piece of work to the last one before the signal."""
    try:
        service.start()
        ready()
        stop.wait()
    finally:
        service.close()


def _with_local(options: Options, workspace: Workspace, address: str, engine: EngineOptions | None) -> _Made:
    """The service over the local GitHub, which this process serves itself."""
    from local.github import LocalGitHub
    from local.service import Service

    secret, folder = webhook_secret(), workspace.root / "github"
    github = LocalGitHub(workspace.store, folder, secret, users=options.users)
    github.serve_at(address, address)
    hub = local_hub(github, address + GITHUB_PATH, folder, history_branch())
    return Service(workspace, hub, secret, full_version(), github, f"{address}/webhook", engine), github


def _with_remote(options: Options, workspace: Workspace, _: str, engine: EngineOptions | None) -> _Made:
    """The service over a real repository."""
    from local.service import Service

    secret = given_webhook_secret() or ""
    hub = remote_hub(credentials(), api_url(), str(options.repository), history_branch())
    problem = refusal_of(hub)
    if problem is not None:
        raise SettingError(f"--github: {problem}")
    return Service(workspace, hub, secret, full_version(), engine=engine), None


def _tell(options: Options, service: Service, github: LocalGitHub | None, address: str, tell: Tell) -> None:
    """Where everything is. A token is told only where it was made here."""
    tell(f"mlops {service.version}: {address}, repository {service.repository}")
    if github is not None:
        tell(f"Issue board: {address}/")
    tell(f"Webhooks: {address}/webhook (application/json, issues and issue comments)")
    if github is None:
        if not service.takes_webhooks:
            tell("They are refused, since GITHUB_WEBHOOK_SECRET is not set.")
        tell(f"Until one comes, the repository is asked every {POLLING_SECONDS:.0f} s.")
    else:
        tell(f"GitHub's REST interface: {address}{GITHUB_PATH}")
    if github is not None and not options.users:
        tell(f"Token of {OWNER}: {github.token_of(OWNER)}")
    tell("Ctrl-C ends the service; what is under way goes on with the next one.")


def _address(host: str, port: int) -> str:
    """Where this machine reaches itself."""
    name = "127.0.0.1" if host in ANY_HOST else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
