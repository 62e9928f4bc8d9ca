"""The command `mlops` in this process, and a workspace in which it ran an issue."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from local.cli import main


def mlops(*arguments: object) -> Result:
    """What it printed, and its exit code. Anything else that it raises is raised here."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def registered(folder: Path, body: str) -> Path:
    """A workspace with one registered version, of an issue with this body."""
    (folder / "issue.md").write_text(body)
    done = mlops("run", folder / "issue.md", "--workspace", folder / "ws", "--json")
    assert done.exit_code == 0, done.output
    return folder / "ws"
