"""`mlops up`: everything that is under way in a workspace goes on, and what people do on GitHub is heard.

Four workers do what is due: one sends the local GitHub's webhooks, one handles what came in, one drives pipelines and
workflows, one sweeps. What they have not done is in the workspace.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

from lambda_bridge import handler
from lambda_bridge.events import Ignored, parse
from local.bridge import LOG_FILE, Bridge, deliver
from local.courier import Courier
from local.datasets import add_starters
from local.deliveries import Deliveries
from local.engine import EngineOptions
from local.github import Delivery, LocalGitHub
from local.github.users import OWNER
from local.hub import Hub
from local.inbox import Inbox
from local.steady import Steady
from local.sweeper import HINTED_SECONDS, OURS_SECONDS, POLLING_SECONDS, Sweeper
from local.tracking import Tracker, is_on
from local.web.board.files import Files
from local.web.board.live import Changes
from local.web.board.sessions import Sessions
from local.web.board.view import Board
from local.workspace import Workspace

LOG = logging.getLogger(__name__)
MOST_TRIES = 10
"""Of a delivery; that takes two minutes. Then the sweep finds what it told of."""
CLOSING_SECONDS = 10.0
"""For the pieces of work that are under way at the end. What takes longer is cut off as by a kill, and nothing is lost
by that."""


class Service:
    """Nothing goes on before `start`, and nothing after `close`.

    Parameters
    ----------
    hub : where the repository is
    secret : signs the webhooks; empty: none are taken
    github : the local GitHub, if that is the repository
    webhook : where its deliveries are sent to
    """

    def __init__(
        self,
        workspace: Workspace,
        hub: Hub,
        secret: str,
        version: str,
        github: LocalGitHub | None = None,
        webhook: str = "",
        engine: EngineOptions | None = None,
    ) -> None:
        handler.log_to(workspace.logs / LOG_FILE, sys.stderr)
        add_starters(workspace.objects)
        self.version, self.repository = version, hub.name
        self._secret = secret
        self._store = workspace.store
        self._workers: list[Steady] = []
        ours = secret or secrets.token_hex(32)  # what came in is signed anew, also where nobody else can sign
        self._workspace = workspace
        self.changes = Changes()
        told = lambda _: self.changes.tell()  # noqa: E731 (of an event only that there was one is told)
        self.bridge = Bridge(workspace, hub, ours, version, self._wake, listener=told, options=engine)
        self._inbox = Inbox(workspace.store, ours)
        self._sweeper = Sweeper(POLLING_SECONDS if github is None else OURS_SECONDS)
        received = Deliveries(self._inbox, _handled, MOST_TRIES)
        self._workers += [
            Steady("inbox", received.run_due, received.seconds_until_due),
            Steady("runs", self.bridge.run_due, self.bridge.seconds_until_due),
            Steady("sweep", self._look, self._sweeper.seconds_until_due),
        ]
        if github is not None:
            sent = Deliveries(github, Courier(webhook), MOST_TRIES)
            self._workers.append(Steady("courier", sent.run_due, sent.seconds_until_due))
            github.on_change(self._workers[-1].wake)
            github.on_change(self.changes.tell)
            if is_on():
                tracker = Tracker(workspace.root)
                self._workers.append(Steady("tracking", tracker.run_due, tracker.seconds_until_due))
                github.on_change(self._workers[-1].wake)

    @property
    def takes_webhooks(self) -> bool:
        """Whether deliveries can be signed."""
        return bool(self._secret)

    def start(self) -> None:
        """Goes on with all that an earlier process left."""
        self._resume()
        for run in self.bridge.ports.runs.unfinished():
            self.bridge.look_at(run)
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Ends what is done now, and running steps; all of it goes on with the next process."""
        self.changes.close()
        for worker in self._workers:
            worker.stop()
        until = time.monotonic() + CLOSING_SECONDS
        for worker in self._workers:
            if not worker.close(max(0.0, until - time.monotonic())):
                LOG.warning("%s: left in the middle of its work, which the next process does again", worker.name)
        self.bridge.close()

    def _look(self) -> bool:
        """Sweeps, if it is time."""
        if self._sweeper.seconds_until_due() > 0:
            return False
        self._resume()
        return self._sweeper.run_due()

    def _resume(self) -> None:
        """Goes on with pipelines that a kill, or a disk that was full, interrupted. In the order of their start."""
        try:
            self.bridge.sagemaker.resume()
        except Exception:
            LOG.exception("pipelines that were interrupted: some cannot go on")

    def receive(self, headers: Mapping[str, str], body: bytes) -> str:
        """Stores a webhook delivery, to be handled at once. Returns what became of it.

        Raises what `lambda_bridge.events.parse` raises, and nothing is stored then.
        """
        found = parse(headers, body, self._secret, self.repository, me="")
        if self._sweeper.seconds == POLLING_SECONDS:
            self._sweeper.seconds = HINTED_SECONDS
            LOG.info("a webhook reaches us: the repository is looked through every %s s from now on", HINTED_SECONDS)
        if isinstance(found, Ignored):
            return found.reason
        new = self._inbox.add({name.lower(): value for name, value in headers.items()}, body)
        self._wake()
        return "stored" if new else "ignored: this delivery was received"

    def board(self, github: LocalGitHub, automatic: bool) -> Board:
        """The issue board. `automatic` : everybody is the owner, and no token is asked for."""
        owner = github.users.named(OWNER) if automatic else None
        return Board(
            store=self._store,
            objects=self._workspace.objects,
            logs=self._workspace.logs,
            github=github,
            sagemaker=self.bridge.sagemaker,
            sessions=Sessions(github.users, owner),
            files=Files(self._workspace.root / "github"),
            changes=self.changes,
            version=self.version,
        )

    def health(self) -> dict[str, Any]:
        """What `/healthz` tells. `status` is `degraded` while some work fails."""
        failing = {worker.name: worker.failing for worker in self._workers}
        failing["executions"] = self.bridge.failing
        failing = {name: times for name, times in failing.items() if times}
        rows = self._store.rows("SELECT state, count(*) AS times FROM run_records GROUP BY state")
        return {
            "status": "degraded" if failing else "ok",
            "failing": failing,
            "version": self.version,
            "repository": self.repository,
            "runs": {row["state"]: row["times"] for row in rows},
            "queue": self.bridge.sagemaker.queue_length(),
            "inbox": len(self._inbox.waiting()),
            "swept": None if self._sweeper.last is None else self._sweeper.last.isoformat(timespec="seconds"),
        }

    def _wake(self) -> None:
        for worker in self._workers:
            worker.wake()


def _handled(delivery: Delivery) -> int:
    """The status with which the handler answers a delivery; 500 for a defect, which Lambda would answer so too."""
    try:
        return deliver(delivery.headers, delivery.body)
    except Exception:
        LOG.exception("delivery %s: a defect of ours", delivery.guid)
        return 500
