"""Where secrets come from, and that they stand in no error. Secrets Manager is moto's."""

from __future__ import annotations

import json
import logging
import traceback

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from github import Auth
from moto import mock_aws

from algorithms.errors import PlatformError
from lambda_bridge.redaction import HIDDEN, hidden
from lambda_bridge.secrets import Secrets, credentials_in, read_secret
from lambda_bridge.settings import BridgeSettings

SETTINGS = BridgeSettings("local/models", "bucket", "table", "arn")
APP = {"app_id": "12", "app_private_key": "PEM-value", "app_installation_id": "34"}
VALUE = "s3cr3t-value"


def missing(name):
    raise PlatformError(f"secret {name}: cannot be read.")


def secrets(stored=None, environ=None):
    """`stored`: name -> an object, or the text as it stands there."""

    def read(name):
        found = (stored or {}).get(name)
        return missing(name) if found is None else found if isinstance(found, str) else json.dumps(found)

    return Secrets(SETTINGS, read, environ or {})


class TestWebhookSecret:
    def test_it_comes_from_secrets_manager(self):
        assert secrets({"github-webhook-secret": {"secret": VALUE}}).webhook_secret() == VALUE

    def test_the_environment_wins(self):
        environ = {"GITHUB_WEBHOOK_SECRET": "mine"}
        assert secrets({"github-webhook-secret": {"secret": VALUE}}, environ).webhook_secret() == "mine"

    @pytest.mark.parametrize("environ", [{"GITHUB_WEBHOOK_SECRET": ""}, {"GITHUB_WEBHOOK_SECRET": "\n"}, {}])
    @pytest.mark.parametrize("stored", [{"secret": ""}, {"secret": None}, {"secret": {}}, {"other": VALUE}, {}])
    def test_an_empty_one_refuses(self, stored, environ):
        with pytest.raises(PlatformError):
            secrets({"github-webhook-secret": stored}, environ).webhook_secret()

    def test_set_and_empty_does_not_fall_back(self):
        with pytest.raises(PlatformError, match="GITHUB_WEBHOOK_SECRET: must not be empty"):
            secrets({"github-webhook-secret": {"secret": VALUE}}, {"GITHUB_WEBHOOK_SECRET": ""}).webhook_secret()

    def test_it_is_read_anew_so_that_it_can_be_rotated(self):
        stored = {"github-webhook-secret": {"secret": "old"}}
        found = secrets(stored)
        assert found.webhook_secret() == "old"
        stored["github-webhook-secret"] = {"secret": "new"}
        assert found.webhook_secret() == "new"


class TestSlack:
    def test_from_secrets_manager_or_the_environment(self):
        stored = {"slack-webhook-url": {"url": "https://a"}}
        assert secrets(stored).slack_url() == "https://a"
        assert secrets(stored, {"SLACK_WEBHOOK_URL": "https://b"}).slack_url() == "https://b"

    @pytest.mark.parametrize("stored", [{}, {"slack-webhook-url": {}}, {"slack-webhook-url": "no JSON"}])
    def test_without_one_nothing_is_wrong(self, stored):
        assert secrets(stored).slack_url() is None


class TestGitHub:
    @pytest.mark.parametrize(
        "found",
        [
            secrets({"github-token": {"token": "mine"}}),
            secrets({"github-token": {"token": VALUE}}, {"GITHUB_TOKEN": "mine"}),
            secrets({}, {"GITHUB_TOKEN": "mine", "GITHUB_APP_ID": "12"}),
            secrets({"github-token": {"token": "mine"}}, {"GITHUB_APP_ID": "12"}),
        ],
    )
    def test_a_token(self, found):
        credentials = found.github()
        assert isinstance(credentials.auth, Auth.Token)
        assert credentials.auth.token == "mine"
        assert credentials.app is None

    @pytest.mark.parametrize(
        "found",
        [
            secrets({"github-token": APP}),
            secrets({"github-token": {**APP, "app_id": 12, "app_installation_id": 34}}),
            secrets({}, {f"GITHUB_{name.upper()}": value for name, value in APP.items()}),
        ],
    )
    def test_an_app(self, found):
        credentials = found.github()
        assert isinstance(credentials.auth, Auth.AppInstallationAuth)
        assert credentials.app is not None
        assert str(credentials.app.app_id) == "12"

    def test_what_is_missing_is_named(self):
        with pytest.raises(PlatformError, match="secret github-token: must have the key token, or app_id"):
            secrets({"github-token": {**APP, "app_id": ""}}).github()


