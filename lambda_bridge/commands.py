"""A comment -> a command. Pure.

A slash command begins the first paragraph of the comment; quotes, fences and HTML comments before it are passed over.
A reply with `adjusted_hyperparameters:` is YAML alone, or one fenced block. Anything else is ordinary talk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast, get_args

from markdown_it.token import Token

from algorithms.errors import IssueFormatError, Problem
from algorithms.wording import nearest, plain, shown
from lambda_bridge.issue_body import BLOCKS, only_fence, read_fence, read_yaml, unified, yaml_fences
from lambda_bridge.near_misses import DRESSED, KEY, NAMES, REPLY, dressed_command, reply_key
from lambda_bridge.runs import ReviewKind
from lambda_bridge.strict_yaml import check_text, scalar

WORTH_READING = re.compile(rf"^(?:[ ]{{0,3}}/[a-z]|{DRESSED}|{KEY})", re.MULTILINE | re.IGNORECASE)
"""What a comment needs to be looked at closely."""
MEANT = re.compile(rf"\s*(?:/(?:{'|'.join(NAMES)})\b|{REPLY}[ ]*:)", re.IGNORECASE)
"""A comment that begins so is no ordinary talk, even where it is too long to be read."""
COMMAND_LINE = re.compile(rf"^[ ]{{0,3}}(/(?:{'|'.join(NAMES)}))(?=\s|\Z)", re.MULTILINE | re.IGNORECASE)
REPLY_LINE = re.compile(rf"^{REPLY}[ ]*:", re.MULTILINE)
SLASH = re.compile(r"/([A-Za-z][\w-]{0,39})(?:\s+(.*))?", re.DOTALL)
PAIR = re.compile(r"""(?<!\S)([A-Za-z_]\w{0,63})=("[^"\n]*"|'[^'\n]*'|\[[^\[\]\n]*\]|[^\s"'\[\]]+)(?=\s|\Z)""")
FENCED_KEY = re.compile(r"^[ {\"']{0,9}[\w-]{0,20}hyper[\w-]{0,30}[\"']?[ ]{0,9}:", re.MULTILINE | re.IGNORECASE)
COMMA = re.compile(r"[,;](?:\Z|[A-Za-z_]\w*=)")
VERSION = re.compile(r"(?:([1-9][0-9]{0,8})(?:[ ,:]+(?![0-9 ]+\Z)(.+))?)?")
"""A version, and after it why."""
MOST_PAIRS = 100
LONGEST_WHY = 500
"""Characters of a reason that are kept."""
EXAMPLE = "Write for example: /retrain max_depth=8 learning_rate=0.05"


