import os
import subprocess
import sys

import pytest

from steps.unprivileged import USER_VARIABLE, give_up_root

SCRIPT = """
import os, sys
from pathlib import Path
from steps.unprivileged import give_up_root
give_up_root(Path(sys.argv[1]))
(Path(sys.argv[1]) / "model" / "written").write_text("by a step")
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.environ["HOME"])
try:
    os.setuid(0)
except PermissionError:
    print("for good")
"""
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root up")


def test_whoever_is_not_told_stays_as_it_is(monkeypatch, tmp_path):
    monkeypatch.delenv(USER_VARIABLE, raising=False)
    before = os.geteuid()
    give_up_root(tmp_path)
    assert os.geteuid() == before


def run(folder, user):
    environment = {**os.environ, USER_VARIABLE: user}
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@ROOT
def test_a_step_goes_on_as_an_ordinary_account_for_good(tmp_path):
    for folder in (tmp_path, *tmp_path.parents):  # the account may pass through
        if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o001 == 0:
            folder.chmod(0o711)
    root = tmp_path / "ml"
    (root / "model").mkdir(parents=True)
    (root / "input").symlink_to("/etc/hostname")
    done = run(root, "nobody")
    told, end = done.stdout.splitlines()
    user, effective, group, groups, _ = told.split(maxsplit=4)
    assert done.stderr == ""
    assert "0" not in (user, effective, group)
    assert groups == "[]"
    assert end == "for good"
    assert (root / "model/written").stat().st_uid == int(user)
    assert os.stat("/etc/hostname").st_uid == 0  # noqa: PTH116 (a link is given away, not what it names)


@ROOT
def test_an_account_that_is_not_there_stops_the_step(tmp_path):
    assert "KeyError" in run(tmp_path, "no-such-account").stderr
