"""What the bridge needs from the world, as Protocols. Adapters: `github` (PyGithub), `aws` (boto3), `local`.

An adapter raises PlatformError for capacity, throttling, the network and refused calls; `ConflictError` is the one
other expected error. Everything that writes may be called again after a crash and then has one effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from algorithms.errors import PlatformError
from lambda_bridge.runs import Approval, Run
from pipelines.cost import Costs
from pipelines.definitions import PipelineKey

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]
MAY_ACT = ("admin", "maintain", "write")
"""Permissions that start, answer and cancel."""

StateLabel = Literal["mlops:running", "mlops:waiting", "mlops:registered", "mlops:failed"]
TRAIN_LABEL = "mlops:train"


class TooLargeError(PlatformError):
    """An object has more bytes than may be read."""


class RateLimitError(PlatformError):
    """GitHub takes no more requests for now. `seconds`: how long to wait, as its answer says."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class ConflictError(Exception):
    """Somebody else wrote the record first. Read it again and decide anew."""


@dataclass(frozen=True)
class IssueView:
    """An issue, read live."""

    number: int
    title: str
    body: str
    author: str
    labels: tuple[str, ...]
    open: bool
    url: str
    """For people."""
    updated: str = ""
    """When anything of it changed last, comments and labels included, as GitHub writes it."""


@dataclass(frozen=True)
class CommentView:
    """A comment on an issue, read live."""

    id: int
    author: str
    bot: bool
    """Whether a bot wrote it, the bridge's own account included."""
    body: str
    edited: bool
    marker: str | None = None
    """Of one that the bridge's own account wrote under a marker; what others wrote has none."""
    created: str = field(default="", compare=False)
    """When, as GitHub writes it."""


@dataclass(frozen=True)
class StartEvent:
    """The newest `labeled` (with mlops:train) or `reopened` event of an issue's timeline."""

    id: int
    actor: str
    at: str = field(default="", compare=False)
    """When, as GitHub writes it."""


@dataclass(frozen=True)
class Commit:
    """Where files were committed."""

    sha: str
    branch: str
    protected: bool
    """The default branch refused the commit, so it stands on `branch`."""


class Issues(Protocol):
    """The repository's issues."""

    def me(self) -> str:
        """Login of the bridge's own account."""

    def permission(self, user: str) -> Permission:
        """The live permission of a user. Raises PlatformError whenever it cannot be read."""

    def read(self, issue: int) -> IssueView:
        """The issue as it is now."""

    def newest_start(self, issue: int) -> StartEvent | None:
        """The newest event that can start a run; None where the issue was never labelled."""

    def labelled(self, since: datetime) -> Sequence[IssueView]:
        """The issues with the label mlops:train, open or closed, that changed since that day; the newest change first.

        Asked conditionally: as long as nothing changed, it costs nothing of GitHub's rate limit.
        """

    def comments(self, issue: int) -> Sequence[CommentView]:
        """All comments of an issue, oldest first."""

    def write(self, issue: int, marker: str, text: str, known: int | None = None) -> int:
        """Makes `text` the bridge's own comment with that marker: created once, edited where it differs.

        Of several with the marker, which two writers made at once, the oldest stays.

        The marker stands in an HTML comment that the adapter adds; only a comment of the bridge's own account counts.
        `known` is the comment's id where the caller remembers it. Returns the comment's id.
        """

    def react(self, issue: int, comment: int) -> None:
        """Acknowledges a comment with eyes. Twice is once."""

    def set_label(self, issue: int, label: StateLabel) -> None:
        """Makes `label` the only one of the four state labels; other labels stay."""


class History(Protocol):
    """The repository's files under training_history/."""

    def commit(self, files: Mapping[str, bytes], message: str) -> Commit:
        """One commit with these files on top of the branch as it is. Where the branch holds them already, that is it.

        Goes to MLOPS_HISTORY_BRANCH where it is set, else to the default branch, else, where that is protected, to
        `mlops-history`.
        """

    def url(self, commit: Commit, path: str) -> str:
        """Where a person sees the file or folder; for a PNG an address that a comment can show."""


class Runs(Protocol):
    """The run records."""

    def get(self, issue: int) -> Run | None:
        """The record of an issue, strongly consistent."""

    def save(self, run: Run) -> Run:
        """Stores `run` if the stored version is still `run.version`. Returns it with its new version.

        Raises ConflictError.
        """

    def in_group(self, group: str, limit: int = 20) -> Sequence[Run]:
        """Records whose request belongs to a model package group, newest first; may lag behind."""

    def unfinished(self) -> Sequence[Run]:
        """Records that are `running` or `waiting`; may lag behind."""

    def count_running(self) -> int:
        """How many records are `running`; may lag behind."""


@dataclass(frozen=True)
class Start:
    """A run that was started."""

    person: str
    moment: datetime


HOUR = timedelta(hours=1)
"""What the limits of starts are about."""


class Ledger(Protocol):
    """What is remembered for a while only: deliveries that were handled, and starts."""

    def handled(self, delivery: str) -> bool:
        """Whether a delivery is remembered."""

    def remember(self, delivery: str) -> None:
        """Remembers a delivery for KEPT_DAYS; again is no harm."""

    def starts(self, since: datetime) -> Sequence[Start]:
        """The starts of the repository since a moment, oldest first; may lag behind. An hour is kept at least."""

    def add_start(self, key: str, person: str, moment: datetime) -> None:
        """Remembers a start, known by its key; again is no harm."""


