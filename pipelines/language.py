"""The language in which people are spoken to: English, or what the catalogue of another one has for a sentence. Light.

A sentence is a template with named places, written in English where it is said: `say("{n} rows left", n=3)`. It is the
key of the catalogue too. Only texts of this program are templates; what strangers wrote goes into the places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "ja")
VARIABLE = "MLOPS_LANGUAGE"

_chosen = ["en"]
_here: ContextVar[str | None] = ContextVar("language", default=None)


def choose(language: str) -> None:
    """Sets the language of this process. Raises ValueError for one that has no catalogue."""
    if language not in LANGUAGES:
        raise ValueError(f"language: must be one of {', '.join(LANGUAGES)}, got {language!r}")
    _chosen[0] = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Sets it for a block, in this thread: what is kept for good is English."""
    token = _here.set(language)
    try:
        yield
    finally:
        _here.reset(token)


def spoken() -> str:
    """The language now."""
    return _here.get() or _chosen[0]


def say(template: str, /, **values: object) -> str:
    """The sentence in the language that is spoken. Raises KeyError for one that its catalogue lacks."""
    language = spoken()
    found = template if language == "en" else catalogue(language)[template]
    return found.format(**values)


def mark(template: str) -> str:
    """A sentence that stands in a table, and is said later."""
    return template


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English template -> its translation."""
    text = files("pipelines").joinpath(f"catalogue/{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found
