"""A checkout in which the commands of a build run; `docker`, `aws` and `make` are recorders.

There is no Docker engine, and `make test` would begin these very tests again.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops-pipeline"
BASE = "public.ecr.aws/docker/library/python@sha256:" + "7" * 64
SOURCES = ("Dockerfile", "constraints.txt", "setup.py", "pyproject.toml", "algorithms", "steps")
"""What goes into the image."""
RECORDER = f"""#!{sys.executable}
import hashlib, json, os, pathlib, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(os.environ["RECORDED"], "a") as file:
    file.write(json.dumps([name, *arguments]) + "\\n")
if os.environ.get("FAILS") == " ".join([name, *arguments[:2 if name == "aws" else 1]]):
    sys.exit(3)
pushed = pathlib.Path(os.environ["PUSHED"])
def digest(tag):
    return "sha256:" + hashlib.sha256(tag.encode()).hexdigest()
if arguments[:2] == ["ecr", "get-login-password"]:
    print("a-password")
elif arguments[:2] == ["ecr", "batch-get-image"]:
    tag = arguments[arguments.index("--image-ids") + 1].removeprefix("imageTag=")
    print(digest(tag) if pushed.exists() and tag in pushed.read_text().split() else None)
elif arguments[0] == "login":
    assert sys.stdin.read().strip() == "a-password"
elif arguments[0] == "push":
    pushed.open("a").write(arguments[1].rpartition(":")[2] + "\\n")
elif arguments[0] == "inspect":
    known = arguments[-1].startswith("public.ecr.aws")
    print(os.environ["BASE"] if known else "{REPOSITORY}@" + digest(arguments[-1].rpartition(":")[2]))
"""


class Checkout:
    """`run` a command as CodeBuild does; `recorded` are the recorders' commands since `forget`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self._record = folder / "checkout", folder / "recorded"
        tools = folder / "tools"
        for made in (tools, self.folder / ".venv/bin", self.folder / ".ci"):
            made.mkdir(parents=True)
        for name in ("docker", "aws", "make"):
            _program(tools / name, RECORDER)
        python = f"PYTHONPATH={PROJECT} exec {sys.executable}"
        _program(self.folder / ".venv/bin/python", f'#!/bin/sh\n{python} "$@"\n')
        _program(self.folder / ".venv/bin/mlops", f'#!/bin/sh\n{python} -m local.cli "$@"\n')
        shutil.copy(PROJECT / ".ci/image", self.folder / ".ci/image")
        for name in SOURCES:
            copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
            copy(PROJECT / name, self.folder / name)
        foreign = ("AWS_", "MLOPS_", "COV_")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "IMAGE_REPOSITORY": REPOSITORY,
            "RECORDED": str(self._record),
            "PUSHED": str(folder / "pushed"),
            "BASE": BASE,
            **environment,
        }
        self.forget()

    def run(self, command: str, shell: str = "bash", more: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Exit code, and what was printed."""
        done = subprocess.run(
            [shell, "-c", command],
            cwd=self.folder,
            env={**self._environment, **(more or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def recorded(self) -> list[list[str]]:
        return [json.loads(line) for line in self._record.read_text().splitlines()]

    def forget(self) -> None:
        self._record.write_text("")


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
