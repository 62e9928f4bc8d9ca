"""A service and a GitHub, and the people who use them: what every story is told with."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

import boto3
import requests
from github import Auth
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.Repository import Repository

from lambda_bridge.github_client import connect
from tests.integration.service.other_github import OtherGitHub
from tests.integration.service.other_shapes import Account
from tests.integration.service.process import Service

TRAIN = "mlops:train"
MARKER = re.compile(r"<!-- mlops:([\w-]+) -->")
LONGEST_WAIT_SECONDS, PAUSE_SECONDS = 60, 0.1
BODY = """```yaml
learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {{n_estimators: {estimators}{more}}}
evaluation_threshold: 0.9
max_retry: 2
```"""
PEOPLE = (
    Account("owner", "admin", "token-of-owner"),
    Account("maria", "maintain", "token-of-maria"),
    Account("wren", "write", "token-of-wren"),
    Account("tria", "triage", "token-of-tria"),
    Account("rita", "read", "token-of-rita"),
    Account("robot[bot]", "write", "token-of-robot", bot=True),
)
T = TypeVar("T")


def body(estimators: int = 95, more: str = "") -> str:
    """An issue's body: the score of the quick steps is a hundredth of the estimators, the threshold 0.9."""
    return BODY.format(estimators=estimators, more=more)


GOOD, POOR = body(), body(10)
SLOW = body(95, ", max_depth: 999")
"""Trains until it is stopped."""
INVALID = body(-1)


def until(check: Callable[[], T | None], what: str, seconds: float = LONGEST_WAIT_SECONDS) -> T:
    """Asks again and again, for a minute at most."""
    pause = threading.Event()
    for _ in range(int(seconds / PAUSE_SECONDS)):
        found = check()
        if found:
            return found
        pause.wait(PAUSE_SECONDS)
    raise AssertionError(f"{what}: did not come about")


@dataclass(frozen=True)
class World:
    """`api`: where GitHub's REST calls are. `other`: the other GitHub; None where the service's own one is used."""

    service: Service
    api: str
    repository: str
    bot: str
    other: OtherGitHub | None = None

    @cache  # noqa: B019 (lives as long as the module)
    def person(self, login: str) -> Repository:
        """The repository as somebody sees it."""
        token = next(account.token for account in PEOPLE if account.login == login)
        return connect(Auth.Token(token), self.api, self.repository)

    def open(self, text: str, who: str = "owner", labels: Sequence[str] = (TRAIN,)) -> Story:
        """Opens an issue."""
        made = self.person(who).create_issue(f"Story of {who}", body=text, labels=list(labels))
        return Story(self, made.number)

    def open_by_form(self, text: str, who: str) -> Story:
        """An issue of somebody who may not label, with the label: forms do that, and so may people with triage."""
        if self.other is not None:
            return Story(self, self.other.open_by_form(who, "From a form", text, [TRAIN]))
        story = self.open(text, who)
        story.issue("tria").add_to_labels(TRAIN)
        return story

    @cached_property
    def bell(self) -> Story:
        """An issue without a run, whose record answers."""
        story = self.open(INVALID)
        story.has("mlops:failed")
        return story

    def settle(self) -> None:
        """Until everything that people did so far was handled: deliveries are handled in the order of their coming."""
        if self.other is not None:
            self.other.hook.wait()
        self.bell.answer_to(self.bell.say("/status"))
        until(lambda: self.service.health()["inbox"] == 0, "an empty inbox")

    def sweep(self) -> None:
        """Until a sweep has looked at everything: it takes issues in their order, and of the last one nobody tells."""
        assert self.other is not None
        self.other.hook.wait()
        mode, self.other.hook.mode = self.other.hook.mode, "lost"
        story = self.open(INVALID)
        self.other.hook.mode = mode
        story.has("mlops:failed")

    def executions(self, path: str = "/sagemaker/") -> list[str]:
        """The run ids of all pipeline executions, oldest first, as SageMaker's clients list them."""
        client = boto3.client(
            "sagemaker",
            endpoint_url=f"{self.service.url}{path}",
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        pages = client.get_paginator("list_pipeline_executions").paginate(
            PipelineName="mlops-supervised", SortOrder="Ascending"
        )
        return [found["PipelineExecutionDisplayName"] for page in pages for found in page["PipelineExecutionSummaries"]]

    def commits(self, branch: str = "main") -> list[str]:
        """The messages of a branch, newest first."""
        repository = self.person("owner")
        commit, found = repository.get_git_commit(repository.get_git_ref(f"heads/{branch}").object.sha), []
        while commit.parents:
            found.append(commit.message.strip())
            commit = repository.get_git_commit(commit.parents[0].sha)
        return found


@dataclass(frozen=True)
class Story:
    """One issue."""

    world: World
    number: int

    def issue(self, who: str = "owner") -> Issue:
        """The issue as somebody sees it now."""
        return self.world.person(who).get_issue(self.number)

    def say(self, text: str, who: str = "owner") -> IssueComment:
        """Comments."""
        return self.issue(who).create_comment(text)

    def comments(self) -> list[IssueComment]:
        """What the bot wrote, oldest first."""
        return [comment for comment in self.issue().get_comments() if comment.user.login == self.world.bot]

    def told(self) -> dict[str, str]:
        """What the bot wrote, by the markers that only it can write."""
        found = [(MARKER.findall(comment.body)[-1], comment.body) for comment in self.comments()]
        assert len(dict(found)) == len(found), "one comment for each marker"
        return dict(found)

    def answer_to(self, comment: IssueComment) -> str:
        """Waits for the answer to a comment."""
        return until(lambda: self.told().get(f"answer-{comment.id}"), f"an answer to {comment.body!r}")

    def labels(self) -> set[str]:
        """All labels."""
        return {label.name for label in self.issue().labels}

    def has(self, label: str, run: int | None = None) -> Story:
        """Waits until the issue has a state label; with `run` also for that run's final comment."""
        if run is not None:
            until(lambda: f"final-{run}" in self.told(), f"#{self.number}: the end of run {run}")
        until(lambda: self.labels() - {TRAIN} == {label}, f"#{self.number}: {label}")
        return self

    def reacted(self, comment: IssueComment) -> bool:
        """Whether the bot acknowledged a comment."""
        found: Any = requests.get(
            f"{comment.url}/reactions", headers={"Authorization": "Bearer token-of-owner"}, timeout=10
        ).json()
        return any(item["content"] == "eyes" and item["user"]["login"] == self.world.bot for item in found)

    def executions(self) -> list[str]:
        """Of this issue's pipeline executions the numbers of the attempts."""
        start = f"issue-{self.number}-"
        return [name.removeprefix(start) for name in self.world.executions() if name.startswith(start)]

    def history(self) -> list[str]:
        """What was committed of this issue, oldest first."""
        start = f"Issue {self.number}, "
        return [text.removeprefix(start) for text in reversed(self.world.commits()) if text.startswith(start)]
