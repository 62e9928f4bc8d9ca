"""The image holds what steps need, and is built when that changes, and only then. No Docker engine is needed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.aws.checkout import BASE, PROJECT, REPOSITORY, SOURCES, Checkout

DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
STAGES = re.split(r"(?m)^FROM .*$", DOCKERFILE)[1:]
IMPORTS = """
import importlib, os, pathlib, sys
sys.path.insert(0, sys.argv[1])
root = pathlib.Path(sys.argv[1])
for file in sorted(root.rglob("*.py")):
    importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
ours = {"pipelines", "lambda_bridge", "local", "seed_code", "tests"} & {name.split(".")[0] for name in sys.modules}
print(sorted(ours), len(list(root.rglob("*.py"))))
"""


def instructions(stage, name):
    return [line.split(None, 1)[1] for line in stage.splitlines() if line.startswith(f"{name} ")]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path, PYTHON_IMAGE="public.ecr.aws/docker/library/python:3.11-slim-bookworm")


def address(checkout, **environment):
    checkout.forget()
    code, told = checkout.run(".ci/image", more=environment)
    assert code == 0, told
    return (checkout.folder / "build/image.uri").read_text().strip()


def built(checkout):
    return [call for call in checkout.recorded if call[:2] == ["docker", "buildx"]]


class TestWhatIsInIt:
    def test_the_build_sees_what_is_copied_and_no_more(self):
        seen = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        copied = [part for stage in STAGES for line in instructions(stage, "COPY") for part in shlex.split(line)[:-1]]
        ours = {part for part in copied if not part.startswith(("-", "/"))}
        assert ours == seen == set(SOURCES) - {"Dockerfile"}

    def test_every_module_of_it_imports_without_the_rest_of_the_project(self, tmp_path):
        for line in instructions(STAGES[-1], "COPY"):
            *sources, target = shlex.split(line)
            if not sources[0].startswith("--from"):
                shutil.copytree(PROJECT / sources[0], tmp_path / target.removeprefix("/opt/mlops/"))
        (tmp_path / "elsewhere").mkdir()
        command = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path += {libraries()!r}\n{IMPORTS}",
            str(tmp_path),
        ]
        done = subprocess.run(command, cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found, count = done.stdout.rsplit(" ", 1)
        assert found == "[]"
        assert int(count) > 50

    @pytest.mark.parametrize("name", ["serve", "train"])  # of endpoints, and of the jobs of a tuning job
    def test_what_sagemaker_starts_by_name_is_on_the_path(self, name, tmp_path):
        (written,) = re.findall(rf"printf '([^']*?)' > /usr/local/bin/{name}", STAGES[-1])
        assert f"/usr/local/bin/{name}" in re.search(r"chmod 755 (.*)", STAGES[-1])[1]
        (tmp_path / name).write_text(written.replace(r"\n", "\n"))
        python = tmp_path / "python"
        python.write_text('#!/bin/sh\necho "$@"\n')
        for file in (tmp_path / name, python):
            file.chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["/bin/sh", "-c", name], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"-m steps.{name}\n"

    def test_it_starts_as_root_and_steps_give_it_up(self):
        assert instructions(STAGES[-1], "USER") == []
        (account,) = re.findall(r"MLOPS_STEP_USER=(\w+)", STAGES[-1])
        assert re.search(rf"useradd .*{account}\b", STAGES[-1])


def libraries():
    return [path for path in sys.path if path.endswith("site-packages")]


class TestWhenItIsBuilt:
    def test_the_first_time(self, checkout):
        found = address(checkout)
        assert re.fullmatch(rf"{re.escape(REPOSITORY)}@sha256:[0-9a-f]{{64}}", found)
        (command,) = built(checkout)
        assert f"PYTHON_IMAGE={BASE}" in command
        assert command[command.index("--platform") + 1] == "linux/amd64"
        assert {"--provenance=false", "type=docker"} <= set(command)

    @pytest.mark.parametrize("changed", [None, "README.md", "local/cli.py", "tests/test_x.py", "buildspec.yml"])
    def test_not_again_while_it_would_hold_the_same(self, checkout, changed):
        before = address(checkout)
        if changed:
            file = checkout.folder / changed
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("changed")
        assert address(checkout) == before
        assert built(checkout) == []
        assert "docker push" not in {" ".join(call[:2]) for call in checkout.recorded}

    @pytest.mark.parametrize("changed", ["Dockerfile", "constraints.txt", "steps/train.py", "algorithms/new/file.json"])
    def test_when_what_it_holds_changes(self, checkout, changed):
        before = address(checkout)
        file = checkout.folder / changed
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as text:
            text.write("\n")
        assert address(checkout) != before
        assert built(checkout)

    def test_when_python_is_renewed(self, checkout):
        before = address(checkout)
        assert address(checkout, BASE=BASE.replace("7" * 64, "8" * 64)) != before
        assert built(checkout)

    def test_compiled_files_do_not_count(self, checkout):
        before = address(checkout)
        cache = checkout.folder / "steps/__pycache__"
        cache.mkdir(exist_ok=True)
        (cache / "train.pyc").write_text("compiled")
        assert address(checkout) == before
