"""`mlops run` is killed at a chosen moment of the loop and given again: the run ends as it would have."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_bridge.history import verify
from local.console import Silent
from local.engine import EngineOptions
from local.run import run_issue
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

QUICK = Path(__file__).with_name("quick")
PROJECT = Path(__file__).parents[2]
BODY = """---
title: Killed
---
learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
evaluation_threshold: 0.9
max_retry: 2
"""
REPLIES = ("/retrain n_estimators=-1", "/retrain n_estimators=20", "/retrain n_estimators=95")
RUNNER = """
import os, sys
from pathlib import Path
from lambda_bridge import tasks, webhook
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from local import run
from local.loop import Loop
from local.console import Silent
from local.engine import EngineOptions
from local.run_records import RunRecords
from local.sagemaker import LocalSageMaker
from local.session import Session

folder, when, what, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
left = [count]

def killing(function):
    def wrapped(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), 9)
        answer = function(*args, **kwargs)
        if left[0] == 0 and when == "after":
            os.kill(os.getpid(), 9)
        return answer
    return wrapped

OWNERS = {
    "save": RunRecords, "write": GitHubIssues, "set_label": GitHubIssues, "react": GitHubIssues,
    "commit": GitHubHistory, "start_pipeline_execution": LocalSageMaker, "_create": Session, "_reply": Session,
    "abandon": Loop,
}
if what in tasks.TASKS:
    tasks.TASKS[what] = killing(tasks.TASKS[what])
elif what == "receive":
    webhook.receive = killing(webhook.receive)
    from lambda_bridge import handler
    handler.receive = webhook.receive
else:
    setattr(OWNERS[what], what, killing(getattr(OWNERS[what], what)))
replies = sorted(folder.glob("reply-*.md"))
options = EngineOptions(python_path=(Path(sys.argv[5]),))
run.run_issue(folder / "issue.md", None, replies, folder / "workspace", Silent(), options)
"""
MOMENTS = [
    ("after", "_create", 1),
    ("before", "receive", 1),
    ("after", "receive", 1),
    ("before", "start_training", 1),
    ("before", "start_pipeline_execution", 1),
    ("after", "start_pipeline_execution", 1),
    ("after", "start_training", 2),
    ("before", "judge", 1),
    ("before", "commit", 1),
    ("after", "commit", 1),
    ("after", "judge", 1),
    ("after", "ask_operator", 1),
    ("before", "_reply", 1),
    ("after", "react", 2),
    ("after", "_reply", 2),
    ("before", "apply_adjustment", 1),
    ("after", "apply_adjustment", 1),
    ("after", "commit", 2),
    ("before", "record_success", 1),
    ("after", "record_success", 1),
    *(("after", "save", count) for count in (1, 2, 3, 4, 5, 8, 11)),
    *(("after", "write", count) for count in (1, 4, 9)),
    *(("before", "set_label", count) for count in (1, 3, 6)),
]


HELPLESS = ("/retrain n_estimators=20",)
"""Replies after which the previous version is kept."""
CANCELLED = ("/cancel",)
ENDS = [
    (HELPLESS, "before", "keep_previous", 1),
    (HELPLESS, "after", "keep_previous", 1),
    (HELPLESS, "after", "save", 10),
    (HELPLESS, "before", "abandon", 1),
    (HELPLESS, "after", "abandon", 1),
    (CANCELLED, "after", "_reply", 1),
    (CANCELLED, "after", "react", 1),
    (CANCELLED, "before", "keep_previous", 1),
    (CANCELLED, "before", "set_label", 3),
]
"""Other ends than a registered model."""


@pytest.fixture
def folder(tmp_path):
    return prepared(tmp_path)


def prepared(folder, replies=REPLIES):
    (folder / "issue.md").write_text(BODY)
    for number, text in enumerate(replies):
        (folder / f"reply-{number}.md").write_text(text)
    return folder


def go_on(folder):
    """The same command again, in this process. Returns what must not depend on kills."""
    replies, options = sorted(folder.glob("reply-*.md")), EngineOptions(python_path=(QUICK,))
    report = run_issue(folder / "issue.md", None, replies, folder / "workspace", Silent(), options)
    with Workspace(folder / "workspace") as opened, LocalSageMaker(opened) as sagemaker:
        packages = sagemaker.list_model_packages()["ModelPackageSummaryList"]
        executions = sagemaker.list_pipeline_executions(PipelineName="mlops-supervised")["PipelineExecutionSummaries"]
    records = [(folder / "workspace/github" / path).read_bytes() for path in report.history]
    verify(records)
    log = subprocess.run(
        [str(shutil.which("git")), "log", "--format=%s"],
        cwd=folder / "workspace/github",
        capture_output=True,
        text=True,
        check=True,
    )
    told = folder / "workspace/logs/notices.jsonl"
    return {
        "status": (report.status, report.exit_code, report.issue, report.problems),
        "attempts": [(found.attempt, found.hyperparameters, found.metrics) for found in report.attempts],
        "comments": [re.sub(rf"\d+\.\d s|, re-used|{folder}", "", comment) for comment in report.comments],
        "history": [json.loads(record)["status"] for record in records],
        "commits": log.stdout.splitlines(),
        "packages": len(packages),
        "executions": sorted(found["PipelineExecutionDisplayName"] for found in executions),
        "told": {json.loads(line)["subject"] for line in told.read_text().splitlines()},
    }


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    return go_on(prepared(tmp_path_factory.mktemp("uninterrupted")))


def test_the_uninterrupted_run(uninterrupted):
    assert uninterrupted["status"] == ("registered", 0, 1, [])
    assert uninterrupted["history"] == ["below_threshold", "below_threshold", "registered"]
    assert (uninterrupted["packages"], len(uninterrupted["commits"])) == (1, 4)


@pytest.fixture(scope="session")
def others(tmp_path_factory):
    """What the other ends look like without a kill."""
    folders = {replies: tmp_path_factory.mktemp("other") for replies in (HELPLESS, CANCELLED)}
    return {replies: go_on(prepared(folder, replies)) for replies, folder in folders.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("replies", "when", "what", "count"), ENDS, ids=lambda value: str(value))
def test_other_ends_too(tmp_path, others, replies, when, what, count):
    folder = prepared(tmp_path, replies)
    kill(folder, when, what, count)
    assert go_on(folder) == others[replies]


@pytest.mark.slow
@pytest.mark.parametrize(("when", "what", "count"), MOMENTS, ids=["-".join(map(str, moment)) for moment in MOMENTS])
def test_ends_as_it_would_have(folder, uninterrupted, when, what, count):
    kill(folder, when, what, count)
    assert go_on(folder) == uninterrupted


def kill(folder, when, what, count):
    command = [sys.executable, "-c", RUNNER, str(folder), when, what, str(count), str(QUICK)]
    killed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
