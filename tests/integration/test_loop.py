"""The whole loop on one machine, with steps of milliseconds: judge, ask, retrain, record, go on after a kill."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from lambda_bridge.history import verify
from local.console import Silent
from local.engine import EngineOptions
from local.run import run_issue
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

QUICK = Path(__file__).with_name("quick")
GIT = str(shutil.which("git"))
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
evaluation_threshold: 0.9
max_retry: 2
"""
HELPS, HELPS_NOT = "/retrain n_estimators=95", "adjusted_hyperparameters:\n  n_estimators: 20\n"


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "workspace"


@pytest.fixture
def run(tmp_path, workspace):
    """Runs a body with replies."""

    def go(*replies, body=BODY, screen=None, name="loop.md"):
        issue = tmp_path / name
        issue.write_text(f"---\ntitle: The loop\n---\n{body}")
        files = []
        for number, text in enumerate(replies):
            files.append(tmp_path / f"reply-{number}.md")
            files[-1].write_text(text)
        return run_issue(issue, None, files, workspace, screen or Silent(), EngineOptions(python_path=(QUICK,)))

    return go


def attempts(report):
    return [(attempt.attempt, attempt.hyperparameters, attempt.passed) for attempt in report.attempts]


def headings(report):
    return [comment.splitlines()[0] for comment in report.comments]


def records(workspace, report):
    return [(workspace / "github" / path).read_bytes() for path in report.history]


def labels(workspace, issue=1):
    with Workspace(workspace) as opened:
        rows = opened.store.rows("SELECT * FROM github_issues")
    return json.loads(dict(rows[issue - 1])["labels"]) if rows else []


def test_on_one_machine_every_budget_is_met_and_the_comment_says_why(run):
    report = run(HELPS, body=f"{BODY}max_cost_usd: 0.01\n")
    assert report.status == "registered"
    assert "This run costs nothing on this machine; on SageMaker at most 78 instance-hours" in report.comments[0]


