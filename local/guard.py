"""Runs one command and ends its whole process group when the runner is gone: `python guard.py FD BYTES COMMAND...`.

FD is the read end of a pipe whose write end only the runner holds, so that it ends when the runner does, a kill
included. The command may allocate BYTES of memory at most. The guard is the leader of the group. Standard library only,
and little of it: it starts before every step.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import threading
from contextlib import suppress

NICE = 5
"""Steps leave the cores to who answers people."""
NOT_FOUND = 127
"""Exit code for a command that does not exist, as shells have it."""


def main(descriptor: int, memory: int, command: list[str]) -> int:
    """Exit code of the command, or `os.EX_OSERR` if it could not start. Dies by the same signal as the command."""
    threading.Thread(target=_watch, args=(descriptor,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # not everywhere
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    os.nice(NICE)
    try:
        child = os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        print(f"{command[0]}: cannot be started: {error.strerror}.", file=sys.stderr)
        return NOT_FOUND if error.errno in (errno.ENOENT, errno.EACCES) else os.EX_OSERR
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        _die_by(-code)
    return code


def _die_by(number: int) -> None:
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
