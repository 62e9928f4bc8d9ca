"""The commands in the documentation do what they say."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import main

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
LAST_LINE = "Ctrl-C ends the service; what is under way goes on with the next one.\n"
LINK = re.compile(r"\]\((?!https?://|#)([^)\s]+)\)")


def commands():
    for page in PAGES:
        for block in BLOCK.findall(page.read_text()):
            yield from (line.partition("  #")[0].strip() for line in block.splitlines())


SERVES = ("mlops serve ", "curl ")
"""How to serve a model: `tests/integration/test_serve.py` does what they say."""
MLOPS = sorted({command for command in commands() if command.startswith("mlops ") and not command.startswith(SERVES)})
MAKE = sorted({command.split()[1] for command in commands() if command.startswith("make ")})


def test_there_are_commands_of_both_kinds():
    assert len(MLOPS) >= 5
    assert {"run", "test"} <= set(MAKE)


def test_every_command_is_of_a_kind_that_is_tested():
    """Those of AWS and of the CDK are looked up in `tests/aws/test_how_to.py`."""
    tested = ("mlops ", "make ", "aws ", "cdk ", *SERVES)
    assert [command for command in commands() if not command.startswith(tested)] == []


@pytest.mark.parametrize("target", MAKE)
def test_make_targets_exist(target):
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


SERVICES = [command for command in MLOPS if command.startswith("mlops up")]


@pytest.mark.parametrize("command", SERVICES)
def test_services_serve_until_they_are_told_to_stop(command, tmp_path):
    started = [sys.executable, "-m", "local.cli", *shlex.split(command)[1:], "--port", "0"]
    with subprocess.Popen(started, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(PROJECT)}, **PIPES) as service:
        try:
            told = list(iter(service.stdout.readline, LAST_LINE))
            service.send_signal(signal.SIGTERM)
            assert service.wait(60) == 0, service.stderr.read()
        finally:
            service.kill()
    assert any("http://127.0.0.1:" in line for line in told)


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted({*MLOPS} - {*SERVICES}))
def test_commands_succeed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed_code").symlink_to(PROJECT / "seed_code")
    result = CliRunner().invoke(main, shlex.split(command)[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_between_pages_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target.partition("#")[0]).exists(), target
