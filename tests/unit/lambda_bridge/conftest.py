"""A world without I/O: every port in memory, as strict as the real ones where that matters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.issue_body import read_body
from lambda_bridge.ports import (
    CommentView,
    Commit,
    ConflictError,
    Execution,
    IssueView,
    Notice,
    Package,
    Ports,
    RateLimitError,
    Start,
    StartEvent,
    StoredObject,
    Version,
)
from lambda_bridge.runs import Approval, Run
from pipelines.definitions import PipelineKey

START = datetime(2026, 1, 1, tzinfo=UTC)
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
evaluation_threshold: 0.9
max_retry: 1
"""
EVALUATION = {
    "metrics": {"primary": {"name": "accuracy", "value": 0.8, "score": 0.8, "greater_is_better": True}, "f1": 0.7},
    "train": {"primary": {"name": "accuracy", "value": 1.0, "score": 1.0}},
    "baseline": {"primary": {"name": "accuracy", "value": 0.4, "score": 0.4}},
    "comparison": None,
    "task_type": "classification",
    "n": 30,
    "dataset": {"findings": []},
    "seed": 0,
}


@dataclass
class FakeIssues:
    """Own comments by marker, in the order of their creation; `broken` calls fail."""

    view: IssueView
    written: dict[str, str] = field(default_factory=dict)
    label: str | None = None
    reactions: list[int] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=lambda: {"owner": "admin"})
    broken: set[str] = field(default_factory=set)
    start: StartEvent | None = field(default_factory=lambda: StartEvent(1, "owner"))
    log: list[str] = field(default_factory=list)
    said: list[CommentView] = field(default_factory=list)
    """What people wrote."""
    limited: float = 0.0
    """Seconds that GitHub wants to be left alone."""
    asked: list[str] = field(default_factory=list)
    """Which reads were made."""

    def me(self) -> str:
        return "mlops-bot"

    def permission(self, user: str) -> Any:
        self._try("permission")
        return self.permissions.get(user, "read")

    def read(self, issue: int) -> IssueView:
        self._try("read")
        return replace(self._labelled(self.view), number=issue)

    def _labelled(self, view: IssueView) -> IssueView:
        return view if self.label is None else replace(view, labels=(*view.labels, self.label))

    def labelled(self, since: datetime) -> Sequence[IssueView]:
        if self.limited:
            raise RateLimitError("GitHub answered 403: rate limit", self.limited)
        self._try("labelled")
        return [self._labelled(self.view)] if "mlops:train" in self.view.labels else []

    def comments(self, issue: int) -> list[CommentView]:
        mine = enumerate(self.written.items(), 1)
        written = [CommentView(number, "mlops-bot", True, text, False, marker) for number, (marker, text) in mine]
        return sorted([*written, *self.said], key=lambda comment: comment.id)

    def newest_start(self, issue: int) -> StartEvent | None:
        self._try("newest_start")
        return self.start

    def write(self, issue: int, marker: str, text: str, known: int | None = None) -> int:
        self._try("write")
        self.written[marker] = text
        self.log.append(f"write {marker}")
        return list(self.written).index(marker) + 1

    def react(self, issue: int, comment: int) -> None:
        self.reactions.append(comment)

    def set_label(self, issue: int, label: str) -> None:
        self._try("set_label")
        self.label = label
        self.log.append(f"label {label}")

    def _try(self, call: str) -> None:
        self.asked.append(call)
        if call in self.broken:
            raise PlatformError(f"{call}: 502")


@dataclass
class FakeHistory:
    commits: list[tuple[dict[str, bytes], str]] = field(default_factory=list)
    broken: bool = False
    protected: bool = False

    def commit(self, files: Mapping[str, bytes], message: str) -> Commit:
        if self.broken:
            raise PlatformError("commit: 403")
        if (dict(files), message) not in self.commits:
            self.commits.append((dict(files), message))
        return Commit("sha", "mlops-history" if self.protected else "main", self.protected)

    def url(self, commit: Commit, path: str) -> str:
        return f"https://example.org/{path}"


