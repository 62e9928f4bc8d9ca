"""A notice on Slack, through an incoming webhook (Slack's "Sending messages using incoming webhooks")."""

from __future__ import annotations

import logging

from lambda_bridge.ports import Notice

LOG = logging.getLogger(__name__)
logging.getLogger("urllib3").setLevel(logging.INFO)  # below that it logs the path, which is the secret
TIMEOUT_SECONDS = 5
LONGEST_TEXT = 4_000
"""Characters ("Truncating content": longer messages are cut from 4,000 on)."""


def post(url: str, notice: Notice) -> None:
    """Posts a notice. What goes wrong is logged without the address, which is a secret, and raises nothing."""
    import requests

    try:
        answer = requests.post(url, json={"text": slack_text(notice)}, timeout=TIMEOUT_SECONDS)
        if answer.status_code >= 400:
            LOG.warning("Slack refused a notice with status %s", answer.status_code)
    except (requests.RequestException, ValueError) as error:
        LOG.warning("Slack could not be reached: %s", type(error).__name__)


def slack_text(notice: Notice) -> str:
    """The message. Slack's three control characters are escaped ("Formatting text for app surfaces")."""
    text = f"*{escaped(notice.subject)}*\n{escaped(notice.text)}"
    if notice.url and notice.url not in notice.text:
        text += f"\n{escaped(notice.url)}"
    return text[:LONGEST_TEXT]


def escaped(text: str) -> str:
    """Text in which nothing is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
