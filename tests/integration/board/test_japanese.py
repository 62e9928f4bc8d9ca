"""The board in Japanese: every page, without an English sentence of ours."""

from __future__ import annotations

import re

import pytest

from tests.integration.board.conftest import Visitor
from tests.integration.service.process import Service, Switches
from tests.integration.service.world import until

TEXT = re.compile(r">([^<>]+)<")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")


@pytest.fixture(scope="module")
def visitor(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("japanese"), [], None, {"MLOPS_LANGUAGE": "ja"}, Switches())
    yield Visitor(service.url)
    service.stop()


@pytest.mark.parametrize("path", ["/", "/models", "/runs", "/data", "/sign-in", "/issues/9", "/?state=waiting"])
def test_pages(visitor, path):
    page = visitor.get(path).text
    assert '<html lang="ja">' in page
    assert [text for text in TEXT.findall(page) if ENGLISH.search(text)] == []


def test_an_issue_until_its_model_is_approved(visitor):
    number = visitor.open()
    until(lambda: "登録しました" in visitor.get(f"/issues/{number}").text, "a registered model")
    visitor.post(f"/issues/{number}", {"body": "/approve\n\nよさそうです。"}, f"/issues/{number}")
    page = until(lambda: "を承認しました" in (text := visitor.get(f"/issues/{number}").text) and text, "the answer")
    for text in ("試行1", "最大4", "データの準備", "モデルの学習", "完了", "返信", "理由: よさそうです。"):
        assert text in page
    group = visitor.get("/models").text.partition('href="/models/')[2].partition('"')[0]
    assert "いつ何が現行だったか" in visitor.get(f"/models/{group}").text
