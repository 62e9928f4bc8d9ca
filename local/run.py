"""`mlops run`: one issue through the whole loop, in this process."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from algorithms.environments import require_extra
from algorithms.errors import MissingExtraError, PlatformError, Problem, RequestError
from lambda_bridge import comments
from lambda_bridge.datasets import dataset_digest
from lambda_bridge.issue_body import read_body
from local.artifacts import LocalArtifacts
from local.console import Screen, Silent, show
from local.datasets import ensure_dataset
from local.environment import SettingError, language
from local.issue_file import Issue, read_issue
from local.issue_runs import IssueRun, IssueRuns
from local.report import Report, attempt_of
from local.signals import signals_ignored, signals_interrupt, signals_wait
from local.store import StoreVersionError
from local.version import full_version
from local.workspace import Workspace, WorkspaceBusyError
from pipelines.language import choose

if TYPE_CHECKING:
    from lambda_bridge.runs import Run
    from local.engine import EngineOptions
    from local.loop import Loop
    from local.session import Session

LONGEST_REPLY = 65_536
"""Characters of a comment; GitHub takes no more."""


def run_issue(
    path: Path,
    data: Path | None,
    replies: Sequence[Path],
    workspace: Path,
    screen: Screen,
    options: EngineOptions | None = None,
) -> Report:
    """Runs the issue in a file. Whatever happens, the report says it; only a defect of ours raises."""
    report = Report()
    try:
        choose(language())
        issue, texts = read_issue(path), [_read_reply(reply) for reply in replies]
        request = read_body(issue.body)
        if request.learning_type == "reinforcement":
            require_extra()
        with signals_interrupt(), Workspace(workspace, "mlops run") as opened:
            digest = _dataset_digest(opened, request.dataset_id, data)
            _Run(opened, screen, report, options).go(path, issue, digest, texts)
    except ReplyError as error:
        report.status, report.problems = "invalid", error.problems
    except RequestError as error:
        report.status, report.problems = "invalid", error.problems
        text = comments.invalid(error.problems)
        report.comments.append(text)
        screen.comment(text)
    except (MissingExtraError, SettingError, StoreVersionError, WorkspaceBusyError) as error:
        report.status, report.problems = "failed", [Problem("", None, str(error))]
    except (ClientError, OSError, PlatformError, sqlite3.Error) as error:
        message = f"workspace {workspace}: cannot be used, got {error}. Mend that and run again, or give another one."
        report.status, report.problems = "failed", [Problem("workspace", str(workspace), message)]
    except KeyboardInterrupt:
        report.status = "cancelled"
    return report


class ReplyError(RequestError):
    """A reply file that is no comment; the issue itself may be right."""


def _read_reply(path: Path) -> str:
    """The text of a reply file. Raises ReplyError where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _bad_reply(path, f"cannot be read, got: {error.strerror}. Name a text file.") from error
    except UnicodeDecodeError as error:
        raise _bad_reply(path, "must be UTF-8 text, got other bytes. Name a text file.") from error
    if not text.strip() or len(text) > LONGEST_REPLY:
        what = f"must have 1 to {LONGEST_REPLY} characters, got {len(text)}. Write the comment into it."
        raise _bad_reply(path, what)
    return text


def _bad_reply(path: Path, what: str) -> ReplyError:
    return ReplyError.of("reply", str(path), f"reply {path}: {what}")


def _dataset_digest(workspace: Workspace, dataset_id: str | None, data: Path | None) -> str:
    if dataset_id is None:
        return ""
    ensure_dataset(workspace.objects, dataset_id, data)
    return dataset_digest(LocalArtifacts(workspace.objects), dataset_id)


class _Run:
    """One run of a file in an open workspace."""

    def __init__(self, workspace: Workspace, screen: Screen, report: Report, options: EngineOptions | None) -> None:
        self._workspace = workspace
        self._options = options
        self._screen = screen
        self._report = report
        self._files = IssueRuns(workspace.store)

    def go(self, path: Path, issue: Issue, digest: str, replies: Sequence[str]) -> None:
        """Runs the file as a new issue, or goes on with the unfinished run of the same file, content and data."""
        from local.loop import Loop
        from local.session import Session

        listener, version = partial(show, self._screen), full_version()
        with self._screen, Loop(self._workspace, listener, version, self._options) as loop:
            session = Session(loop, self._screen, replies)
            with signals_wait():
                run = self._taken_up(loop, str(path.resolve()), issue, digest)
                self._report.issue = session.open(issue, run.issue, self._files.knows)
                self._files.opened(run, self._report.issue)
            self._drive(loop, session, run)

    def _drive(self, loop: Loop, session: Session, run: IssueRun) -> None:
        loop.go_on(session.issue)
        try:
            ended, cancelled = session.drive(), False
        except KeyboardInterrupt:
            with signals_ignored():
                ended, cancelled = session.cancel(), True
        self._files.ended(run)
        _fill(self._report, loop, session, ended)
        if ended.status != "registered":
            self._screen.comment("To start again, run the command again.\n")
        if cancelled and ended.status != "registered":
            self._report.status = "cancelled"

    def _taken_up(self, loop: Loop, source: str, issue: Issue, digest: str) -> IssueRun:
        """The run that a kill interrupted, or a new one. One that was begun on other data is cancelled."""
        found = self._files.unfinished(source, issue.digest)
        if found is not None and found.dataset_digest == digest:
            return found
        if found is not None:
            self._cancel(loop, found)
        return self._files.begin(source, issue.digest, digest)

    def _cancel(self, loop: Loop, run: IssueRun) -> None:
        """Ends a run that cannot be gone on with, as its owner would."""
        from local.session import Session

        if run.issue is not None:
            loop.go_on(run.issue)
            Session(loop, Silent(), (), run.issue).cancel()
            self._screen.comment(f"Issue {run.issue} was cancelled: its data has changed since it began.\n")
        self._files.ended(run)


def _fill(report: Report, loop: Loop, session: Session, run: Run) -> None:
    """What the command answers, from the record of the run."""
    report.status = run.status or "failed"
    report.comments = session.comments()
    report.attempts = [attempt_of(attempt) for attempt in run.own_attempts if attempt.execution_arn is not None]
    report.history = [attempt.record_path for attempt in run.own_attempts if attempt.record_path is not None]
    report.problems = _problems(run)
    if run.status == "registered":
        report.model_package_arn = run.attempt.model_package_arn
        report.model_data = loop.bridge.model_data(str(run.attempt.model_package_arn))
    elif run.status == "below_threshold" and session.problems:
        report.status, report.problems = "invalid", session.problems


def _problems(run: Run) -> list[Problem]:
    if run.status not in ("failed", "invalid"):
        return []
    found: list[Any] = list(run.attempt.problems) if run.own_attempts else []
    problems = [Problem(item.key, item.value, item.message) for item in found]
    return problems if problems or run.reason is None else [Problem("", None, run.reason)]
