"""Boards of services with quick steps: one that asks for no token, and one with people."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from tests.integration.service.process import Service, Switches
from tests.integration.service.world import PEOPLE

TITLE = "The board"
GOOD = {
    "title": TITLE,
    "learning_type": "supervised",
    "algorithm": "random_forest",
    "dataset_id": "iris",
    "hyperparameters": "n_estimators: 95",
    "evaluation_threshold": "0.9",
}


class Visitor:
    """A browser without a screen: cookies, and the secret of the last form."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, **more) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=20, **more)

    def post(self, path: str, given: dict, start: str = "/sign-in", **more) -> requests.Response:
        secret = re.search(r'name="form_secret" value="(\w+)"', self.get(start).text)
        assert secret, start
        fields = {"form_secret": secret[1], **given}
        return self.session.post(f"{self.url}{path}", fields, timeout=60, allow_redirects=False, **more)

    def sign_in(self, person: str) -> Visitor:
        token = next(each.token for each in PEOPLE if each.login == person)
        answer = self.post("/sign-in", {"token": token})
        assert answer.status_code == 303, answer.text
        return self

    def open(self, **given) -> int:
        answer = self.post("/new", {**GOOD, **given}, "/new")
        assert answer.status_code == 303, answer.text
        return int(answer.headers["location"].rpartition("/")[2])


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Iterator[Service]:
    """Whoever reaches it is the owner."""
    service = Service(tmp_path_factory.mktemp("mine"), [], None, {}, Switches())
    yield service
    service.stop()


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Iterator[Service]:
    """People sign in with their tokens."""
    users = [f"{account.login}:{account.role}:{account.token}" for account in PEOPLE if not account.bot]
    service = Service(tmp_path_factory.mktemp("ours"), users, None, {}, Switches())
    yield service
    service.stop()


@pytest.fixture
def owner(mine) -> Visitor:
    return Visitor(mine.url)


@pytest.fixture
def stranger(ours) -> Visitor:
    return Visitor(ours.url)
