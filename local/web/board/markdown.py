"""Markdown of strangers -> HTML that does nothing: no script, no form, no picture from elsewhere.

markdown-it-py writes no HTML that stands in the text; what it writes is sanitised once more by nh3 (ammonia).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p"),
    *("pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https"}

MARKER = re.compile(r"^<!-- mlops:[a-z0-9-]+ -->$", re.MULTILINE)
"""By which the bot knows its own comments; nobody has to read it."""

Place = Callable[[str], str | None]
"""Where the board serves what an address names; None: it does not."""


def to_html(text: str, place: Place) -> str:
    """The text as HTML. A picture that the board does not serve itself becomes a link."""
    import nh3

    return nh3.clean(
        _reader().render(MARKER.sub("", text), {"place": place}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    reader.add_render_rule("image", _image)
    reader.add_render_rule("link_open", _link)
    return reader


def _image(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    from html import escape

    token = tokens[index]
    source, alt = str(token.attrs["src"]), renderer.renderInlineAsText(token.children, options, env)
    found = env["place"](source)
    if found is None:
        return f'<a href="{escape(source)}">{escape(alt or source)}</a>'
    return f'<img src="{escape(found)}" alt="{escape(alt)}">'


def _link(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    found = env["place"](str(token.attrs["href"]))
    if found is not None:
        token.attrs["href"] = found
    return str(renderer.renderToken(tokens, index, options, env))
