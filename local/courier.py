"""Sends the local GitHub's webhooks over HTTP, as GitHub does."""

from __future__ import annotations

import logging

from local.github import Delivery

LOG = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
"""GitHub ends a connection after so long ("Best practices for using webhooks")."""
UNREACHABLE = 599
"""What a delivery that nobody answered counts as."""


class Courier:
    """Posts deliveries to one address. Calling it answers the HTTP status."""

    def __init__(self, url: str) -> None:
        import requests

        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business between us and ourselves

    def __call__(self, delivery: Delivery) -> int:
        """Sends one delivery. Never raises for what the network does."""
        import requests

        try:
            answer = self._session.post(
                self._url, data=delivery.body, headers=delivery.headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            LOG.warning("delivery %s: %s could not be reached: %s", delivery.guid, self._url, type(error).__name__)
            return UNREACHABLE
        return answer.status_code