@pytest.mark.parametrize(
    "stored", [VALUE, f'{{"token": "{VALUE}"', f'["{VALUE}"]', {"secret": {"a": VALUE}, "app_id": VALUE}]
)
@pytest.mark.parametrize("call", ["webhook_secret", "slack_url", "github"])
def test_values_stand_in_no_error_and_in_no_log(stored, call, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("lambda_bridge"), "propagate", True)  # the handler's set-up may have ended it
    caplog.set_level(logging.DEBUG, logger="lambda_bridge")
    found = secrets(dict.fromkeys(("github-token", "github-webhook-secret", "slack-webhook-url"), stored))
    try:
        getattr(found, call)()
    except PlatformError:
        assert VALUE not in traceback.format_exc()
    assert VALUE not in caplog.text
    assert bool(caplog.records) == (call == "slack_url" and isinstance(stored, str))


class TestSecretsManager:
    @pytest.fixture(autouse=True)
    def manager(self, monkeypatch):
        for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", "us-east-1")):
            monkeypatch.setenv(f"AWS_{name}", value)
        parameters.clear_caches()
        with mock_aws():
            yield boto3.client("secretsmanager")
        parameters.clear_caches()

    def test_a_secret_is_read_and_kept_for_a_while(self, manager):
        manager.create_secret(Name="github-token", SecretString='{"token": "old"}')
        assert read_secret("github-token") == '{"token": "old"}'
        manager.put_secret_value(SecretId="github-token", SecretString='{"token": "new"}')
        assert read_secret("github-token") == '{"token": "old"}'
        parameters.clear_caches()
        assert Secrets(SETTINGS, environ={}).github().auth.token == "new"

    def test_one_that_is_missing(self):
        with pytest.raises(PlatformError, match="secret github-token: cannot be read"):
            read_secret("github-token")


class TestEnvironment:
    """What `mlops up` and the functions read before they ask Secrets Manager."""

    def test_a_token_goes_before_an_app(self):
        app = {f"GITHUB_{name.upper()}": value for name, value in APP.items()}
        found = credentials_in({**app, "GITHUB_TOKEN": "mine"})
        assert found is not None
        assert isinstance(found.auth, Auth.Token)
        assert credentials_in(app).app is not None

    @pytest.mark.parametrize("missing", [f"GITHUB_{name.upper()}" for name in APP])
    def test_half_an_app_is_none(self, missing):
        app = {f"GITHUB_{name.upper()}": value for name, value in APP.items()}
        assert credentials_in({**app, missing: ""}) is None
        assert credentials_in({name: value for name, value in app.items() if name != missing}) is None

    def test_an_installation_that_is_no_number(self):
        app = {f"GITHUB_{name.upper()}": value for name, value in APP.items()}
        with pytest.raises(PlatformError, match="app_installation_id must be a whole number") as caught:
            credentials_in({**app, "GITHUB_APP_INSTALLATION_ID": VALUE})
        assert VALUE not in str(caught.value)


def test_what_was_read_is_hidden_in_the_log():
    values = {"token": "canary-token", "app_private_key": "canary-key", "secret": "canary-hook", "url": "canary-url"}
    found = secrets({"github-token": values, "github-webhook-secret": values, "slack-webhook-url": values})
    found.github(), found.webhook_secret(), found.slack_url()
    assert hidden(", ".join(values.values())) == ", ".join([HIDDEN] * 4)
