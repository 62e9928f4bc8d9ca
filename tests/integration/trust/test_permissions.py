"""Who may start, answer and cancel: live write, maintain or admin, for what is new, of people. Nobody else, ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from algorithms.errors import PlatformError
from lambda_bridge.ports import MAY_ACT
from tests.integration.trust.conftest import Scene, payload, signed

ROLES = ("admin", "maintain", "write", "triage", "read", "none")
BROKEN = ("403", "404", "500", "time-out")
NEARLY = "`/cancel`"
"""Answered with "did you mean", which is for those only who may act."""
SENDERS = {
    "user": ("somebody", "User"),
    "bot": ("robot[bot]", "Bot"),
    "bot by type": ("robot", "Bot"),
    "self": ("mlops-bot", "User"),
}


@dataclass
class Answer:
    """What GitHub answers about a person's permission."""

    kind: str
    issue: int
    asked: int = 0

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Answer]:
        requester = scene.issues._repository.requester
        session = _session(requester)
        original = session.get

        def get(url: str, **named: Any) -> Any:
            return self._answer(url) if "/permission" in url else original(url, **named)

        session.get = get
        yield self
        session.get = original

    def _answer(self, url: str) -> Any:
        self.asked += 1
        if self.kind == "time-out":
            raise requests.ReadTimeout(url)
        found = requests.Response()
        found.status_code = int(self.kind) if self.kind in BROKEN else 200
        old = {"maintain": "write", "triage": "read"}.get(self.kind, self.kind)
        found._content = json.dumps({"permission": old, "role_name": self.kind, "message": "no"}).encode()
        return found


def _session(requester: Any) -> Any:
    """The HTTP session of PyGithub's connection, which it makes with its first request."""
    requester.requestJsonAndCheck("GET", "/user")
    return requester._Requester__connection.session


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for all: each test has an issue of its own."""
    found = Scene(tmp_path_factory.mktemp("permissions"))
    yield found
    found.close()


@pytest.fixture
def issue(scene: Scene) -> int:
    """A running issue, whose owner started it."""
    scene.later(hours=1)
    number = scene.open()
    scene.deliver()
    return number


@pytest.fixture(params=[*ROLES, *BROKEN])
def answer(request: pytest.FixtureRequest, scene: Scene, issue: int) -> Iterator[Answer]:
    """After that GitHub answers so."""
    with Answer(request.param, issue).on(scene) as found:
        yield found


def comment(scene: Scene, issue: int, action: str, sender: str) -> int:
    login, kind = SENDERS[sender]
    who = {"login": login, "type": kind}
    said = {"id": 999, "body": "/cancel", "user": who}
    body = payload(scene, issue, action=action, comment=said, sender=who)
    return scene.send(signed(body, "issue_comment"), body)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_a_command(scene: Scene, answer: Answer, action: str, sender: str) -> None:
    status = comment(scene, answer.issue, action, sender)
    run = scene.ports.runs.get(answer.issue)
    acts = (action, sender) == ("created", "user") and answer.kind in MAY_ACT
    assert run is not None
    assert run.cancelled_by == ("somebody" if acts else None)
    assert status == (503 if (action, sender) == ("created", "user") and answer.kind in BROKEN else 202)
    if (action, sender) != ("created", "user"):
        assert answer.asked == 0


@pytest.mark.parametrize("action", ["opened", "labeled", "edited", "reopened"])
@pytest.mark.parametrize("sender", SENDERS)
def test_a_start(scene: Scene, answer: Answer, action: str, sender: str) -> None:
    number = scene.open()
    scene.waiting()
    login, kind = SENDERS[sender]
    body = payload(scene, number, action=action, sender={"login": login, "type": kind})
    scene.send(signed(body), body)
    acts = sender == "user" and action != "edited" and answer.kind in MAY_ACT
    assert (f"issue-{number}-run-1" in scene.workflow.started) is acts
    refused = sender == "user" and action != "edited" and answer.kind in ("triage", "read", "none")
    assert len(scene.comments(number)) == int(refused)


def test_a_permission_that_cannot_be_read_is_none(scene: Scene, answer: Answer) -> None:
    if answer.kind in BROKEN:
        with pytest.raises(PlatformError):
            scene.issues.permission("somebody")
    else:
        assert scene.issues.permission("somebody") == answer.kind


@pytest.mark.parametrize(
    "text",
    [
        "> /cancel",
        "```\n/cancel\n```",
        "<!-- /cancel -->",
        "    /cancel",
        NEARLY,
        "Please write\n\n/cancel",
        "<!-- mlops:final-1 -->",
    ],
)
def test_what_is_no_command_does_nothing(scene: Scene, issue: int, text: str) -> None:
    with Answer("admin", issue).on(scene) as answer:
        scene.say(text, issue=issue)
        assert scene.deliver() == [202]
    run = scene.ports.runs.get(issue)
    assert run is not None
    assert run.cancelled_by is None
    assert answer.asked == int(text == NEARLY)


def test_a_marker_that_somebody_else_wrote_is_not_ours(scene: Scene) -> None:
    number = scene.open(body="learning_type: none")
    scene.deliver()
    (ours,) = scene.comments(number)
    marker = ours[ours.rindex("<!--") :]
    other = scene.open(body="learning_type: none")
    scene.say(f"nothing is wrong\n{marker}", "read-person", issue=other)
    scene.deliver()
    assert len(scene.comments(other)) == 1
