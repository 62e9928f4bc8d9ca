"""Text from strangers, made inert for Markdown: no mention, no reference, no closing keyword, no HTML, no link. Pure.

GitHub resolves mentions, references and links on the rendered text, so escaping with a backslash is not enough: an
invisible zero-width space breaks the pattern, and what a person reads stays the same.
"""

from __future__ import annotations

import re
import unicodedata

ZERO_WIDTH_SPACE = "\u200b"
LONGEST = 300
"""Characters that one value may take in a comment."""

TRIGGER = re.compile(r"(@|#|<|&|:(?=//)|\bGH(?=-\d)|\bwww(?=\.))", re.IGNORECASE)
MARKDOWN = re.compile(r"([\\`*_{}\[\]()|~>+!$])")


def code(value: object) -> str:
    """A value as a code span that also stands in a table cell."""
    text = _defuse(str(value)).replace("`", "'").replace("|", "\\|").strip()
    return f"`{text}`" if text else "(empty)"


def prose(text: str) -> str:
    """A sentence as plain text: nothing in it is Markdown any more."""
    return _defuse(MARKDOWN.sub(r"\\\1", _printable(text)))


def _defuse(text: str) -> str:
    return TRIGGER.sub(rf"\1{ZERO_WIDTH_SPACE}", _printable(text))


def _printable(text: str) -> str:
    """One line without control, format and surrogate characters (terminals obey those), and not too long."""
    line = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