@dataclass
class FakeRuns:
    stored: dict[int, Run] = field(default_factory=dict)
    interfere: list[Any] = field(default_factory=list)
    """Changes that somebody else makes before the next saves."""

    def get(self, issue: int) -> Run | None:
        return self.stored.get(issue)

    def save(self, run: Run) -> Run:
        if self.interfere:
            other = self.interfere.pop(0)(self.stored[run.issue])
            self.stored[run.issue] = other.model_copy(update={"version": other.version + 1})
        known = self.stored.get(run.issue)
        if run.version != (known.version if known else 0):
            raise ConflictError(f"issue {run.issue}")
        saved = Run.from_json(run.model_copy(update={"version": run.version + 1}).to_json())
        self.stored[run.issue] = saved
        return saved

    def in_group(self, group: str, limit: int = 20) -> Sequence[Run]:
        return list(self.stored.values())

    def unfinished(self) -> Sequence[Run]:
        return [run for run in self.stored.values() if run.state in ("running", "waiting")]

    def count_running(self) -> int:
        return sum(run.state == "running" for run in self.stored.values())


@dataclass
class FakeLedger:
    deliveries: set[str] = field(default_factory=set)
    counted: dict[str, Start] = field(default_factory=dict)

    def handled(self, delivery: str) -> bool:
        return delivery in self.deliveries

    def remember(self, delivery: str) -> None:
        self.deliveries.add(delivery)

    def starts(self, since: datetime) -> Sequence[Start]:
        return [start for start in self.counted.values() if start.moment >= since]

    def add_start(self, key: str, person: str, moment: datetime) -> None:
        self.counted.setdefault(key, Start(person, moment))


