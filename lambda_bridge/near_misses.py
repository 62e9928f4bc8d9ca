"""Comments that were meant as a command and are written so that they are none. Pure.

They never act; the person is told how to write them. Ordinary talk is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from algorithms.errors import IssueFormatError
from algorithms.wording import nearest

REPLY = "adjusted_hyperparameters"
NAMES = ("retrain", "cancel", "status", "help", "approve", "reject", "rollback")

ONE_OF = rf"/(?P<name>{'|'.join(NAMES)})(?![\w-])"
DRESSED = rf"(?:[^\w/<>\n]|\d{{1,3}}[.)]){{1,12}}{ONE_OF}"
"""A command behind a list's dash, stars, backticks, or something that nobody sees."""
DRESSED_LINE = re.compile(rf"(?:{DRESSED}|{ONE_OF.replace('?P<name>', '?P<bare>')})", re.IGNORECASE)
KEY = r"[^\w/<>\n]{0,12}(?P<key>[\w-]{0,20}hyper[\w-]{0,30})(?P<mark>[\"'*`]{0,3})[ ]{0,9}:"
KEY_LINE = re.compile(rf"^{KEY}", re.MULTILINE | re.IGNORECASE)
"""The key of a reply, or of what was meant as one, at the beginning of a line."""
MAPPING = re.compile(r"[ ]{0,9}(?:\{|\n[ ]{0,9}[\"']?\w{1,64}[\"']?[ ]{0,9}:)")
LINE = 100
"""Characters of a line that an answer repeats."""
AROUND = " \t`*_~.,;:!?\"')]"
OPENINGS = ("paragraph_open", "heading_open", "bullet_list_open", "ordered_list_open")


def dressed_command(text: str, tokens: list[Token]) -> tuple[str, str] | None:
    """The line that was meant as a command and how to write it, where the text begins with one.

    Quotes, fences, HTML and indented code before it are passed over.
    """
    starts = (token.map[0] for token in tokens if token.level == 0 and token.map and token.type in OPENINGS)
    start = next(starts, None)
    line = "" if start is None else text.split("\n")[start][: LINE + 1]
    found = DRESSED_LINE.match(line)
    if found is None:
        return None
    name = f"/{(found['name'] or found['bare']).lower()}"
    written = line[found.end() :].strip(AROUND)
    whole = f"{name} {written}" if name == "/retrain" and "=" in written and len(line) <= LINE else name
    return line.strip(), whole


def reply_key(tokens: list[Token]) -> str | None:
    """The key that was meant as `adjusted_hyperparameters`. Raises IssueFormatError for a reply in a wrong place."""
    for content in _contents(tokens):
        for found in KEY_LINE.finditer(content):
            key, follows = found["key"], MAPPING.match(content, found.end())
            if key == REPLY:
                got = "JSON" if '"' in found["mark"] else "it among other text"
                message = f"reply: must be YAML, alone or in a ```yaml block, got {got}. Begin it with {REPLY}: there."
                raise IssueFormatError.of("reply", None, message)
            if nearest(key, [REPLY, "hyperparameters"]) and (follows or "adjust" in key.lower()):
                return key
    return None


def _contents(tokens: list[Token]) -> Iterator[str]:
    """Paragraphs, in lists too, and blocks marked as JSON; nothing of quotes."""
    quotes = 0
    for token in tokens:
        if token.type.startswith("blockquote"):
            quotes += token.nesting
        is_json = token.type == "fence" and token.info.lower().lstrip().startswith("json")
        if quotes == 0 and (is_json or token.type == "inline"):
            yield token.content
