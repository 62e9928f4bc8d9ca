"""Notices on AWS: an SNS topic, which sends e-mail, and Slack."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambda_bridge.ports import Notice
from lambda_bridge.slack import post

LOG = logging.getLogger(__name__)
LONGEST_SUBJECT = 99
"""SNS Publish, `Subject`: "less than 100 characters", ASCII, no control characters."""


class SnsNotices:
    """Publishes to a topic. `slack` gives the address of an incoming webhook, or None."""

    def __init__(self, client: Any, topic_arn: str | None, slack: Callable[[], str | None]) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._slack = slack

    def tell(self, notice: Notice) -> None:
        """See `lambda_bridge.ports.Notices`."""
        if self._topic_arn:
            self._publish(notice)
        address = self._slack()
        if address:
            post(address, notice)

    def _publish(self, notice: Notice) -> None:
        text = notice.text if notice.url in notice.text else f"{notice.text}\n{notice.url}"
        try:
            self._client.publish(TopicArn=self._topic_arn, Subject=subject(notice.subject), Message=_utf8(text))
        except (ClientError, BotoCoreError) as error:
            LOG.warning("a notice could not be published: %s", error)


def _utf8(text: str) -> str:
    """Text without lone surrogates, which no request can carry (SNS Publish, `Message`: UTF-8)."""
    return text.encode(errors="replace").decode()


def subject(text: str) -> str:
    """A subject as SNS takes it."""
    plain = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return plain[:LONGEST_SUBJECT].strip() or "mlops"
