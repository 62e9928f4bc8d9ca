"""The run record: what the bridge knows about one issue. Pure.

There is one record per issue. It is written conditionally on its version, so that of two writers one wins and the
other reads again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pipelines.parameters import Parameters, model_package_group_name, run_id
from pipelines.request import ResolvedRequest, TrainingRequest

State = Literal["refused", "running", "waiting", "ended"]
"""`refused`: the body was invalid, or the person may not start; an edit or the label applied again starts a run."""

Status = Literal["registered", "below_threshold", "failed", "invalid", "cancelled"]
"""What became of an attempt, and of a run."""

Approval = Literal["PendingManualApproval", "Approved", "Rejected"]
"""`ModelApprovalStatus` of a model package."""

ReviewKind = Literal["approve", "reject", "rollback"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProblemRecord(_Record):
    """One thing that is wrong, as in `algorithms.errors.Problem`."""

    key: str
    value: Any = None
    message: str


class Trial(_Record):
    """One set of the hyperparameters that are searched, and its cross-validated score, greater is better."""

    hyperparameters: dict[str, Any]
    score: float | None


class Attempt(_Record):
    """One training of a run; attempts of an issue count on over its runs."""

    number: int
    hyperparameters: dict[str, Any] = {}
    chosen: dict[str, Any] | None = None
    """Of these the values that the model was trained with, where some were searched."""
    trials: tuple[Trial, ...] = ()
    """What the search tried, in that order."""
    reply_author: str | None = None
    """Whose reply it was made of; None: of the issue's body."""
    reply_comment: int | None = None
    parameters: Parameters = {}
    """Of the pipeline execution; settled and stored before it is started, so that a retry starts the very same."""
    execution_arn: str | None = None
    status: Status | None = None
    """None: not judged yet."""
    metrics: dict[str, Any] = {}
    """`metrics` of evaluation.json."""
    train_score: float | None = None
    """The primary metric's score on the training rows; greater is better."""
    model_package_arn: str | None = None
    problems: tuple[ProblemRecord, ...] = ()
    """Of an invalid request or dataset; of a failure the step (key) and its reason (message)."""
    seconds: float = 0.0
    """How long the pipeline execution took."""
    record_path: str | None = None
    """Path of the attempt's record.json in the repository, once it is committed."""
    record_digest: str | None = None
    """Hex SHA-256 of that file."""
    record_url: str | None = None
    """Where a person reads the attempt's folder."""

    @property
    def values(self) -> dict[str, Any]:
        """The hyperparameters that the model was trained with, as far as it is known."""
        return self.hyperparameters if self.chosen is None else self.chosen

    @property
    def score(self) -> float | None:
        """The primary score, greater is better; None where Evaluate wrote none."""
        primary = self.metrics.get("primary")
        return None if primary is None else float(primary["score"])


class Reply(_Record):
    """An operator's answer that was accepted: the comment and the hyperparameters of the next attempt."""

    comment: int
    author: str
    hyperparameters: dict[str, Any]


class Change(_Record):
    """What a review makes of one version."""

    version: int
    arn: str
    before: Approval
    after: Approval


class Review(_Record):
    """A decision about a version of a model package group that was accepted and is not done yet."""

    kind: ReviewKind
    version: int | None
    """None: the one that it is about follows from the issue, or from what is approved."""
    why: str
    group: str
    comment: int
    author: str
    at: datetime
    target: str | None = None
    """ARN of the version to roll back to, from the moment on when it is checked."""
    live: str | None = None
    """ARN of the version that was approved last, when this was planned."""
    model_data: str | None = None
    """Of the target."""
    execution_arn: str | None = None
    """Of the pipeline that checks the target."""
    changes: tuple[Change, ...] = ()
    """What is to be done, in that order; settled and stored before it is, so that a retry does the very same."""