@dataclass
class FakeWorkflow:
    started: dict[str, Any] = field(default_factory=dict)
    succeeded: list[tuple[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    """Names of executions that are over, and tokens that nothing waits for any more."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        self.started.setdefault(name, dict(payload))

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        self.succeeded.append((token, dict(output)))
        return token not in self.ended

    def fail(self, token: str, error: str, cause: str) -> bool:
        self.failed.append((token, error, cause))
        return token not in self.ended

    def state(self, name: str) -> Any:
        return "ended" if name in self.ended else "running" if name in self.started else "missing"


@dataclass
class FakePipelines:
    executions: dict[str, Execution] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    stops_at_once: bool = True
    broken: bool = False

    def start(self, pipeline: PipelineKey, run_id: str, parameters: Mapping[str, Any]) -> str:
        if self.broken:
            raise PlatformError("StartPipelineExecution: ThrottlingException")
        arn = f"arn:{run_id}"
        self.executions.setdefault(arn, Execution(arn, run_id, "Executing", START, START))
        self.parameters.setdefault(arn, dict(parameters))
        return arn

    def find(self, pipeline: PipelineKey, run_id: str) -> str | None:
        return next((arn for arn, found in self.executions.items() if found.run_id == run_id), None)

    def stop(self, arn: str) -> None:
        self.stopped.append(arn)
        self.end(arn, "Stopped" if self.stops_at_once else "Stopping")

    def end(self, arn: str, status: str) -> None:
        self.executions[arn] = replace(self.executions[arn], status=status, changed=START + timedelta(seconds=5))

    def describe(self, arn: str) -> Execution:
        return self.executions[arn]

    def steps(self, arn: str) -> Sequence[Mapping[str, Any]]:
        return self.listed

    def running(self) -> Sequence[Execution]:
        return [execution for execution in self.executions.values() if execution.status == "Executing"]


@dataclass
class FakeRegistry:
    groups: set[str] = field(default_factory=set)
    live: Package | None = None
    """The approved one, where `listed` holds none."""
    listed: list[Version] = field(default_factory=list)
    """Newest first."""
    told: list[tuple[str, str, str]] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    """ARNs of versions that are none of ours."""

    def ensure_group(self, group: str) -> None:
        self.groups.add(group)

    def approved(self, group: str) -> Package | None:
        approved = (self.package(each.arn) for each in self.listed if each.approval == "Approved")
        return next((package for package in approved if package), self.live)

    def versions(self, group: str) -> Sequence[Version]:
        return list(self.listed)

    def package(self, arn: str) -> Package | None:
        return None if arn in self.elsewhere else Package(arn, f"s3://bucket/{arn}/model.tar.gz")

    def set_approval(self, arn: str, approval: Approval, description: str) -> None:
        self.told.append((arn, approval, description))
        self.listed = [replace(each, approval=approval) if each.arn == arn else each for each in self.listed]


@dataclass
class FakeArtifacts:
    objects: dict[str, bytes] = field(default_factory=dict)

    def list(self, prefix: str) -> Sequence[StoredObject]:
        found = [(key.removeprefix(prefix), value) for key, value in self.objects.items() if key.startswith(prefix)]
        return [StoredObject(name, len(value), str(hash(value))) for name, value in sorted(found)]

    def read(self, key: str, limit: int) -> bytes | None:
        return self.objects.get(key)

    def folders(self, prefix: str) -> Sequence[str]:
        found = {key.removeprefix(prefix).split("/")[0] for key in self.objects if key.startswith(prefix)}
        return sorted(found)


@dataclass
class FakeNotices:
    told: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice) -> None:
        self.told.append(notice)


STEPS = {
    "Prepare": {"ProcessingJob": {"Arn": "job"}},
    "Train": {"TrainingJob": {"Arn": "job"}},
    "Evaluate": {"ProcessingJob": {"Arn": "job"}},
}


class World:
    """The ports, and what a test does to them."""

    def __init__(self) -> None:
        labels = ("mlops:train",)
        self.body = BODY
        self.issues = FakeIssues(IssueView(7, "Iris", BODY, "owner", labels, True, "https://example.org/issues/7"))
        self.history, self.runs, self.workflow = FakeHistory(), FakeRuns(), FakeWorkflow()
        self.pipelines, self.registry = FakePipelines(), FakeRegistry()
        self.artifacts = FakeArtifacts({"datasets/iris/raw/train.csv": b"a,b\n1,2\n"})
        self.notices, self.ledger = FakeNotices(), FakeLedger()
        self.settings: dict[str, Any] = {}
        """Of the ports: limits, patience, edits_per_hour."""
        self.now, self.paused = START, list[float]()
        self.handed_over: list[int] = []

    @property
    def ports(self) -> Ports:
        return Ports(
            issues=self.issues,
            history=self.history,
            runs=self.runs,
            workflow=self.workflow,
            pipelines=self.pipelines,
            registry=self.registry,
            artifacts=self.artifacts,
            notices=self.notices,
            ledger=self.ledger,
            hand_over=self.handed_over.append,
            webhook_secret=lambda: "secret",
            code_version="1.0",
            log_address=lambda: "the log",
            clock=lambda: self.now,
            pause=self.paused.append,
            **self.settings,
        )

    def run(self, **changes: Any) -> Run:
        """A stored run of issue 7 that was just started."""
        fields = {
            "issue": 7,
            "state": "running",
            "title": "Iris",
            "slug": "iris",
            "author": "owner",
            "start_key": "1:x",
            "started": START,
            "request": read_body(changes.pop("body", BODY)),
            **changes,
        }
        return self.runs.save(Run(**fields))

    @property
    def stored(self) -> Run:
        """The record of issue 7."""
        return self.runs.stored[7]

    def end_pipeline(self, met: bool, score: float = 0.8) -> None:
        """The current attempt's execution ends after its Condition."""
        run = self.stored
        steps = [{"StepName": name, "StepStatus": "Succeeded", "Metadata": data} for name, data in STEPS.items()]
        outcome = {"Condition": {"Outcome": "True" if met else "False"}}
        steps.append({"StepName": "CheckScore", "StepStatus": "Succeeded", "Metadata": outcome})
        last: dict[str, Any] = {"StepName": "BelowThreshold", "StepStatus": "Failed", "Metadata": {"Fail": {}}}
        if met:
            metadata = {"RegisterModel": {"Arn": "arn:package/1"}}
            last = {"StepName": "RegisterModel", "StepStatus": "Succeeded", "Metadata": metadata}
        self.pipelines.listed = [*steps, last]
        primary = {**EVALUATION["metrics"]["primary"], "value": score, "score": score}
        evaluation = {**EVALUATION, "metrics": {"primary": primary, "f1": 0.7}}
        self.artifacts.objects[f"evaluations/{run.run_id}/evaluation.json"] = json.dumps(evaluation).encode()
        self.pipelines.end(str(run.attempt.execution_arn), "Succeeded" if met else "Failed")


@pytest.fixture
def world() -> World:
    return World()