@dataclass(frozen=True)
class Adjust:
    """Train again with these hyperparameters changed; None restores a default."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class Cancel:
    """End the run."""


@dataclass(frozen=True)
class Status:
    """Tell how it stands."""


@dataclass(frozen=True)
class Help:
    """Tell the commands."""


@dataclass(frozen=True)
class Review:
    """Approve, reject or roll back a version; None: the one that the issue registered, or the one before."""

    kind: ReviewKind
    version: int | None
    why: str = ""


@dataclass(frozen=True)
class Unknown:
    """Looks like a command and is none."""

    name: str
    suggestion: str


Command = Adjust | Cancel | Status | Help | Review | Unknown

ALONE: dict[str, Command] = {"cancel": Cancel(), "status": Status(), "help": Help()}
"""Commands that take nothing."""


def read_command(text: str) -> Command | None:
    """The command in a comment; None: ordinary talk.

    Raises IssueFormatError for a reply that cannot be read, or that asks for more than other hyperparameters.
    """
    text = unified(text)
    if not WORTH_READING.search(text):
        return None
    try:
        check_text(text)
        return _read(text, BLOCKS.parse(text))
    except IssueFormatError as error:
        unread = all(problem.key == "body" for problem in error.problems)
        if unread and not MEANT.match(text) and not REPLY_LINE.search(text):
            return None
        raise IssueFormatError([_of_reply(problem) for problem in error.problems]) from error


def _of_reply(problem: Problem) -> Problem:
    """The reader of YAML speaks of a body."""
    if problem.key != "body":
        return problem
    return Problem("reply", problem.value, f"reply{problem.message.removeprefix('body')}")


def _read(text: str, tokens: list[Token]) -> Command | None:
    paragraphs = list(_paragraphs(tokens))
    found = SLASH.fullmatch(paragraphs[0].strip()) if paragraphs else None
    if found is None:
        return _reply(text, tokens, paragraphs) or _near_miss(text, tokens)
    name, rest = found.group(1).lower(), (found.group(2) or "").strip()
    if name in NAMES:
        _check_alone(paragraphs, bool(_reply_fences(tokens)) and (name != "retrain" or rest != ""))
    if name == "retrain":
        return _pairs(rest) if rest else _reply(text, tokens, paragraphs) or _nothing_to_change()
    if name in get_args(ReviewKind):
        return _review(cast(ReviewKind, name), rest, paragraphs[1:])
    return _slash(name, rest.split("\n")[0].strip()) or _near_miss(text, tokens)


def _check_alone(paragraphs: list[str], has_reply: bool) -> None:
    """Raises IssueFormatError where a comment holds more than one command: which one is meant nobody knows."""
    lines = [line.strip() for text in paragraphs for line in text.split("\n") if COMMAND_LINE.match(line)]
    found = [line.split()[0].lower() for line in dict.fromkeys(lines)] + [f"{REPLY}:"] * has_reply
    if len(found) > 1:
        message = f"comment: must hold one command, got {' and '.join(found[:5])}. Write each as a comment of its own."
        raise IssueFormatError.of("comment", None, message)


def _near_miss(text: str, tokens: list[Token]) -> Unknown | None:
    dressed = dressed_command(text, tokens)
    if dressed is not None:
        return Unknown(*dressed)
    key = reply_key(tokens)
    return None if key is None else Unknown(f"{key}:", f"{REPLY}:")


def _paragraphs(tokens: list[Token]) -> Iterator[str]:
    """The texts of ordinary paragraphs and headings: not of quotes, lists, fences, HTML."""
    return (token.content for token in tokens if token.type == "inline" and token.level == 1)


def _slash(name: str, argument: str) -> Command | None:
    if name in ALONE:
        return Unknown(f"/{name} {argument}", f"/{name}") if argument else ALONE[name]
    close = nearest(name, NAMES)
    return None if close is None else Unknown(f"/{name}", f"/{close}")


def _review(kind: ReviewKind, text: str, others: list[str]) -> Command:
    """A version, and why: on the same line after it, or on further lines."""
    argument, _, more = text.partition("\n")
    found = VERSION.fullmatch(argument.strip())
    if found is None:
        return Unknown(f"/{kind} {argument.strip()}", f"/{kind} 3")
    why = " ".join(" ".join([found[2] or "", more, *others]).split())
    return Review(kind, int(found[1]) if found[1] else None, why[:LONGEST_WHY])


def _nothing_to_change() -> Command:
    raise IssueFormatError.of("retrain", None, f"/retrain: names no hyperparameter. {EXAMPLE}")


def _pairs(text: str) -> Adjust:
    """`key=value ...`, over one or more lines of the paragraph."""
    left = PAIR.sub("", text).split()
    if left:
        message = f"/retrain: takes key=value pairs without spaces around the =, got {shown(left[0])}. {EXAMPLE}"
        raise IssueFormatError.of("retrain", plain(left[0]), message)
    found: dict[str, Any] = {}
    _check_commas(text)
    for match in PAIR.finditer(text):
        key = match.group(1)
        if key in found or len(found) == MOST_PAIRS:
            what = "is given twice" if key in found else f"is one of more than {MOST_PAIRS}"
            raise IssueFormatError.of(key[:60], None, f"{key[:60]}: {what}. Give each hyperparameter once.")
        found[key] = _value(key, match.group(2))
    return Adjust(found)


def _check_commas(text: str) -> None:
    """Raises IssueFormatError where values are separated by more than spaces."""
    for match in PAIR.finditer(text):
        key, value = match.group(1)[:60], match.group(2)
        if value[0] not in "\"'[" and COMMA.search(value):
            message = f"{key}: values are separated by spaces, got {shown(value)}. Leave out the comma. {EXAMPLE}"
            raise IssueFormatError.of(key, shown(value), message)


def _value(key: str, text: str) -> Any:
    """A value as YAML reads it: a number, a text in quotes or without, a list in brackets."""
    if text[0] in "\"'[":
        return read_yaml(f"value: {text}")["value"]
    try:
        return scalar(text)
    except ValueError as error:
        raise IssueFormatError.of(key[:60], shown(text), f"{key[:60]}: {error}. Write fewer digits.") from error


def _reply(text: str, tokens: list[Token], paragraphs: list[str]) -> Command | None:
    """The reply in a fenced block, else in a comment that is YAML alone."""
    fences = _reply_fences(tokens)
    if fences:
        return _adjust(read_fence(only_fence(fences)))
    if any(REPLY_LINE.search(paragraph) for paragraph in paragraphs):
        return _adjust(read_yaml(text))
    return None


def _reply_fences(tokens: list[Token]) -> list[Token]:
    return [fence for fence in yaml_fences(tokens) if FENCED_KEY.search(fence.content)]


def _adjust(found: dict[str, Any]) -> Command | None:
    if REPLY in found:
        problems = list(_problems(found))
        if problems:
            raise IssueFormatError(problems)
        return Adjust(found[REPLY])
    only = next(iter(found)) if len(found) == 1 else None
    return Unknown(f"{only}:", f"{REPLY}:") if nearest(only, [REPLY, "hyperparameters"]) else None


def _problems(found: dict[str, Any]) -> Iterator[Problem]:
    for key in [key for key in found if key != REPLY][:20]:
        message = f"{shown(key)}: a reply changes hyperparameters only. Leave it out, or put it under `{REPLY}:`."
        yield Problem(shown(key), plain(found[key]), message)
    changes = found[REPLY]
    if not isinstance(changes, dict) or not changes:
        message = f"{REPLY}: must be lines of `name: value`, indented, got {shown(changes)}. Give at least one."
        yield Problem(REPLY, plain(changes), message)