class Run(_Record):
    """The newest run of an issue, with the attempts of all its runs."""

    issue: int
    version: int = 0
    """Of the stored record; 0: not stored yet."""
    number: int = 1
    """Counts the runs of the issue: `r` in the execution name `issue-<n>-run-<r>`."""
    state: State
    title: str
    slug: str
    """Of the history folder; settled once per issue, since titles change."""
    author: str
    """Who caused the start."""
    start_key: str
    """How the start is known: the newest `labeled` or `reopened` event and the hash of the body."""
    started: datetime
    start_at: str = ""
    """When the label was applied or the issue opened again, as GitHub writes it; what was said before is no command."""
    request: TrainingRequest | None = None
    """As it was written; while `refused`, that of the run before, or None."""
    settled: ResolvedRequest | None = None
    """The request of the current attempt with nothing left open; None until the first attempt is planned, which reads
    the dataset's metadata.json."""
    first_attempt: int = 1
    """Number of this run's first attempt."""
    attempts: tuple[Attempt, ...] = ()
    """Oldest first, over all runs of the issue; the last one is the current one."""
    token: str | None = None
    """The workflow's task token that waits for the pipeline or for the operator."""
    reply: Reply | None = None
    """Accepted and not yet applied."""
    handled_comment: int = 0
    """The newest comment that changed this run; a late delivery of it or of an older one changes nothing."""
    cancelled_by: str | None = None
    """Who cancelled; the flag that every state checks."""
    progress_comment: int | None = None
    asked: datetime | None = None
    """When the operator was asked."""
    told: int | None = None
    """Number of the attempt that the operator was told of on Slack and by e-mail."""
    handled_before: int = 0
    """The newest comment that an earlier run had dealt with."""
    status: Status | None = None
    """How the run ended."""
    reason: str | None = None
    """Why it ended so, where its last attempt does not say."""
    edit_answered: str | None = None
    """Hash of the body whose edit was answered as ignored, so that it is answered once."""
    postponed: bool = False
    """Refused for now, since too many runs were started within the hour; the sweep starts it."""
    progress_edited: datetime | None = None
    """When the progress comment was written last."""
    reminded: bool = False
    """Whether the operator was reminded of this wait."""
    untold: bool = False
    """The end could not be told on the issue; the sweep tells it."""
    swept: str = ""
    """`updated` of the issue that the sweep has dealt with: as long as it stays, nobody wrote anything."""
    swept_comment: int = 0
    """The newest comment that the sweep has looked at."""
    review: Review | None = None
    """Accepted and not done yet; another one waits for its end."""

    @property
    def execution_name(self) -> str:
        """The Step Functions execution of this run."""
        return f"issue-{self.issue}-run-{self.number}"

    @property
    def group(self) -> str:
        """The model package group of its request; empty while refused."""
        request = self.settled or self.request
        return "" if request is None else model_package_group_name(request)

    @property
    def attempt(self) -> Attempt:
        """The current attempt. Raises IndexError before the first one was planned."""
        return self.attempts[-1]

    @property
    def run_id(self) -> str:
        """The current attempt's name in the bucket, in the registry and of the pipeline execution."""
        return run_id(self.issue, self.attempt.number)

    @property
    def own_attempts(self) -> tuple[Attempt, ...]:
        """The attempts of this run, oldest first."""
        return tuple(attempt for attempt in self.attempts if attempt.number >= self.first_attempt)

    @property
    def last_attempt(self) -> int:
        """The highest number that an attempt of this run may have."""
        return self.first_attempt + (self.request.max_retry if self.request else 0)

    @property
    def retries_left(self) -> int:
        """How often the operator may still be asked."""
        return max(0, self.last_attempt - self.attempt.number)

    def owns(self, execution_arn: str, run_id: str) -> bool:
        """Whether the run waits for that pipeline execution. Its ARN may not be known yet."""
        if self.state not in ("running", "waiting") or not self.own_attempts or self.attempt.status is not None:
            return False
        return self.run_id == run_id and self.attempt.execution_arn in (None, execution_arn)

    def with_attempt(self, **changes: Any) -> Run:
        """The run with its current attempt changed."""
        attempt = self.attempt.model_copy(update=changes)
        return self.model_copy(update={"attempts": (*self.attempts[:-1], attempt)})

    def to_json(self) -> str:
        """The stored document: what was set, so that a request reads back as it was written."""
        return self.model_dump_json(exclude_unset=True)

    @classmethod
    def from_json(cls, document: str) -> Run:
        """A stored document. Raises ValueError."""
        return cls.model_validate_json(document)
