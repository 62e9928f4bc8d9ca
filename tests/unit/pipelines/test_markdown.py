"""Tables: pipes in cells stay in their cells."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from lambda_bridge.inert import code
from pipelines.markdown import table


@pytest.mark.parametrize("cell", ["a|b", "a\\|b", code("a|b")], ids=["bare", "escaped", "code"])
def test_a_pipe_stays_in_its_cell(cell):
    html = MarkdownIt("commonmark").enable("table").render(table(["x", "y"], [[cell, "2"]]))
    assert html.count("<td>") == 2
    assert "a|b" in html


def test_no_rows():
    assert table(["x", "y"], []) == "| x | y |\n| --- | --- |"
