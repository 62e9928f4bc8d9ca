"""Secrets of the bridge: from the environment where they are set, else from AWS Secrets Manager.

They are read again after some minutes, so that a secret is rotated without a deployment. Values never stand in errors
or logs.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from algorithms.errors import PlatformError
from lambda_bridge.github_client import Credentials
from lambda_bridge.redaction import redact
from lambda_bridge.settings import BridgeSettings

LOG = logging.getLogger(__name__)
MAX_AGE_SECONDS = 300
HIDDEN_KEYS = ("token", "app_private_key", "secret", "url")
"""Of the secrets' objects: their values never stand in the log."""
Read = Callable[[str], str]
"""A secret's name -> its text. Raises PlatformError."""


def read_secret(name: str) -> str:
    """A secret of Secrets Manager, cached for MAX_AGE_SECONDS."""
    from aws_lambda_powertools.utilities import parameters
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        return str(parameters.get_secret(name, max_age=MAX_AGE_SECONDS))
    except GetParameterError as error:
        raise PlatformError(f"secret {name}: cannot be read. Create it, and let the bridge's role read it.") from error


class Secrets:
    """The bridge's secrets. `read` and `environ` are given by tests."""

    def __init__(
        self, settings: BridgeSettings, read: Read = read_secret, environ: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._read = read
        self._environ = os.environ if environ is None else environ

    def webhook_secret(self) -> str:
        """Signs the deliveries. Raises PlatformError for an empty one: with it, anybody could sign."""
        value = self._environ.get("GITHUB_WEBHOOK_SECRET")
        if value is None:
            value = self._member(self._settings.webhook_secret, "secret")
        if not value.strip():
            raise PlatformError(
                "GITHUB_WEBHOOK_SECRET: must not be empty, got an empty text. Set the webhook's secret."
            )
        return value

    def slack_url(self) -> str | None:
        """The incoming webhook; None where there is none, which is no error."""
        try:
            return self._environ.get("SLACK_WEBHOOK_URL") or self._member(self._settings.slack_secret, "url") or None
        except PlatformError as error:
            LOG.info("no Slack: %s", error)
            return None

    def github(self) -> Credentials:
        """A personal access token, or a GitHub App."""
        name = self._settings.github_secret
        found = credentials_in(self._environ) or _credentials(self._object(name))
        if found is None:
            raise PlatformError(f"secret {name}: must have the key token, or {', '.join(APP)}. Fill it in.")
        return found

    def _member(self, name: str, key: str) -> str:
        """A text in a secret; empty where there is none. Anything else there, as null, is none."""
        found = self._object(name).get(key)
        return found if isinstance(found, str) else ""

    def _object(self, name: str) -> dict[str, Any]:
        """A secret that is a JSON object."""
        try:
            found = json.loads(self._read(name))
        except ValueError as error:
            raise PlatformError(f"secret {name}: must be a JSON object. Write it as one.") from error
        if not isinstance(found, dict):
            raise PlatformError(f"secret {name}: must be a JSON object. Write it as one.")
        for key in HIDDEN_KEYS:
            redact(str(found.get(key) or ""))
        return found


APP = ("app_id", "app_private_key", "app_installation_id")
"""What a GitHub App signs in with; in the environment GITHUB_APP_ID and so on."""


def credentials_in(environ: Mapping[str, str]) -> Credentials | None:
    """The account that variables such as GITHUB_TOKEN name; None: they name none. Raises PlatformError."""
    return _credentials({name: environ.get(f"GITHUB_{name.upper()}") for name in ("token", *APP)})


def _credentials(found: Mapping[str, Any]) -> Credentials | None:
    """A token goes before an app, if both are there."""
    from github import Auth

    if found.get("token"):
        return Credentials(Auth.Token(str(found["token"])))
    if not all(found.get(name) for name in APP):
        return None
    signed = Auth.AppAuth(str(found["app_id"]), str(found["app_private_key"]))
    return Credentials(signed.get_installation_auth(_number(found["app_installation_id"])), signed)


def _number(text: Any) -> int:
    try:
        return int(text)
    except ValueError as error:
        message = "GitHub App: app_installation_id must be a whole number. Copy it from the installation's address."
        raise PlatformError(message) from error
