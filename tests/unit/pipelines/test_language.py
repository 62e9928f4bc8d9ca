"""Every sentence has its translation, with the same places, commands and signs; only our own texts are templates."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from pipelines.language import catalogue, say, speaking, spoken

PROJECT = Path(__file__).parents[3]
SAID = sorted(file for name in ("lambda_bridge", "pipelines", "local") for file in (PROJECT / name).rglob("*.py"))
SPAN = re.compile(r"`[^`]+`")
SIGNS = re.compile("[✅⚠❌⏹⏳⏸]")
TABLES = re.compile(r"[A-Z_]+")


def calls():
    for file in SAID:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "mark"):
                yield file, node


def templates():
    return {node.args[0].value: node for _, node in calls() if node.args and isinstance(node.args[0], ast.Constant)}


def places(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_the_catalogue_has_every_sentence_and_no_other():
    written = {*templates(), *board_texts()}
    assert {*catalogue("ja")} - written == set(), "stale"
    assert written - {*catalogue("ja")} == set(), "missing"
    assert len(written) > 200


def board_texts():
    found = set()
    for page in (PROJECT / "local/web/board/templates").glob("*.html"):
        found |= set(re.findall(r'say\("([^"]+)"', page.read_text()))
    return found


def bare(text):
    """Without the fence inside a code span, which has backticks of its own."""
    return text.replace("```` ```yaml ````", "")


@pytest.mark.parametrize("template", sorted(catalogue("ja")))
def test_a_translation_says_the_same(template):
    other = catalogue("ja")[template]
    assert other.strip()
    assert places(other) <= places(template)
    assert places(template) - places(other) <= {"path"}
    assert sorted(SPAN.findall(bare(other))) == sorted(SPAN.findall(bare(template)))
    assert SIGNS.findall(other) == SIGNS.findall(template)
    assert re.findall(r"^#+ ", other) == re.findall(r"^#+ ", template)


def test_only_texts_of_this_program_are_templates():
    """A literal, or what stands in a table of literals, which is named in capitals."""
    for file, node in calls():
        if file.name == "language.py":
            continue
        first = node.args[0]
        names = {each.id for each in ast.walk(first) if isinstance(each, ast.Name)}
        fine = isinstance(first, ast.Constant) or any(TABLES.fullmatch(name) for name in names)
        assert fine or file.name in ("answers.py", "step_table.py"), ast.unparse(node)


def test_every_call_fills_its_places():
    for _, node in calls():
        if (
            isinstance(node.args[0], ast.Constant)
            and node.func.id == "say"
            and not any(k.arg is None for k in node.keywords)
        ):
            assert {keyword.arg for keyword in node.keywords} == places(node.args[0].value), ast.unparse(node)


def test_a_block_speaks_another_language():
    assert say("step") == "step"
    with speaking("ja"):
        assert (spoken(), say("step")) == ("ja", "ステップ")
        with speaking("en"):
            assert say("step") == "step"
    assert spoken() == "en"


def test_values_are_no_templates():
    assert say("Why: {why}", why="{author} {0} {why.__class__}") == "Why: {author} {0} {why.__class__}"
