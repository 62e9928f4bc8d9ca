"""What `mlops init` is asked for, checked before anything is asked of GitHub."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from algorithms.errors import ParameterError, Problem
from lambda_bridge.settings import PATTERNS
from local.environment import SettingError, api_url, credentials, given_webhook_secret

if TYPE_CHECKING:
    from lambda_bridge.github_client import Credentials

T = TypeVar("T")
REPOSITORY = re.compile(PATTERNS["repository"][0], re.ASCII)
ADDRESS = re.compile(PATTERNS["api_url"][0], re.ASCII)
LONGEST_URL = 1024
PASSWORD = re.compile(r"//[^/]*@")
"""In an address: it is not repeated."""
CODEOWNER = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9-]{0,38}(/[A-Za-z0-9._-]{1,100})?", re.ASCII)
"""An account, or a team of an organisation ("About code owners")."""


@dataclass(frozen=True)
class Options:
    """What is wanted of a repository.

    Parameters
    ----------
    url : where webhooks go; None: the webhook is left alone
    codeowners : with or without their @; none: no CODEOWNERS file
    force : what a person changed becomes as the starter has it
    dry_run : only looks
    """

    repository: str
    url: str | None = None
    codeowners: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Access:
    """How GitHub is reached, and what signs its webhooks. `secret` is empty where no webhook is wanted."""

    credentials: Credentials
    api_url: str
    secret: str = field(default="", repr=False)


def problems_of(options: Options) -> list[Problem]:
    """Everything that is wrong with the arguments."""
    found = repository_problems(options.repository)
    url = options.url
    if url is not None and (not ADDRESS.fullmatch(url) or not url.isprintable() or len(url) > LONGEST_URL):
        advice = "Give the address that the deployment told, such as its output WebhookUrl."
        what = "must be an https address without a password and a query"
        found.append(_wrong("--url", PASSWORD.sub("//...@", url), what, advice))
    owners = [owner for owner in options.codeowners if not CODEOWNER.fullmatch(owner)]
    what = "must be an account, or ORGANISATION/TEAM"
    return found + [_wrong("--codeowner", owner, what, "Correct it.") for owner in owners]


def repository_problems(name: str) -> list[Problem]:
    """What is wrong with the name of a repository on GitHub."""
    if REPOSITORY.fullmatch(name) and name.partition("/")[2] not in (".", ".."):
        return []
    return [_wrong("OWNER/REPO", name, "must be the owner and the name of a repository", "Correct it.")]


def check_repository(name: str) -> None:
    """Raises ParameterError for what is no name of a repository."""
    if problems := repository_problems(name):
        raise ParameterError(problems)


def _wrong(key: str, value: str, what: str, advice: str) -> Problem:
    return Problem(key, value[:100], f"{key}: {what}, got {value[:100]!r}. {advice}")


def read_access(options: Options) -> tuple[Access | None, list[Problem]]:
    """The settings in the environment, or everything that is wrong with them. Values are never repeated."""
    problems: list[Problem] = []
    account, api = _read(credentials, problems), _read(api_url, problems)
    secret = "" if options.url is None else _read(_secret, problems)
    if account is None or api is None or secret is None:
        return None, problems
    return Access(account, api, secret), []


def _read(read: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return read()
    except SettingError as error:
        problems.append(Problem(str(error).partition(":")[0], None, str(error)))
        return None


def _secret() -> str:
    found = given_webhook_secret()
    if found is None:
        raise SettingError(
            "GITHUB_WEBHOOK_SECRET: must be set for --url, got nothing. Set it to the secret of the deployment, "
            "which on AWS is the key `secret` of `github-webhook-secret`."
        )
    if found.lstrip().startswith("{"):
        raise SettingError(
            "GITHUB_WEBHOOK_SECRET: must be the secret itself, got a JSON object. Set it to the value of `secret`."
        )
    return found
