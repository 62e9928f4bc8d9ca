"""Webhook deliveries on one machine: from where they wait to where they are received, oldest first."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from local.github import Delivery
from local.pauses import Pauses

LOG = logging.getLogger(__name__)


class Waiting(Protocol):
    """Deliveries that wait: the outbox of the local GitHub, or the inbox of the service."""

    def waiting(self) -> Sequence[int]:
        """Their numbers, oldest first."""

    def delivery(self, number: int) -> Delivery:
        """One of them."""

    def delivered(self, number: int) -> None:
        """It was received."""


class Deliveries:
    """Hands deliveries over. One that got a 5xx is sent again after a pause, in which the others go on.

    Parameters
    ----------
    send : answers the HTTP status
    most_tries : after so many it is given up, since the sweep finds what it told of; None: never
    """

    def __init__(
        self,
        source: Waiting,
        send: Callable[[Delivery], int],
        most_tries: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._send = send
        self._most_tries = most_tries
        self._pauses = Pauses(clock)

    def run_due(self) -> bool:
        """Sends the oldest delivery that is due. False: there is none."""
        number = next(filter(self._pauses.is_due, self._source.waiting()), None)
        if number is None:
            return False
        delivery = self._source.delivery(number)
        status = self._send(delivery)
        if status < 500 or self._is_given_up(delivery):
            self._source.delivered(number)
            self._pauses.forget(number)
        else:
            pause = self._pauses.failed(number)
            LOG.warning("delivery %s got %s, sent again in %.1f s", delivery.guid, status, pause)
        return True

    def seconds_until_due(self) -> float | None:
        """Until the next delivery may be sent; None: there is none."""
        return self._pauses.seconds_until_due(self._source.waiting())

    def _is_given_up(self, delivery: Delivery) -> bool:
        if self._most_tries is None or self._pauses.times(delivery.id) + 1 < self._most_tries:
            return False
        LOG.warning("delivery %s is given up after %s tries, the sweep looks after it", delivery.guid, self._most_tries)
        return True


def http_event(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event of API Gateway's HTTP API, payload format 2.0 (its developer guide, "Integration payload")."""
    lower = {name.lower(): value for name, value in headers.items()}
    text, encoded = _text(body)
    return {
        "version": "2.0",
        "routeKey": "POST /webhook",
        "rawPath": "/webhook",
        "rawQueryString": "",
        "headers": lower,
        "requestContext": {"http": {"method": "POST", "path": "/webhook"}, "requestId": lower.get("x-github-delivery")},
        "body": text,
        "isBase64Encoded": encoded,
    }


def _text(body: bytes) -> tuple[str, bool]:
    """The body as a text, and whether it is one in Base64."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
