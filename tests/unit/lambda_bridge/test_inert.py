from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lambda_bridge.inert import LONGEST_SENTENCE, LONGEST_VALUE, code, printable, prose, text

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = [
    "@octocat",
    "closes #12",
    "fixes octo/repo#12",
    "resolves GH-12",
    "<script>alert(1)</script>",
    "<!-- mlops:state -->",
    "![x](https://example.com/x.png)",
    "[x](javascript:alert(1))",
    "https://example.com",
    "www.example.com",
    "`x` @octocat",
    "| a | b |",
    "**bold** _x_ ~~y~~",
    "\x1b[31mred\x07",
    "a\n\n# heading\n\n- item",
    "&lt;b&gt;",
    "\u202egnirts",
]


def visible(text: str) -> str:
    return re.sub(r"<[^>]+>", "", MARKDOWN.render(text)).replace("\u200b", "")


@pytest.mark.parametrize("write", [code, prose])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_it_acts(write, text):
    html = MARKDOWN.render(f"| a |\n| --- |\n| {write(text)} |")
    tags = set(re.findall(r"<(/?\w+)", html))
    assert tags <= {
        "table",
        "/table",
        "thead",
        "/thead",
        "tbody",
        "/tbody",
        "tr",
        "/tr",
        "th",
        "/th",
        "td",
        "/td",
        "code",
        "/code",
    }
    assert html.count("<td") == 1
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.", html)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", html)


@given(st.text())
def test_prose_is_one_paragraph_of_plain_text(text):
    html = MARKDOWN.render(f"x {prose(text)} x")
    assert set(re.findall(r"<(/?\w+)", html)) == {"p", "/p"}


@pytest.mark.parametrize(
    "text", ["max_depth: must be at least 1, got 0.", "petal length (cm)", "50 % of rows [a, b]", "a * b ~ c"]
)
def test_a_person_reads_the_same_words(text):
    assert visible(prose(text)).strip() == text
    assert visible(code(text)).strip() == text


def test_long_text_is_cut():
    assert code("x" * 10_000) == f"`{'x' * (LONGEST_VALUE - 1)}…`"
    assert prose("x" * 10_000) == f"{'x' * (LONGEST_SENTENCE - 1)}…"


def test_the_cut_counts_what_a_person_reads_so_escapes_cost_no_advice():
    text = "*" * (LONGEST_SENTENCE - 7) + "Remove."
    assert prose(text) == "\\*" * (LONGEST_SENTENCE - 7) + "Remove."
    assert code("@" * LONGEST_VALUE) == "`" + "@\u200b" * LONGEST_VALUE + "`"


def test_printable_text_is_one_line_that_a_terminal_obeys_in_nothing():
    assert printable("a\x1b]0;b\x07\n\u202e\ud800é") == "a ]0;b    é"


def test_an_empty_value_is_visible():
    assert code("  ") == "(empty)"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_plain_text_holds_no_mention_link_or_markup(hostile):
    found = text(hostile)
    for trigger in ("@o", "#1", "<s", "<!", "&l", "://", "www.", "GH-"):
        assert trigger not in found
    assert "\n" not in found


def test_plain_text_has_no_backslashes_and_is_short():
    assert text("max_depth: *must* be [1]") == "max_depth: *must* be [1]"
    assert len(text("x" * 10_000)) == LONGEST_SENTENCE
