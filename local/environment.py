"""What the local mode takes from the environment, checked before anything starts."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from algorithms.errors import PlatformError
from lambda_bridge.redaction import redact
from lambda_bridge.settings import DEFAULT_API, PATTERNS, Pace
from pipelines.language import LANGUAGES, VARIABLE

if TYPE_CHECKING:
    from lambda_bridge.github_client import Credentials


class SettingError(Exception):
    """A variable of the environment cannot be used. The message is the line that says what to do."""


def check_all(*settings: Callable[[], object]) -> None:
    """Reads settings before anything begins. Raises SettingError with a line for each that cannot be used."""
    problems = []
    for read in settings:
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    if problems:
        raise SettingError("\n".join(problems))


def history_branch() -> str | None:
    """MLOPS_HISTORY_BRANCH; None: the default branch. Raises SettingError for a name that is none to Git."""
    from dulwich.refs import Ref, check_ref_format

    name = os.environ.get("MLOPS_HISTORY_BRANCH")
    if not name:
        return None
    if not check_ref_format(Ref(b"refs/heads/" + name.encode("utf-8", "surrogateescape"))):
        raise SettingError(f"MLOPS_HISTORY_BRANCH: must be the name of a branch, got {name!r}. Correct or unset it.")
    return name


def webhook_secret() -> str:
    """GITHUB_WEBHOOK_SECRET, or one of this process. Raises SettingError for an empty one: anybody could sign."""
    secret = os.environ.get("GITHUB_WEBHOOK_SECRET")
    if secret is None:
        made = secrets.token_hex(32)
        redact(made)
        return made
    if not secret.strip():
        raise SettingError("GITHUB_WEBHOOK_SECRET: must not be empty, got an empty text. Set or unset it.")
    return secret


def pace() -> Pace:
    """How many runs may start, and how long the operator has. Raises SettingError."""
    try:
        return Pace.from_environment()
    except PlatformError as error:
        raise SettingError(str(error)) from error


def language() -> str:
    """MLOPS_LANGUAGE, else English. Raises SettingError for one that has no catalogue."""
    found = os.environ.get(VARIABLE) or "en"
    if found not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise SettingError(f"{VARIABLE}: must be one of {known}, got {found[:100]!r}. Correct or unset it.")
    return found


def given_webhook_secret() -> str | None:
    """GITHUB_WEBHOOK_SECRET; None: it is not set. Raises SettingError for an empty one."""
    return webhook_secret() if "GITHUB_WEBHOOK_SECRET" in os.environ else None


def credentials() -> Credentials:
    """The account on GitHub. Raises SettingError."""
    from lambda_bridge.secrets import credentials_in

    try:
        found = credentials_in(os.environ)
    except PlatformError as error:
        raise SettingError(str(error)) from error
    if found is None:
        names = "GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID"
        raise SettingError(f"GITHUB_TOKEN: must be set. Set it, or {names} of a GitHub App.")
    return found


def api_url() -> str:
    """GITHUB_API_URL, or GitHub's own. Raises SettingError for anything that would send the token in the clear."""
    url = os.environ.get("GITHUB_API_URL") or DEFAULT_API
    if not re.fullmatch(PATTERNS["api_url"][0], url, re.ASCII):
        raise SettingError(f"GITHUB_API_URL: must be {PATTERNS['api_url'][1]}, got {url[:100]!r}. Correct or unset it.")
    return url
