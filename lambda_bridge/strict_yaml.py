"""A strict reader of YAML that strangers write. Pure.

PyYAML only splits the text into events; values are read by the core schema of YAML 1.2 (yaml.org/spec/1.2.2, 10.3):
`1e-3` is a number, `no` is a text, `012` is the number 12, a date is a text. What can make a small text large or mean
two things is refused: anchors, aliases, merge keys, tags, directives, several documents, repeated keys, deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from algorithms.errors import IssueFormatError
from algorithms.wording import plain, shown

LONGEST_TEXT = 65_536
"""Characters; GitHub's own limit for the body of an issue."""

MOST_LINES = 5_000
"""Reading thousands of two-letter lines as Markdown would take seconds."""

DEEPEST = 20
MOST_NODES = 2_000
"""Keys and values together; a request with everything in it has a few hundred."""

MOST_DIGITS = 40

NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
TRUE = re.compile(r"(?:true|True|TRUE)\Z")
FALSE = re.compile(r"(?:false|False|FALSE)\Z")
INTEGER = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters but tab and line ends, and halves of surrogate pairs."""


def read_yaml(text: str, first_line: int = 1) -> dict[str, Any]:
    """The one mapping that `text` holds: texts as keys; texts, numbers, booleans, None, lists and mappings as values.

    `first_line` is the number of the text's first line in what the person wrote. Raises IssueFormatError, which names
    the line.
    """
    text = text.removeprefix("\ufeff")
    check_text(text, first_line)
    try:
        value = _Reader(text, first_line).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "unreadable"
        advice = "Indent with spaces, not with tabs." if r"\t" in reason else INDENTATION
        _refuse(first_line + (mark.line if mark else 0), f"is not valid YAML ({reason.replace('`', '')})", None, advice)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise IssueFormatError.of("body", None, f"body: is not valid YAML, got a bad escape. {INDENTATION}") from error
    if value is None:
        raise IssueFormatError.of("body", None, "body: holds no YAML. Write lines of `key: value`.")
    if not isinstance(value, dict):
        _refuse(first_line, "must be lines of `key: value`", value, "Put the YAML into a ```yaml block.")
    return value


INDENTATION = "Check indentation, quotes and colons, or put the YAML alone into a ```yaml block."


def check_text(text: str, first_line: int = 1) -> None:
    """Raises IssueFormatError for a text that is too long or holds control characters."""
    for limit, size, unit in ((LONGEST_TEXT, len(text), "characters"), (MOST_LINES, text.count("\n") + 1, "lines")):
        if size > limit:
            message = f"body: must be at most {limit} {unit}, got {size}. Shorten it."
            raise IssueFormatError.of("body", f"{size} {unit}", message)
    found = UNREADABLE.search(text)
    if found:
        line = first_line + text.count("\n", 0, found.start())
        _refuse(line, "holds a control character", found.group(), "Remove it.")


def scalar(text: str) -> Any:
    """What an unquoted text means. Raises ValueError for a number of more than MOST_DIGITS characters."""
    if NULL.match(text):
        return None
    if TRUE.match(text) or FALSE.match(text):
        return bool(TRUE.match(text))
    if INTEGER.match(text) or FLOAT.match(text):
        return _number(text)
    return float(text.replace(".", "")) if SPECIAL.match(text) else text


def _number(text: str) -> int | float:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"holds a number of {len(text)} digits")
    if INTEGER.match(text):
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    return float(text)


def _refuse(line: int, what: str, got: Any, advice: str) -> NoReturn:
    value = f", got {shown(got)}" if got is not None else ""
    raise IssueFormatError.of("body", plain(got), f"body: line {line} {what}{value}. {advice}")


class _Reader:
    """Builds one value from PyYAML's events and refuses, at its line, what a request never needs."""

    def __init__(self, text: str, first_line: int) -> None:
        self._events: Iterator[Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._first_line = first_line
        self._nodes = 0

    def document(self) -> Any:
        """The value of the only document."""
        start = next((event for event in self._events if isinstance(event, DocumentStartEvent)), None)
        if start is None:
            return None
        if start.version or start.tags:
            self._refuse(start, "holds a directive", "%", "Remove the line that begins with %.")
        value = self._value(next(self._events), 1)
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._refuse(event, "begins a second document", "---", "Write one document.")
        return value

    def _value(self, event: Event, depth: int) -> Any:
        self._check(event, depth)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        return self._mapping(depth) if isinstance(event, MappingStartEvent) else self._sequence(depth)

    def _check(self, event: Event, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(event, f"exceeds {MOST_NODES} keys and values", None, "Shorten the request.")
        if depth > DEEPEST:
            self._refuse(event, f"is nested deeper than {DEEPEST} levels", None, "Write flat lines of `key: value`.")
        if isinstance(event, AliasEvent):
            self._refuse(event, "holds an alias", f"*{event.anchor}", "Write the value out.")
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._refuse(event, "holds an anchor", f"&{event.anchor}", "Write the value out where it is needed.")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            self._refuse(event, "holds a tag", str(event.tag), "Remove it.")

    def _scalar(self, event: ScalarEvent) -> Any:
        found = UNREADABLE.search(event.value)
        if found:
            self._refuse(event, "holds a control character", found.group(), "Remove it.")
        if event.style is not None:
            return event.value
        try:
            return scalar(event.value)
        except ValueError as error:
            self._refuse(event, str(error), event.value, f"Write at most {MOST_DIGITS} digits.")

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._until_end():
            key = self._key(event, depth)
            if key in found:
                self._refuse(event, "repeats a key", key, "Keep one of the two.")
            found[key] = self._value(next(self._events), depth + 1)
        return found

    def _key(self, event: Event, depth: int) -> str:
        if not isinstance(event, ScalarEvent | AliasEvent):
            self._refuse(event, "has a list or mapping as a key", None, "Use a text as the key.")
        if isinstance(event, ScalarEvent) and event.style is None and event.value == "<<":
            self._refuse(event, "holds a merge key", "<<", "Write the values out.")
        key = self._value(event, depth)
        if not isinstance(key, str):
            self._refuse(event, "has a key that is no text", key, "Put the key in quotes.")
        return key

    def _sequence(self, depth: int) -> list[Any]:
        return [self._value(event, depth + 1) for event in self._until_end()]

    def _until_end(self) -> Iterator[Event]:
        """The first event of each member of the collection that has just begun."""
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event

    def _refuse(self, event: Event, what: str, got: Any, advice: str) -> NoReturn:
        _refuse(self._first_line + (event.start_mark.line if event.start_mark else 0), what, got, advice)
