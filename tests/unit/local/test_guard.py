"""The guard as a real process: it watches a pipe and ends its group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from local.workers import GUARD


def test_a_command_ends_with_its_children_when_the_parent_is_gone() -> None:
    code = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True);"
        "time.sleep(60)"
    )
    read, write = os.pipe()
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), str(read), str(2**30), sys.executable, "-c", code],
        pass_fds=[read],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    os.close(read)
    assert guard.stdout is not None
    os.kill(int(guard.stdout.readline()), 0)
    os.close(write)
    assert guard.wait(timeout=10) == -signal.SIGKILL
    assert guard.stdout.read() == b""  # the command and its child held this pipe too
