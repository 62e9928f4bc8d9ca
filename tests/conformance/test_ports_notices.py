"""Notices: SNS and the local log tell the same things, Slack hears both, and a channel that fails stops nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns import sns_backends

from lambda_bridge.aws_notices import SnsNotices
from lambda_bridge.ports import Notice, Notices
from local.notices import LocalNotices

NOTICE = Notice("Issue 7: iris waits", "accuracy 0.8 < 0.9 & <!channel>", "https://example.org/issues/7")
SECRET = "/services/T0/B0/XyZ"
MISSING_TOPIC = f"arn:aws:sns:us-east-1:{DEFAULT_ACCOUNT_ID}:missing"
Make = Callable[[str | None], Notices]


class Slack:
    """Takes what is posted on the loopback interface. `status` is its answer."""

    def __init__(self) -> None:
        self.status, self.texts, self.paths = 200, list[str](), list[str]()
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["content-length"])))
                slack.texts.append(content["text"])
                slack.paths.append(self.path)
                self.send_response(slack.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{SECRET}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    found = Slack()
    yield found
    found.close()


class Sns:
    """A topic, and what was published to it."""

    def __init__(self) -> None:
        self.client = boto3.client("sns")
        self.topic = self.client.create_topic(Name="notices")["TopicArn"]

    def __call__(self, slack: str | None) -> Notices:
        return SnsNotices(self.client, self.topic, lambda: slack)

    def told(self) -> list[tuple[str, str]]:
        topic = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[self.topic]
        return [(subject, text) for _, text, subject, _, _ in topic.sent_notifications]

    def break_it(self) -> None:
        self.client.delete_topic(TopicArn=self.topic)


class LocalLog:
    """A file of notices."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "logs/notices.jsonl"

    def __call__(self, slack: str | None) -> Notices:
        return LocalNotices(self.path, slack)

    def told(self) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [(line["subject"], f"{line['text']}\n{line['url']}") for line in lines]

    def break_it(self) -> None:
        self.path.mkdir(parents=True)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records reach `caplog` although the handler's set-up may have ended their way up."""
    for name in ("lambda_bridge", "local"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)


@pytest.fixture(params=["sns", "local"])
def channel(request: pytest.FixtureRequest, aws: None, tmp_path: Path) -> Sns | LocalLog:
    return Sns() if request.param == "sns" else LocalLog(tmp_path)


def test_a_notice_is_told_on_every_channel(channel: Sns | LocalLog, slack: Slack) -> None:
    channel(slack.url).tell(NOTICE)
    assert channel.told() == [(NOTICE.subject, f"{NOTICE.text}\n{NOTICE.url}")]
    assert slack.paths == [SECRET]
    assert slack.texts == [
        "*Issue 7: iris waits*\naccuracy 0.8 &lt; 0.9 &amp; &lt;!channel&gt;\nhttps://example.org/issues/7"
    ]


def test_without_slack(channel: Sns | LocalLog) -> None:
    channel(None).tell(NOTICE)
    channel(None).tell(Notice("other", "text", ""))
    assert [subject for subject, _ in channel.told()] == ["Issue 7: iris waits", "other"]


def test_a_text_from_anywhere(channel: Sns | LocalLog, slack: Slack) -> None:
    """A lone surrogate comes out of JSON from strangers; it must not stop a run."""
    channel(slack.url).tell(Notice("\ud800\n\x00" * 100, "\ud800 " + "x" * 10_000, "https://example.org"))
    assert len(channel.told()) == 1
    assert len(slack.texts[0]) == 4_000


def test_a_channel_that_fails_raises_nothing_and_the_others_hear_it(
    channel: Sns | LocalLog, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    notices = channel(slack.url)
    channel.break_it()
    notices.tell(NOTICE)
    assert len(slack.texts) == 1
    ours = [record.levelname for record in caplog.records if record.name.startswith(("lambda_bridge", "local"))]
    assert ours == ["WARNING"]


@pytest.mark.parametrize("how", ["refused", "closed", "no url", "no host", "bad host", "bad port", "not text"])
def test_slack_that_fails_raises_nothing_and_its_address_is_not_logged(
    channel: Sns | LocalLog, slack: Slack, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    addresses = {
        "closed": "http://127.0.0.1:1" + SECRET,
        "no url": SECRET,
        "no host": f"https://{SECRET}",
        "bad host": f"http://.{'a' * 70}.x{SECRET}",
        "bad port": f"http://a:b{SECRET}",
        "not text": f"http://\ud800{SECRET}",
    }
    slack.status = 404
    caplog.set_level(logging.DEBUG)
    channel(addresses.get(how, slack.url)).tell(NOTICE)
    assert len(channel.told()) == 1
    ours = [record for record in caplog.records if record.name == "lambda_bridge.slack"]
    assert [record.levelname for record in ours] == ["WARNING"]
    assert "XyZ" not in caplog.text


def test_a_subject_as_sns_takes_it(aws: None) -> None:
    """Publish: ASCII, no control characters, less than 100 characters, beginning with a letter, digit or mark."""
    sns = Sns()
    for subject in ("日本: iris\nBcc: x", "x" * 200, "", " \t"):
        sns(None).tell(Notice(subject, "text", ""))
    subjects = [subject for subject, _ in sns.told()]
    assert subjects == ["??: iris?Bcc: x", "x" * 99, "mlops", "?"]


def test_the_address_is_told_once(aws: None, slack: Slack) -> None:
    sns = Sns()
    sns(slack.url).tell(Notice("s", f"see {NOTICE.url}", NOTICE.url))
    assert sns.told() == [("s", f"see {NOTICE.url}")]
    assert slack.texts == [f"*s*\nsee {NOTICE.url}"]


def test_without_a_topic_slack_alone_hears_it(slack: Slack) -> None:
    SnsNotices(None, None, lambda: slack.url).tell(NOTICE)
    assert len(slack.texts) == 1
