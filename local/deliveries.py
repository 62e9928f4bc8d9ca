"""Webhooks on one machine: what the local GitHub delivers, as the event that API Gateway makes of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.github import Delivery, LocalGitHub

LOG = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0

Webhook = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Deliveries:
    """Hands deliveries to the webhook's handler, in order. One that got a 5xx is sent again after a pause."""

    def __init__(self, github: LocalGitHub, webhook: Webhook, clock: Callable[[], float] = time.monotonic) -> None:
        self._github = github
        self._webhook = webhook
        self._clock = clock
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0

    def run_due(self) -> bool:
        """Sends the oldest delivery that is due. False: there is none."""
        delivery = next(iter(self._github.pending()), None)
        if delivery is None or self._clock() < self._not_before:
            return False
        answer = self._webhook(http_event(delivery.headers, delivery.body))
        if int(answer["statusCode"]) < 500:
            self._github.delivered(delivery.id)
            self._pause = FIRST_PAUSE_SECONDS
        else:
            self._postpone(delivery, answer)
        return True

    def seconds_until_due(self) -> float | None:
        """Until the next delivery may be sent; None: there is none."""
        return max(0.0, self._not_before - self._clock()) if self._github.pending() else None

    def _postpone(self, delivery: Delivery, answer: Mapping[str, Any]) -> None:
        LOG.warning("delivery %s got %s, sent again in %.1f s", delivery.guid, answer["statusCode"], self._pause)
        self._not_before = self._clock() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)


def http_event(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event of API Gateway's HTTP API, payload format 2.0 (its developer guide, "Integration payload")."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {
        "version": "2.0",
        "routeKey": "POST /webhook",
        "rawPath": "/webhook",
        "rawQueryString": "",
        "headers": lower,
        "requestContext": {"http": {"method": "POST", "path": "/webhook"}, "requestId": lower.get("x-github-delivery")},
        "body": body.decode(),
        "isBase64Encoded": False,
    }
