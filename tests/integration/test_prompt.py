"""The question at a terminal, through a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

QUICK = Path(__file__).with_name("quick")
PROJECT = Path(__file__).parents[2]
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
evaluation_threshold: 0.9
"""
RUNNER = """
import sys
from pathlib import Path
from local.console import screen
from local.engine import EngineOptions
from local.run import run_issue
folder, quick = map(Path, sys.argv[1:])
options = EngineOptions(python_path=(quick,))
sys.exit(run_issue(folder / "issue.md", None, [], folder / "workspace", screen(silent=False), options).exit_code)
"""


class Terminal:
    """`mlops run` at a terminal."""

    def __init__(self, folder):
        (folder / "issue.md").write_text(BODY)
        self.end, end = pty.openpty()
        command = [sys.executable, "-c", RUNNER, str(folder), str(QUICK)]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        self.process = subprocess.Popen(
            command, cwd=PROJECT, stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True
        )
        os.close(end)
        self.shown = ""

    def read_until(self, pattern, seconds=60):
        """Reads until the pattern was shown once more than before."""
        deadline, since = time.monotonic() + seconds, len(self.shown)
        while not re.search(pattern, self.shown[since:]):
            assert time.monotonic() < deadline, self.shown
            self._read()

    def _read(self):
        ready, _, _ = select.select([self.end], [], [], 0.1)
        try:
            text = os.read(self.end, 65_536).decode(errors="replace") if ready else ""
        except OSError:
            text = ""
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def type(self, line):
        os.write(self.end, f"{line}\n".encode())

    def wait(self):
        while self.process.poll() is None:
            self._read()
        return self.process.returncode


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path)
    yield made
    if made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
    made.process.wait()
    os.close(made.end)


def test_asks_until_the_answer_helps(terminal):
    terminal.read_until("Reply with .*: ")
    assert "below the threshold" in terminal.shown
    terminal.type("n_estimators=-1")
    terminal.read_until("Reply with .*: ")
    assert "This reply has 1 problem" in terminal.shown
    terminal.type("/retrain n_estimators=95")
    assert terminal.wait() == 0
    assert "Registered" in terminal.shown


@pytest.mark.parametrize(("line", "code"), [("", 3), ("/cancel", 130)])
def test_no_answer_and_cancel_end_the_run(terminal, line, code):
    terminal.read_until("Reply with .*: ")
    terminal.type(line)
    assert terminal.wait() == code


def test_an_interrupt_at_the_question_cancels(terminal):
    terminal.read_until("Reply with .*: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 130
    assert "Ended: cancelled" in terminal.shown
