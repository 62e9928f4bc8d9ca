"""The webhook of the other GitHub: signed deliveries over HTTP, and what can become of them on their way."""

from __future__ import annotations

import hmac
import json
import random
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import requests

TIMEOUT_SECONDS = 10
"""GitHub's own ("Best practices for using webhooks")."""
LONGEST_DELAY_SECONDS = 0.2
Mode = Literal["sent", "lost", "mixed"]
"""`mixed`: each is sent twice, late, and those of one change in reverse order."""


@dataclass
class Delivery:
    """One delivery; `answers` has the status (0: none came) and the seconds of each time that it was sent."""

    guid: str
    event: str
    action: str
    body: bytes
    answers: list[tuple[int, float]] = field(default_factory=list)


class Hook:
    """Delivers to `url`, several at once, as GitHub does: in no particular order, and without trying again."""

    def __init__(self, secret: str, threads: int = 8) -> None:
        self.url: str | None = None
        self.mode: Mode = "sent"
        self.log: list[Delivery] = []
        self._secret = secret
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hook")
        self._random = random.Random(4)
        self._under_way = 0
        self._changed = threading.Condition()

    def deliver(self, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Sends what one call changed: names of events with their payloads."""
        made = [
            Delivery(str(uuid.uuid4()), event, str(payload["action"]), json.dumps(payload).encode())
            for event, payload in changes
        ]
        self.log.extend(made)
        if self.mode == "sent":
            for delivery in made:
                self.send(delivery)
        elif self.mode == "mixed":
            for delivery in [*reversed(made), *made]:
                self.send(delivery, LONGEST_DELAY_SECONDS * self._random.random())

    def send(self, delivery: Delivery, delay: float = 0.0) -> None:
        """Sends a delivery; again is what GitHub's button "Redeliver" does."""
        if self.url is None:
            return
        with self._changed:
            self._under_way += 1
        if delay == 0:
            self._pool.submit(self._post, delivery, self.url)
        else:
            threading.Timer(delay, self._pool.submit, (self._post, delivery, self.url)).start()

    def _post(self, delivery: Delivery, url: str) -> None:
        started = time.monotonic()
        try:
            status = requests.post(
                url, delivery.body, headers=self.headers(delivery), timeout=TIMEOUT_SECONDS
            ).status_code
        except requests.RequestException:
            status = 0
        with self._changed:
            delivery.answers.append((status, time.monotonic() - started))
            self._under_way -= 1
            self._changed.notify_all()

    def headers(self, delivery: Delivery) -> dict[str, str]:
        """See "Delivery headers" in "Webhook events and payloads"."""
        signature = hmac.new(self._secret.encode(), delivery.body, sha256).hexdigest()
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0123abc",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "292430182",
            "X-GitHub-Hook-Installation-Target-ID": "79929171",
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            "X-Hub-Signature-256": f"sha256={signature}",
        }

    def wait(self) -> None:
        """Until everything that was sent has its answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._under_way == 0, timeout=3 * TIMEOUT_SECONDS)

    def close(self) -> None:
        """Sends nothing more."""
        self.url = None
        self._pool.shutdown()