class TestReplies:
    def test_one_that_helps_rescues_the_run(self, run, workspace):
        report = run(HELPS)
        assert (report.status, report.exit_code, report.problems) == ("registered", 0, [])
        assert attempts(report) == [(1, {"n_estimators": 10}, False), (2, {"n_estimators": 95}, True)]
        assert report.model_package_arn.endswith("/1")
        assert report.history == [f"training_history/1-the-loop/attempt-{k}/record.json" for k in (1, 2)]
        verify(records(workspace, report))
        first, second = map(json.loads, records(workspace, report))
        assert (first["status"], second["status"]) == ("below_threshold", "registered")
        assert second["previous_record"] is not None
        assert [heading.split(":")[0] for heading in headings(report)][1:] == [
            "### Attempt 1",
            "### Attempt 2",
            "### Registered ✅",
        ]

    def test_the_history_is_a_repository_that_git_reads(self, run, workspace):
        run(HELPS)
        log = subprocess.run(
            [GIT, "log", "--format=%an %s"], cwd=workspace / "github", capture_output=True, text=True, check=True
        )
        assert [line.partition(" ")[2] for line in log.stdout.splitlines()][:2] == [
            "Issue 1, attempt 2: registered",
            "Issue 1, attempt 1: below_threshold",
        ]
        status = subprocess.run(
            [GIT, "status", "--porcelain"], cwd=workspace / "github", capture_output=True, text=True, check=True
        )
        assert status.stdout == ""

    def test_those_that_do_not_help_end_below_the_threshold(self, run, workspace):
        good = run(body=BODY.replace("10}", "95}"), name="good.md")
        with Workspace(workspace) as opened, LocalSageMaker(opened) as sagemaker:
            sagemaker.update_model_package(ModelPackageArn=good.model_package_arn, ModelApprovalStatus="Approved")
        report = run(HELPS_NOT, "/retrain n_estimators=30", "/retrain n_estimators=40")
        assert (report.status, report.exit_code) == ("below_threshold", 3)
        assert [attempt.attempt for attempt in report.attempts] == [1, 2, 3]
        assert f"`{good.model_package_arn}`" in report.comments[-1]
        with Workspace(workspace) as opened, LocalSageMaker(opened) as sagemaker:
            (package,) = sagemaker.list_model_packages()["ModelPackageSummaryList"]
        assert (package["ModelPackageArn"], package["ModelApprovalStatus"]) == (good.model_package_arn, "Approved")

    def test_without_one_the_wait_ends_as_if_it_had_timed_out(self, run):
        report = run()
        assert (report.status, report.exit_code, len(report.attempts)) == ("below_threshold", 3, 1)

    def test_an_invalid_one_is_answered_and_the_next_one_is_taken(self, run):
        report = run("/retrain n_estimators=-5 n_estimatrs=3", HELPS)
        assert (report.status, [attempt.attempt for attempt in report.attempts]) == ("registered", [1, 2])
        (answer,) = [comment for comment in report.comments if "n_estimatrs" in comment]
        assert "-5" in answer

    @pytest.mark.parametrize("text", ["/retrain n_estimators=-5", "/retrain n_estimators=10"])
    def test_a_last_one_that_is_invalid_or_changes_nothing_is_exit_code_2(self, run, text):
        report = run(HELPS_NOT, text if "-5" in text else "/retrain n_estimators=20")
        assert (report.status, report.exit_code) == ("invalid", 2)
        assert report.problems
        assert len(report.attempts) == 2

    def test_talk_and_questions_use_no_reply_up(self, run):
        report = run("Let me think about it.", "/status", HELPS)
        assert report.status == "registered"

    @pytest.mark.parametrize("text", ["Let me think about it.", "/retrian n_estimators=95"])
    def test_a_last_one_that_is_no_reply_is_told(self, run, text):
        report = run(text)
        assert (report.status, report.exit_code) == ("invalid", 2)
        assert [problem.key for problem in report.problems] == ["reply"]

    def test_what_happened_is_in_the_log_and_nowhere_else(self, run, workspace, capfd):
        run(HELPS)
        lines = [json.loads(line) for line in (workspace / "logs/bridge.log").read_text().splitlines()]
        messages = [line["message"] for line in lines]
        assert "issue 1, judge: {'outcome': 'below_threshold', 'retries_left': 2}" in messages
        assert any(message.startswith("delivery of issue 1, opened: count, save, start") for message in messages)
        assert capfd.readouterr() == ("", "")

    def test_cancel(self, run):
        report = run("/cancel")
        assert (report.status, report.exit_code) == ("cancelled", 130)
        assert "ancelled" in headings(report)[-1]

    def test_a_file_that_cannot_be_read_is_told_before_anything_starts(self, run, workspace, tmp_path):
        report = run_issue(
            write(tmp_path / "a.md", BODY), None, [tmp_path / "none.md"], workspace, Silent(), EngineOptions()
        )
        assert (report.exit_code, report.issue, report.problems[0].key) == (2, None, "reply")
        assert (report.comments, "Errno" in report.problems[0].message) == ([], False)

    @pytest.mark.parametrize(("name", "value"), [("MLOPS_HISTORY_BRANCH", "my hist..x"), ("GITHUB_WEBHOOK_SECRET", "")])
    def test_a_setting_that_cannot_be_used_is_told_before_anything_starts(self, run, monkeypatch, name, value):
        monkeypatch.setenv(name, value)
        report = run()
        assert (report.exit_code, report.issue) == (1, None)
        assert report.problems[0].message.startswith(f"{name}: must ")

    def test_another_branch_takes_the_history(self, run, workspace, monkeypatch):
        monkeypatch.setenv("MLOPS_HISTORY_BRANCH", "history")
        report = run(HELPS)
        assert f"](<{workspace / 'github'}>)" in report.comments[-1]
        assert not (workspace / "github/training_history").exists()
        log = subprocess.run(
            [GIT, "log", "--format=%s", "history"],
            cwd=workspace / "github",
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(log.stdout.splitlines()) == 3


def write(path, text):
    path.write_text(text)
    return path


class TestEnds:
    def test_first_time_right(self, run, workspace):
        report = run(body=BODY.replace("10}", "95}"))
        assert (report.status, len(report.attempts), len(report.history)) == ("registered", 1, 1)

    def test_an_unusable_dataset_is_invalid_and_recorded(self, run, tmp_path, workspace):
        (tmp_path / "data").mkdir()
        (tmp_path / "data/train.csv").write_text("unusable")
        issue = write(tmp_path / "bad.md", BODY.replace("iris", "bad"))
        options = EngineOptions(python_path=(QUICK,))
        report = run_issue(issue, tmp_path / "data", [], workspace, Silent(), options)
        assert (report.exit_code, [problem.message for problem in report.problems]) == (2, ["is unusable."])
        assert len(report.history) == 1

    def test_a_step_that_breaks_is_a_failure(self, tmp_path, workspace):
        shutil.copytree(QUICK, tmp_path / "broken")
        (tmp_path / "broken/steps/train.py").write_text("raise SystemExit('broken')")
        options = EngineOptions(python_path=(tmp_path / "broken",))
        report = run_issue(write(tmp_path / "broken.md", BODY), None, [], workspace, Silent(), options)
        assert (report.status, report.exit_code, len(report.attempts)) == ("failed", 1, 1)
        assert "broken" in report.comments[-1]


class Person(Silent):
    """Answers at the terminal."""

    def __init__(self, *answers):
        self.answers, self.seen = list(answers), []

    def comment(self, text):
        self.seen.append(text)

    def ask(self, question):
        return self.answers.pop(0) if self.answers else None


class TestTerminal:
    def test_asks_after_the_comments_were_shown(self, run):
        person = Person("/retrain n_estimators=-1", "/retrain n_estimators=95")
        report = run(screen=person)
        assert report.status == "registered"
        assert person.seen == report.comments[1:] or len(person.seen) >= len(report.comments)

    def test_no_answer_ends_the_run(self, run):
        assert run(screen=Person()).exit_code == 3

    def test_replies_come_before_questions(self, run):
        person = Person("/retrain n_estimators=95")
        report = run(HELPS_NOT, screen=person)
        assert (report.status, len(report.attempts), person.answers) == ("registered", 3, [])


class Killed(Silent):
    """The process ends when it would ask, as after a kill: nothing is cancelled."""

    def ask(self, question):
        raise SystemExit


@pytest.mark.parametrize(
    ("reply", "code", "keys"), [("/retrain n_estimators=-5", 2, ["n_estimators"]), (HELPS_NOT, 3, [])]
)
def test_after_a_kill_only_a_last_reply_that_was_not_used_is_a_problem(run, reply, code, keys):
    with pytest.raises(SystemExit):
        run(reply, screen=Killed())
    report = run(reply)
    assert (report.issue, report.exit_code, [problem.key for problem in report.problems]) == (1, code, keys)
