from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from local.console import Lines, Silent, Terminal, screen


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def tell(where):
    with where:
        where.step_started("Train")
        where.step_progress("Train", 37, 100, "round")
        where.step_ended("Train", "succeeded")
        where.step_ended("RegisterModel", "succeeded")
        where.comment("### Registered\n\n- one\n")


def test_plain_lines_tell_each_step_once(capsys):
    tell(Lines())
    assert capsys.readouterr().out == (
        "Train ...\nTrain: succeeded\nRegisterModel: succeeded\n\n### Registered\n\n- one\n\n"
    )


def test_silence(capsys):
    tell(Silent())
    assert capsys.readouterr().out == ""


def test_a_terminal_shows_a_bar_per_step_and_rendered_comments(terminal):
    tell(Terminal(terminal))
    shown = re.sub(r"\x1b\[[0-9;?]*\w", "", terminal.file.getvalue())
    assert "Train" in shown
    assert "RegisterModel" in shown
    assert "• one" in shown
    assert "###" not in shown


def test_the_bar_shows_what_training_reports(terminal):
    bars = Terminal(terminal)
    with bars:
        bars.step_started("Train")
        bars.step_progress("Train", 37, 100, "round")
        bars.comment("done")
    assert "37 of 100 rounds" in terminal.file.getvalue()


def test_without_a_terminal_lines_are_printed():
    assert isinstance(screen(silent=False), Lines)
    assert type(screen(silent=True)) is Silent
