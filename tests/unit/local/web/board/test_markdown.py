"""Strangers' Markdown as HTML: readable, and inert."""

from __future__ import annotations

import random
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from local.web.board.markdown import to_html

NOWHERE = lambda _: None  # noqa: E731
ALLOWED = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p"),
    *("pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
HOSTILE = [
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=//x.org>"),
    *("[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](data:text/html,<script>alert(1)</script>)"),
    *("![a](javascript:alert(1))", "![a](http://x.org/p.png)", "![a](data:image/svg+xml,<svg/onload=alert(1)>)"),
    *("<javascript:alert(1)>", "[a]: javascript:alert(1)\n\n[a]", "[a](<java\nscript:alert(1)>)", "<form action=/new>"),
    *('<a href="/" style="position:fixed">x</a>', "<style>*{display:none}</style>", "<base href=//x.org>"),
    *('![" onerror="alert(1)](x)', '[x](/ "onmouseover=alert(1)")', "`<script>`", "```\n</code><script>\n```"),
    *("<!-- --><script>alert(1)</script>", "<meta http-equiv=refresh content=0>", "<input name=form_secret>"),
    *("| a |\n| - |\n| <script> |", "> <object data=x>", "- <embed src=x>", "&lt;script&gt;", "\u202e<b>\u0000</b>"),
    *("<a href='vbscript:x'>", "[a](//x.org)", "[a](\\javascript:x)", "<math><mi xlink:href=javascript:x>", "<x y=z>"),
]


class Seen(HTMLParser):
    """Tags and attributes of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]


def is_inert(html: str) -> bool:
    seen = Seen(html)
    names = {(tag, name) for tag, name, _ in seen.attributes}
    links = [value for _, name, value in seen.attributes if name in ("href", "src")]
    pictures = [value for tag, name, value in seen.attributes if (tag, name) == ("img", "src")]
    return (
        seen.tags <= ALLOWED
        and names <= {("a", "href"), ("a", "title"), ("a", "rel"), ("img", "src"), ("img", "alt"), ("ol", "start")}
        and all(urlsplit(value).scheme in ("", "http", "https") for value in links)
        and all(value.startswith("/files/") for value in pictures)
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_each_is_inert(text):
    assert is_inert(to_html(text, NOWHERE)), to_html(text, NOWHERE)


def test_a_thousand_mixtures_are_inert():
    draw = random.Random(7)
    glue = ["\n", "\n\n", " ", "", "<", ">", "`", "**", "[", "](", ")", "|", "\t", "&", '"', "<!--", "-->", "\\"]
    for _ in range(1000):
        parts = [draw.choice(HOSTILE)[draw.randrange(3) :] + draw.choice(glue) for _ in range(draw.randrange(2, 12))]
        text = "".join(parts)
        assert is_inert(to_html(text, NOWHERE)), text


def test_ordinary_markdown_can_be_read():
    html = to_html(
        "# Head\n\n| a | b |\n| - | - |\n| 1 | **2** |\n\n```yaml\nx: 1\n```\n\n- one\n\n[l](https://e.org)", NOWHERE
    )
    for part in ("<h1>Head</h1>", "<td>1</td>", "<strong>2</strong>", "x: 1", "<li>one</li>", 'href="https://e.org"'):
        assert part in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_pictures_that_are_served_here_are_shown_and_others_linked():
    place = {"/ws/a.png": "/files/a.png"}.get
    assert '<img src="/files/a.png" alt="one">' in to_html("![one](</ws/a.png>)", place)
    assert to_html("![two](https://e.org/b.png)", place).startswith('<p><a href="https://e.org/b.png"')


def test_the_bots_marker_is_not_shown():
    assert to_html("Done.\n\n<!-- mlops:result-1 -->\n", NOWHERE) == "<p>Done.</p>\n"
