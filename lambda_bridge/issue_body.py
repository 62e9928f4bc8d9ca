"""The body of an issue -> TrainingRequest. Pure.

Three kinds are read: the sections that GitHub renders from the issue form (the first line is the heading of one of its
fields), one fenced YAML block in a Markdown text, and YAML alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from algorithms.errors import IssueFormatError, Problem
from algorithms.validation import branches_of, fields
from algorithms.wording import did_you_mean, plain, shown
from lambda_bridge.strict_yaml import check_text, read_yaml, scalar
from pipelines.request import TrainingRequest, form_label, parse_request

__all__ = [
    "BLOCKS",
    "IssueFile",
    "only_fence",
    "read_body",
    "read_fence",
    "read_file",
    "read_mapping",
    "read_yaml",
    "unified",
    "yaml_fences",
]

NO_RESPONSE = "_No response_"
"""What GitHub writes under the heading of a field that was left empty."""

DEFAULT_LABELS = ("mlops:train",)
LONGEST_TITLE = 256

BLOCKS = MarkdownIt("commonmark")
BLOCKS.core.ruler.enableOnly(["normalize", "block"])
"""Finds the blocks of a Markdown text; what stands inside a line is not looked at."""

MARKDOWN = re.compile(r"```|~~~|\A\s*###")
"""What makes a body worth reading as Markdown; YAML alone has none of it."""

MOST_PROBLEMS = 50

FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class IssueFile(NamedTuple):
    """An issue written as a file."""

    title: str | None
    """None: the file's name is the title."""
    labels: tuple[str, ...]
    body: str


class Section(NamedTuple):
    """A heading of a form, the lines below it, and the number of the first of these."""

    label: str
    text: str
    first_line: int


def read_body(text: str) -> TrainingRequest:
    """The request in the body of an issue.

    Raises IssueFormatError where the text cannot be read, and ParameterError with every problem of its keys.
    """
    return parse_request(read_mapping(text))


def read_mapping(text: str) -> dict[str, Any]:
    """The keys and values in a body of any of the three kinds. Raises IssueFormatError."""
    text = unified(text)
    check_text(text)
    tokens = BLOCKS.parse(text) if MARKDOWN.search(text) else []
    sections = list(_sections(text, tokens))
    if sections and sections[0].label in LABELS and text.lstrip().startswith("###"):
        return _read_form(sections)
    fences = yaml_fences(tokens)
    if not fences:
        return read_yaml(text)
    return read_fence(only_fence(fences))


def read_file(text: str) -> IssueFile:
    """Title, labels and body of an issue file: optional front matter with `title` and `labels`, then the body.

    Raises IssueFormatError for front matter that holds anything else.
    """
    text = unified(text)
    found = FRONT_MATTER.match(text)
    if found is None:
        return IssueFile(None, DEFAULT_LABELS, text)
    given = read_yaml(found.group(1), first_line=2) if found.group(1).strip() else {}
    problems = [*_unknown_front_matter(given), *_wrong_front_matter(given)]
    if problems:
        raise IssueFormatError(problems)
    return IssueFile(given.get("title"), tuple(given.get("labels") or DEFAULT_LABELS), text[found.end() :])


def _unknown_front_matter(given: dict[str, Any]) -> Iterator[Problem]:
    for key in sorted(given.keys() - {"title", "labels"}):
        message = (
            f"front matter: takes only title and labels, got {shown(key)}. Write the request below the second ---."
        )
        yield Problem("front matter", plain(key), message)


def _wrong_front_matter(given: dict[str, Any]) -> Iterator[Problem]:
    title, labels = given.get("title"), given.get("labels")
    if title is not None and not (isinstance(title, str) and 0 < len(title.strip()) <= LONGEST_TITLE):
        message = f"title: must be a text of 1 to {LONGEST_TITLE} characters, got {shown(title)}. Correct it."
        yield Problem("title", plain(title), message)
    if labels is not None and not (isinstance(labels, list) and all(isinstance(label, str) for label in labels)):
        yield Problem("labels", plain(labels), f"labels: must be a list of texts, got {shown(labels)}. Correct it.")


