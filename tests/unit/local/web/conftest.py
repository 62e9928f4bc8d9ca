"""A service that was not started: what it takes in is stored, and nothing is done with it."""

from __future__ import annotations

import hmac
import json
import logging
from hashlib import sha256

import pytest
from starlette.testclient import TestClient

from lambda_bridge import handler
from local.github import LocalGitHub
from local.hub import Hub
from local.service import Service
from local.web.app import create_app
from local.workspace import Workspace

SECRET = "the webhook's secret"
LOGGERS = (handler.SERVICE, "lambda_bridge", "local")


@pytest.fixture
def own_log():
    """The service takes the log and the handlers' ports; what was there before comes back."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    ports = dict(handler._current)
    for logger in loggers:
        logger.handlers = []
    yield
    for logger, handlers, level, propagate in before:
        for own in logger.handlers:
            own.close()
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    handler._current.clear()
    handler._current.update(ports)


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, "test") as opened:
        yield opened


@pytest.fixture
def service(own_log, workspace):
    made = Service(workspace, Hub("local/models", None, lambda: "mlops-bot", None), SECRET, "1.2")
    yield made
    made.close()


@pytest.fixture
def github(workspace, tmp_path):
    found = LocalGitHub(workspace.store, tmp_path / "github", SECRET)
    yield found
    found.close()


@pytest.fixture
def client(service):
    return browse(service)


def browse(service, github=None, host="127.0.0.1", base_url="http://127.0.0.1:8080", peer="127.0.0.1"):
    """A client of the app. `peer` is the address that the requests come from."""
    app = create_app(service, github, host)
    return TestClient(app, base_url, raise_server_exceptions=False, client=(peer, 50000))


@pytest.fixture
def stored(workspace):
    """The bodies in the inbox, oldest first."""
    query = "SELECT body, handled FROM webhook_inbox ORDER BY id"
    return lambda: [(row["body"], row["handled"]) for row in workspace.store.rows(query)]


def payload(**changes):
    who = {"login": "owner", "type": "User"}
    issue = {"number": 7, "title": "Iris", "body": "ä", "user": who, "labels": []}
    found = {"action": "opened", "issue": issue, "repository": {"full_name": "local/models"}, "sender": who}
    return json.dumps(found | changes, ensure_ascii=False).encode()


def signed(body, secret=SECRET, **changes):
    """The headers of a delivery."""
    found = {
        "content-type": "application/json",
        "x-github-delivery": "guid",
        "x-github-event": "issues",
        "x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest(),
    }
    return found | {name.replace("_", "-"): value for name, value in changes.items()}
