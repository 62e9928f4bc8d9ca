"""Text from strangers, made inert for Markdown: no mention, no reference, no closing keyword, no HTML, no link. Pure.

GitHub resolves mentions, references and links on the rendered text, so escaping with a backslash is not enough: an
invisible zero-width space breaks the pattern, and what a person reads stays the same.
"""

from __future__ import annotations

import re
import unicodedata

ZERO_WIDTH_SPACE = "\u200b"
LONGEST_VALUE = 300
"""Characters of a value that a comment shows in a code span; escaping comes on top."""
LONGEST_SENTENCE = 600
"""Characters of a message or finding that a comment shows. Its advice stands last."""

TRIGGER = re.compile(r"(@|#|<|&|:(?=//)|\bGH(?=-\d)|\bwww(?=\.))", re.IGNORECASE)
MARKDOWN = re.compile(r"([\\`*_{}\[\]()|~>+!$])")


def code(value: object) -> str:
    """A value as a code span that also stands in a table cell."""
    text = _defuse(_cut(str(value), LONGEST_VALUE)).replace("`", "'").replace("|", "\\|").strip()
    return f"`{text}`" if text else "(empty)"


def prose(text: str) -> str:
    """A sentence as plain text: nothing in it is Markdown any more."""
    return _defuse(MARKDOWN.sub(r"\\\1", _cut(text, LONGEST_SENTENCE)))


def _defuse(text: str) -> str:
    return TRIGGER.sub(rf"\1{ZERO_WIDTH_SPACE}", text)


def _cut(text: str, longest: int) -> str:
    return printable(text if len(text) <= longest else f"{text[: longest - 1]}…")


def printable(text: str) -> str:
    """One line without control, format and surrogate characters: terminals obey those."""
    return "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)


def text(value: str) -> str:
    """A sentence for plain text, on Slack or in an e-mail: no mention and no link, without Markdown's backslashes."""
    return _defuse(_cut(value, LONGEST_SENTENCE))