KEPT_DAYS = 30
"""How long a delivery is remembered: GitHub offers to send one again for 3 days."""


@dataclass(frozen=True)
class StartLimits:
    """How many runs may start within an hour."""

    person: int = 120
    repository: int = 240

    def are_reached(self, starts: Sequence[Start], person: str) -> bool:
        """Whether one more start by that person is too much. `starts`: those of the last hour."""
        mine = sum(start.person.lower() == person.lower() for start in starts)
        return mine >= self.person or len(starts) >= self.repository


@dataclass(frozen=True)
class Patience:
    """How long the operator has, from the moment when the run asks; at most 30 days."""

    reminder: timedelta = timedelta(days=2)
    end: timedelta = timedelta(days=7)


class Workflow(Protocol):
    """The state machine."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Starts an execution. One of that name that exists, running or ended, is left alone."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Completes a waiting task. False: nothing waits for that token any more."""

    def fail(self, token: str, error: str, cause: str) -> bool:
        """Fails a waiting task. False: nothing waits for that token any more."""

    def state(self, name: str) -> Literal["running", "ended", "missing"]:
        """What became of an execution."""


@dataclass(frozen=True)
class Execution:
    """A pipeline execution."""

    arn: str
    run_id: str
    """Its display name."""
    status: str
    """Executing, Stopping, Stopped, Failed or Succeeded."""
    started: datetime
    changed: datetime
    queued: int | None = None
    """Its place in the queue while all workers are busy, from 1 on; None: it has its turn, or there is no queue."""

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.status in ("Stopped", "Failed", "Succeeded")


class Pipelines(Protocol):
    """SageMaker Pipelines."""

    def start(self, pipeline: PipelineKey, run_id: str, parameters: Mapping[str, Any]) -> str:
        """Starts a pipeline, once per run id. Returns the execution's ARN."""

    def find(self, pipeline: PipelineKey, run_id: str) -> str | None:
        """ARN of the execution that was started for a run id, if its answer was lost; among the newest 100."""

    def stop(self, arn: str) -> None:
        """Asks an execution to stop. One that has ended is left alone."""

    def describe(self, arn: str) -> Execution:
        """The state of an execution."""

    def steps(self, arn: str) -> Sequence[Mapping[str, Any]]:
        """ListPipelineExecutionSteps, all pages, oldest first."""

    def trials(self, tuning_job: str) -> Sequence[Mapping[str, Any]]:
        """ListTrainingJobsForHyperParameterTuningJob, all pages, oldest first. `tuning_job` is its ARN."""

    def running(self) -> Sequence[Execution]:
        """Executions that are Executing, of all pipelines of the bridge; among the newest 100 of each."""


@dataclass(frozen=True)
class Package:
    """A version in the model registry, and where its model.tar.gz lies."""

    arn: str
    model_data: str


@dataclass(frozen=True)
class Version:
    """A version of a model package group, and whether it is approved."""

    number: int
    arn: str
    approval: Approval


class Registry(Protocol):
    """The model registry."""

    def ensure_group(self, group: str) -> None:
        """Makes the model package group where it is missing."""

    def approved(self, group: str) -> Package | None:
        """The latest approved version; None where there is none, or no such group."""

    def versions(self, group: str) -> Sequence[Version]:
        """Every version of a group, newest first; none where there is no such group."""

    def package(self, arn: str) -> Package | None:
        """A version that is there; None: its model lies elsewhere."""

    def set_approval(self, arn: str, approval: Approval, description: str) -> None:
        """Approves or rejects a version; `description` says who did, where and why, on one line."""


@dataclass(frozen=True)
class StoredObject:
    """An object below a prefix: its key relative to the prefix, size in bytes, ETag without quotes."""

    name: str
    size: int
    etag: str


class Artifacts(Protocol):
    """The bucket."""

    def list(self, prefix: str) -> Sequence[StoredObject]:
        """The objects below `prefix` (which ends in a slash), sorted by name."""

    def read(self, key: str, limit: int) -> bytes | None:
        """An object; None where there is none. Raises TooLargeError where it has more than `limit` bytes."""

    def folders(self, prefix: str) -> Sequence[str]:
        """Names one level below a prefix, sorted; at most 1,000."""


@dataclass(frozen=True)
class Notice:
    """What people are told off the issue."""

    subject: str
    text: str
    url: str


class Notices(Protocol):
    """Slack and e-mail."""

    def tell(self, notice: Notice) -> None:
        """Tells it on every channel that is set up. A channel that fails is logged and raises nothing."""


HandOver = Callable[[int], None]
"""Has the task function go on with the decision on an issue (`lambda_bridge.review`): soon, and not in this call."""


@dataclass(frozen=True)
class Ports:
    """Everything that the bridge uses."""

    issues: Issues
    history: History
    runs: Runs
    workflow: Workflow
    pipelines: Pipelines
    registry: Registry
    artifacts: Artifacts
    notices: Notices
    ledger: Ledger
    hand_over: HandOver
    webhook_secret: Callable[[], str]
    """Read anew on each call, so that it can be rotated."""
    code_version: str
    """Of this program; stands in each history record."""
    log_address: Callable[[], str]
    """Where the log of the current call is found, for people."""
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    """Waits that many seconds."""
    limits: StartLimits = StartLimits()
    patience: Patience = Patience()
    costs: Costs = field(default_factory=Costs)
    edits_per_hour: int = 250
    """Of progress comments, over all runs: half of what GitHub takes of content an hour."""
