"""What a person does whatever happens to the service, and what must have come of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from lambda_bridge.history import digest, verify
from lambda_bridge.runs import Run
from tests.integration.soak.service import TOKEN, Service

TITLE = "Soak"
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {first}
evaluation_threshold: 0.9
max_retry: {retries}
"""
MARKER = re.compile(r"<!-- mlops:([\w-]+) -->\s*\Z")
ENDS = ("mlops:registered", "mlops:failed")
DECIDED = {"/approve": "Approved", "/reject": "Rejected"}


@dataclass(frozen=True)
class Story:
    """An issue. The score of the quick steps is a hundredth of the estimators.

    Parameters
    ----------
    first : hyperparameters in the body
    replies : what the person says below the threshold, in order
    interrupts : what the person says as soon as a pipeline runs
    decisions : what the person says of the model in the end, each once the one before was answered
    statuses : of the attempts in the end
    label : in the end
    """

    first: str
    replies: tuple[str, ...]
    statuses: tuple[str, ...]
    label: str
    retries: int = 2
    interrupts: str | None = None
    decisions: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """Of the issue."""
        return BODY.format(first=self.first, retries=self.retries)


STORIES = {
    "registered": Story(
        "{n_estimators: 10}",
        ("/retrain n_estimators=20", "/retrain n_estimators=95"),
        ("below_threshold", "below_threshold", "registered"),
        "mlops:registered",
    ),
    "below": Story(
        "{n_estimators: 10}",
        ("adjusted_hyperparameters:\n  n_estimators: 20",),
        ("below_threshold", "below_threshold"),
        "mlops:failed",
        retries=1,
    ),
    "cancelled": Story("{n_estimators: 10}", ("/cancel",), ("below_threshold",), "mlops:failed"),
    "decided": Story(
        "{n_estimators: 95}",
        (),
        ("registered",),
        "mlops:registered",
        decisions=("/approve", "/reject 1 drifted", "/approve 1"),
    ),
    "stopped": Story("{n_estimators: 10, max_depth: 999}", (), ("cancelled",), "mlops:failed", interrupts="/cancel"),
}


class Person:
    """Looks at the issue, and does what is to be done next. Whatever got no answer is looked at again first."""

    def __init__(self, service: Service, story: Story) -> None:
        self._service = service
        self._story = story
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"token {TOKEN}"

    def act(self) -> bool:
        """One look. True: the story is over. Raises requests.RequestException while the service is dead."""
        issue = next((found for found in self._ask("GET", "issues?state=all") if found["title"] == TITLE), None)
        if issue is None:
            self._ask("POST", "issues", title=TITLE, body=self._story.body, labels=["mlops:train"])
            return False
        labels = {label["name"] for label in issue["labels"]}
        wanted = self._wanted(labels)
        if wanted is not None and not self._is_said(wanted):
            self._ask("POST", "issues/1/comments", body=wanted)
        return "final-1" in self.told() and not labels.isdisjoint(ENDS) and self._is_decided()

    def _is_decided(self) -> bool:
        """Whether every decision was answered; else the next one is said, once."""
        said = {comment["body"]: comment["id"] for comment in self.comments()}
        for text in self._story.decisions:
            if text not in said:
                self._ask("POST", "issues/1/comments", body=text)
            if "✅" not in self.told().get(f"answer-{said.get(text)}", ""):
                return False
        return True

    def _wanted(self, labels: set[str]) -> str | None:
        """What is to be said now."""
        asked = sum(marker.startswith("result-") for marker in self.told())
        if "mlops:waiting" in labels and 1 <= asked <= len(self._story.replies):
            return self._story.replies[asked - 1]
        return self._story.interrupts if "mlops:running" in labels and self._trains() else None

    def _is_said(self, text: str) -> bool:
        """Whether it was said and not answered that it came too early."""
        told = self.told()
        ids = [comment["id"] for comment in self.comments() if comment["body"] == text]
        return any("not waiting for a reply yet" not in told.get(f"answer-{number}", "") for number in ids)

    def _trains(self) -> bool:
        headers = {"x-amz-target": "SageMaker.ListPipelineExecutions"}
        url, content = f"{self._service.url}/sagemaker", {"PipelineName": "mlops-supervised"}
        return bool(requests.post(url, json=content, headers=headers, timeout=30).json()["PipelineExecutionSummaries"])

    def told(self) -> dict[str, str]:
        """What the bot wrote, by marker."""
        return dict(self.written())

    def written(self) -> list[tuple[str, str]]:
        """What the bot wrote, oldest first, with the markers."""
        mine = [comment["body"] for comment in self.comments() if comment["user"]["login"] == "mlops-bot"]
        return [(MARKER.findall(text)[0], text) for text in mine]

    def labels(self) -> set[str]:
        """Of the issue."""
        return {label["name"] for label in self._ask("GET", "issues/1")["labels"]}

    def comments(self) -> list[dict[str, Any]]:
        """Oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", "issues/1/comments?per_page=100")
        return found

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        url = f"{self._service.url}/api/v3/repos/local/models/{path}"
        answer = self._session.request(method, url, json=content or None, timeout=30)
        answer.raise_for_status()
        return answer.json()


def check(person: Person, service: Service, story: Story) -> None:
    """What must be true in the end, however often the service was killed. The service runs."""
    attempts = range(1, len(story.statuses) + 1)
    written = sorted(marker for marker, _ in person.written())
    assert len(set(written)) == len(written)
    told = [marker for marker in written if not marker.startswith("answer-")]
    assert told == ["final-1", "progress-1", *(f"result-{number}" for number in attempts)]
    assert person.labels() == {"mlops:train", story.label}
    (run,) = [Run.from_json(document) for (document,) in service.rows("SELECT document FROM run_records")]
    assert (run.number, run.state) == (1, "ended")
    assert [attempt.status for attempt in run.attempts] == list(story.statuses)
    names = [name for (name,) in service.rows("SELECT display_name FROM executions ORDER BY rowid")]
    assert names == [f"issue-1-attempt-{number}" for number in attempts]
    assert service.rows("SELECT count(*) FROM model_packages") == [(story.statuses.count("registered"),)]
    assert service.rows("SELECT name, status <> 'RUNNING' FROM state_machine_executions") == [("issue-1-run-1", 1)]
    assert service.rows("SELECT count(*) FROM starts") == [(1,)]
    assert run.review is None
    decided = [DECIDED[text.split()[0]] for text in story.decisions]
    if decided:
        assert service.rows("SELECT approval FROM model_packages") == [(decided[-1],)]
    _check_history(service.workspace / "github", run, [f"Issue 1: {each} version 1 of {run.group}" for each in decided])


def _check_history(folder: Path, run: Run, decisions: Sequence[str]) -> None:
    """One commit for each attempt and each decision, and records that name each other."""
    said = [f"Issue 1, attempt {attempt.number}: {attempt.status}" for attempt in run.attempts]
    assert _git(folder, "log", "--format=%s", "--reverse")[1:] == [*said, *decisions]
    assert not [line for line in _git(folder, "fsck", "--strict") if "dangling" not in line]
    records = [(folder / str(attempt.record_path)).read_bytes() for attempt in run.attempts]
    verify(records)
    assert [digest(record) for record in records] == [attempt.record_digest for attempt in run.attempts]


def _git(folder: Path, *arguments: str) -> list[str]:
    command = [str(shutil.which("git")), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).splitlines()
