"""Services with the local GitHub and with another one. Modules share them, since issues do not disturb each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.service.other_github import REPOSITORY, OtherGitHub
from tests.integration.service.other_shapes import Account
from tests.integration.service.process import Service, Switches
from tests.integration.service.world import PEOPLE, World

SECRET = "the webhook's secret"
MACHINE = Account("models-bot", "write", "token-of-the-machine")
"""The bridge's account on the other GitHub: a user like any other."""


@pytest.fixture(scope="module")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """`make_world("local" or "other", switches)`."""
    worlds: list[World] = []

    def make(kind: str, switches: Switches = Switches()) -> World:  # noqa: B008 (frozen)
        folder = tmp_path_factory.mktemp(kind)
        worlds.append(_local(folder, switches) if kind == "local" else _other(folder, switches))
        return worlds[-1]

    yield make
    for world in worlds:
        if world.other is not None:
            world.other.hook.close()
        world.service.stop()
        if world.other is not None:
            world.other.close()


def _local(folder, switches: Switches) -> World:
    users = [f"{account.login}:{account.role}:{account.token}" for account in PEOPLE]
    service = Service(folder, users, None, {}, switches)
    return World(service, f"{service.url}/api/v3", "local/models", "mlops-bot")


def _other(folder, switches: Switches) -> World:
    github = OtherGitHub([*PEOPLE, MACHINE], SECRET)
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": MACHINE.token, "GITHUB_WEBHOOK_SECRET": SECRET}
    service = Service(folder, [], REPOSITORY, environment, switches)
    github.hook.url = f"{service.url}/webhook"
    return World(service, github.url, REPOSITORY, MACHINE.login, github)


@pytest.fixture(scope="module", params=["local", "other"])
def world(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> World:
    return make_world(request.param)
