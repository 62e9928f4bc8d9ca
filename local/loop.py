"""`mlops run`: the bridge and a local GitHub for one process and chosen issues, driven by one worker."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from lambda_bridge import handler
from lambda_bridge.runs import Run
from lambda_bridge.tasks import abandon
from local.bridge import LOG_FILE, Bridge, deliver
from local.deliveries import Deliveries
from local.engine import EngineOptions
from local.environment import history_branch, webhook_secret
from local.events import Listener
from local.github import LocalGitHub, Server
from local.hub import local_hub, repository_of
from local.worker import Worker
from local.workspace import Workspace

if TYPE_CHECKING:
    from github.Repository import Repository

T = TypeVar("T")


class Loop:
    """Nothing goes on before `go_on`, and nothing after `close`. Parameters as those of `Bridge`."""

    def __init__(
        self,
        workspace: Workspace,
        listener: Listener | None,
        code_version: str,
        options: EngineOptions | None = None,
    ) -> None:
        handler.log_to(workspace.logs / LOG_FILE)
        self._issues: set[int] = set()
        self._worker = Worker(self._run_due, self._seconds_until_due)
        branch, secret, folder = history_branch(), webhook_secret(), workspace.root / "github"
        self.github = LocalGitHub(workspace.store, folder, secret)
        self.github.on_change(self._worker.wake)
        self._deliveries = Deliveries(self.github, lambda delivery: deliver(delivery.headers, delivery.body))
        self._server = Server.start(self.github)
        hub = local_hub(self.github, self._server.url, folder, branch)
        self.bridge = Bridge(workspace, hub, secret, code_version, self._worker.wake, listener, options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends running steps; what is under way goes on with the next process."""
        self._worker.close()
        self.bridge.close()
        self._server.close()

    def go_on(self, issue: int) -> None:
        """Works for an issue from now on; what a kill interrupted goes on, and a lost event is made up for."""
        self._issues.add(issue)
        run = self.bridge.ports.runs.get(issue)
        if run is not None:
            self.bridge.resume(run)
        self._worker.start()

    def wait(self, until: Callable[[], T | None]) -> T:
        """Waits until `until` answers something; it is asked again whenever anything happened."""
        return self._worker.wait(until)

    def abandon(self, run: Run, why: str) -> None:
        """Ends the wait for the operator."""
        abandon(self.bridge.ports, run, why)

    def repository_of(self, user: str) -> Repository:
        """The local repository as one of its users sees it."""
        return repository_of(self.github, self._server.url, user)

    def _run_due(self) -> bool:
        return self._deliveries.run_due() or self.bridge.run_due(self._is_ours)

    def _is_ours(self, execution: str) -> bool:
        return any(execution.startswith(f"issue-{issue}-run-") for issue in self._issues)

    def _seconds_until_due(self) -> float | None:
        seconds = [self._deliveries.seconds_until_due(), self.bridge.seconds_until_due(self._is_ours)]
        return min((value for value in seconds if value is not None), default=None)
