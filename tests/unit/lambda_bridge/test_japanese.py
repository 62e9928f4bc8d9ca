"""The bot in Japanese: every text of a run, without an English sentence left."""

from __future__ import annotations

import re

import pytest

from lambda_bridge import answers
from lambda_bridge.events import CommentEvent
from lambda_bridge.ports import StartLimits, Version
from lambda_bridge.review import go_on
from lambda_bridge.runs import Attempt
from lambda_bridge.webhook import handle
from pipelines.language import speaking

FOREIGN = re.compile(r"```.*?```|`[^`]*`|<[^>]*>|https?://\S+|\(<[^)]*\)", re.DOTALL)
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")


def leftover(text):
    return ENGLISH.findall(FOREIGN.sub(" ", text))


@pytest.fixture(autouse=True)
def japanese():
    with speaking("ja"):
        yield


@pytest.mark.parametrize(
    "text",
    [
        *(answers.help_text, answers.refused, answers.edited, answers.still_ending, answers.edit_ignored),
        *(answers.not_waiting, answers.already_accepted, answers.changes_nothing, answers.ended),
        *(answers.being_cancelled, answers.nothing_runs, lambda: answers.postponed(StartLimits())),
        lambda: answers.did_you_mean("/statu", "/status"),
    ],
)
def test_answers(text):
    assert leftover(text()) == []
    assert re.search("[ぁ-ん]", text())


def test_decisions_and_what_is_kept(world):
    arn = "arn:aws:sagemaker:eu-west-1:1:model-package/g/"
    world.run(state="ended", status="registered", attempts=(Attempt(number=1, model_package_arn=f"{arn}2"),))
    world.registry.listed = [Version(2, f"{arn}2", "PendingManualApproval"), Version(1, f"{arn}1", "Approved")]
    handle(world.ports, CommentEvent(7, 100, "owner", "/approve", "d", "2026-01-02T00:00:00Z"))
    go_on(world.ports, 7)
    text = world.issues.written["answer-100"]
    assert "### バージョン2を承認しました ✅" in text
    assert leftover(text) == []
    assert "バージョン2を承認しました" in world.notices.told[0].subject
    assert world.registry.told[0][2].startswith("approved by owner on issue 7")
    ((_, message),) = world.history.commits
    assert message.startswith("Issue 7: Approved version 2 of supervised-random-forest-iris")