def unified(text: str) -> str:
    """`text` without a byte order mark, and with line ends as the other readers count them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


LABELS = {form_label(key): key for key in TrainingRequest.model_fields}


def yaml_fences(tokens: list[Token]) -> list[Token]:
    """Fenced blocks marked as YAML, else unmarked ones; not those in quotes, lists and HTML comments."""
    fences = [token for token in tokens if token.type == "fence" and token.level == 0]
    marked = [token for token in fences if token.info.lower().split()[:1] in (["yaml"], ["yml"])]
    return marked or [token for token in fences if not token.info.strip()]


def only_fence(fences: list[Token]) -> Token:
    """The one fence there may be. Raises IssueFormatError for more."""
    if len(fences) > 1:
        lines = ", ".join(str(_line(fence)) for fence in fences[:10])
        message = (
            f"body: must hold one YAML block, got {len(fences)}, at lines {lines}. Join them into one ```yaml block."
        )
        raise IssueFormatError.of("body", f"{len(fences)} blocks", message)
    return fences[0]


def read_fence(fence: Token) -> dict[str, Any]:
    """The mapping in a fenced block. Raises IssueFormatError."""
    return read_yaml(fence.content, first_line=_line(fence) + 1)


def _line(token: Token) -> int:
    """The number of a block's first line, from 1."""
    return token.map[0] + 1 if token.map else 1


def _sections(text: str, tokens: list[Token]) -> Iterator[Section]:
    """The parts of `text` under its headings of level 3."""
    lines = text.split("\n")
    starts = [token.map[0] for token in tokens if token.type == "heading_open" and token.tag == "h3" and token.map]
    for start, end in pairwise([*starts, len(lines)]):
        label = lines[start].strip().lstrip("#").strip()
        yield Section(label, "\n".join(lines[start + 1 : end]), start + 2)


def _read_form(sections: list[Section]) -> dict[str, Any]:
    problems, found = [], {}
    for section in sections:
        key = LABELS.get(section.label)
        if key is None or key in found:
            problems.append(_wrong_section(section, "is repeated" if key else "is no field of the form"))
        else:
            found[key] = _field(key, section)
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise IssueFormatError(problems)
    return {key: value for key, value in found.items() if value is not None}


def _wrong_section(section: Section, what: str) -> Problem:
    advice = "Remove the section." if section.label in LABELS else did_you_mean(section.label, LABELS)
    message = f"body: line {section.first_line - 1} has a heading that {what}, got {shown(section.label)}. {advice}"
    return Problem("body", plain(section.label), message)


def _field(key: str, section: Section) -> Any:
    """The value in a section: YAML for mappings, a number where the key takes one, else a text."""
    content = section.text.strip()
    if content in ("", NO_RESPONSE):
        return None
    types = {branch.get("type") for branch in branches_of(fields(TrainingRequest)[key])}
    if "object" in types:
        return _mapping(section)
    if "array" in types:
        return _names(content)
    return _number(content) if types & {"integer", "number"} else content


def _names(content: str) -> Any:
    """A list as in YAML, or names with commas between them."""
    if content.startswith(("[", "-")):
        return read_yaml(f"names:\n{content}" if content.startswith("-") else f"names: {content}")["names"]
    return [name.strip() for name in content.split(",") if name.strip()]


def _number(content: str) -> Any:
    try:
        return scalar(content)
    except ValueError:
        return content


def _mapping(section: Section) -> dict[str, Any] | None:
    """The YAML of a text area, which GitHub puts into a fence; None where it is empty."""
    fences = yaml_fences(BLOCKS.parse(section.text))
    if not fences:
        return read_yaml(section.text, section.first_line)
    fence = only_fence(fences)
    first_line = section.first_line + _line(fence)
    return read_yaml(fence.content, first_line) if fence.content.strip() else None
