"""Secrets stay out of the log, whoever puts them there. Light.

Nothing here logs a secret on purpose; this is the second line of defence, for what libraries put into their errors.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from functools import lru_cache
from types import TracebackType
from urllib.parse import quote, urlsplit

VARIABLES = (
    "GITHUB_TOKEN",
    "GITHUB_WEBHOOK_SECRET",
    "GITHUB_APP_PRIVATE_KEY",
    "SLACK_WEBHOOK_URL",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
"""Of the environment; they are read anew for each line."""
HIDDEN = "[secret]"
SHORTEST = 6
"""Characters. Anything shorter is no secret, and hiding it would make the log unreadable."""
SHORTEST_LINE = 16
"""Of a secret of several lines, as a key: these stand alone too."""
TOKENS = re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})")
"""GitHub's tokens by their look ("GitHub's token formats"): those of an App's installation are made while we run."""

_given: set[str] = set()


def redact(value: str) -> None:
    """From now on the value is hidden in every line of the log."""
    _given.add(value)


def hidden(text: str) -> str:
    """A formatted line without the secrets, plain, quoted by `repr`, in JSON or in an address."""
    values = frozenset(_given).union(filter(None, map(os.environ.get, VARIABLES)))
    pattern = _pattern(values)
    return TOKENS.sub(HIDDEN, pattern.sub(HIDDEN, text) if pattern else text)


class Redacting(logging.Formatter):
    """Stands before another formatter among the bases of a class, and hides the secrets in what that one makes."""

    def format(self, record: logging.LogRecord) -> str:
        """The other formatter's line, traceback and all, without the secrets."""
        return hidden(super().format(record))


def hide_in_tracebacks() -> None:
    """From now on an error that ends the program, or a thread, is printed without secrets too.

    Where somebody else prints such errors, as pytest does, that is left alone.
    """
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _print_of_thread


def _print(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    sys.stderr.write(hidden("".join(traceback.format_exception(kind, error, trace))))


def _print_of_thread(ended: threading.ExceptHookArgs) -> None:
    if not issubclass(ended.exc_type, SystemExit):
        _print(ended.exc_type, ended.exc_value, ended.exc_traceback)


@lru_cache(maxsize=4)
def _pattern(values: frozenset[str]) -> re.Pattern[str] | None:
    """Finds every form of the values, the longest first. None: there is nothing to hide."""
    found = {form for value in values for part in _parts(value) for form in _forms(part)}
    ordered = sorted(found, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _parts(value: str) -> Iterator[str]:
    """What is secret of a value: all of it, the lines of a key, the path of an address that errors show alone."""
    whole = value.strip()
    lines = whole.splitlines()
    if len(whole) >= SHORTEST:
        yield whole
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----"))
    if whole.startswith(("http://", "https://")):
        path = urlsplit(lines[0]).path
        if len(path) >= SHORTEST:
            yield path


def _forms(text: str) -> Iterator[str]:
    """How a text may stand in a line, which is JSON itself."""
    for inner in (text, repr(text)[1:-1], json.dumps(text)[1:-1], quote(text), quote(text, safe="")):
        yield inner
        yield json.dumps(inner)[1:-1]
        yield json.dumps(inner, ensure_ascii=False)[1:-1]
