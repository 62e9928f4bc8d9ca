"""The starter's workflow: its own commands, run in a repository of Git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
STARTER = PROJECT / "seed_code/starter"
WORKFLOW = yaml.safe_load((STARTER / ".github/workflows/training-history.yml").read_text())
STEPS = WORKFLOW["jobs"]["only-added"]["steps"]
RECORD = "training_history/1-a title/attempt-1/record.json"
NOBODY = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    def __init__(self, folder):
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.base = self.commit({RECORD: "{}", "training_history/README.md": "text", "other": "x"})

    def git(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **NOBODY}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout.strip()

    def commit(self, files):
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                target.unlink()
            else:
                target.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "m")
        return self.git("rev-parse", "HEAD")

    def check(self):
        """The workflow's own command; its exit code, and what it tells."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "BASE": self.base}
        script = ["bash", "-e", "-c", STEPS[1]["run"]]
        done = subprocess.run(script, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {RECORD.replace("attempt-1", "attempt-2"): "{}"},
        {"training_history/README.md": "new"},
        {"training_history/2-b/README.md": "x", "other": None},
        {"training_history/1-a title/attempt-1/plot.png": "x"},
    ],
)
def test_adding_is_allowed(repository, files):
    repository.commit(files)
    assert repository.check() == (0, "")


@pytest.mark.parametrize("files", [{RECORD: '{"score": 1}'}, {RECORD: None}, {RECORD: None, "moved.json": "{}"}])
def test_changing_and_removing_are_refused(repository, files):
    repository.commit(files)
    code, told = repository.check()
    assert code == 1
    assert "attempt-1/record.json" in told


def test_what_happened_on_the_other_branch_meanwhile_counts_for_nothing(repository):
    repository.git("checkout", "--quiet", "-b", "theirs")
    repository.commit({"other": "y"})
    repository.git("checkout", "--quiet", "main")
    repository.base = repository.commit({RECORD: "by the bridge"})
    repository.git("checkout", "--quiet", "theirs")
    assert repository.check() == (0, "")


def test_a_base_that_is_not_known_is_an_error(repository):
    repository.base = "0" * 40
    assert repository.check()[0] != 0


def test_it_may_read_and_nothing_else_and_runs_no_text_of_strangers():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "${{" not in STEPS[1]["run"]


def test_actions_are_those_of_our_own_build():
    build = yaml.safe_load((PROJECT / ".github/workflows/build.yml").read_text())
    pinned = {step["uses"] for job in build["jobs"].values() for step in job["steps"] if "uses" in step}
    assert {step["uses"] for step in STEPS if "uses" in step} <= pinned
    assert all(len(action.partition("@")[2]) == 40 for action in pinned)
