"""`Content-Type` and `Accept`: which format comes in, which goes out, and the options that stand in their parameters.

InvokeEndpoint passes on these two headers but no query, so options have to be parameters of a media type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from algorithms.wording import shown
from steps.refusals import RefusedError

Format = Literal["csv", "json", "jsonlines", "parquet"]

MEDIA_TYPES: dict[str, Format] = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonlines": "jsonlines",
    "application/x-jsonlines": "jsonlines",
    "application/jsonl": "jsonlines",
    "application/x-ndjson": "jsonlines",
    "application/x-parquet": "parquet",
    "application/vnd.apache.parquet": "parquet",
}
ANSWER_TYPES: dict[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonlines": "application/jsonlines",
    "parquet": "application/x-parquet",
}
CHARSETS = ("utf-8", "utf8", "us-ascii")
KNOWN = "text/csv, application/json, application/jsonlines or application/x-parquet"
MOST_RANGES = 50
"""Media ranges of an Accept header that are looked at."""


@dataclass(frozen=True)
class Content:
    """What a request's body is.

    `header` : whether a CSV has a header line; None: to be told from its first line
    `strays_missing` : texts in a number column count as missing, as they do in training; otherwise they are refused
    """

    format: Format
    header: bool | None = None
    strays_missing: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the answer shall be. `header` : whether a CSV gets a header line; None: if the request had one."""

    format: Format
    header: bool | None = None
    probabilities: bool = False


@dataclass(frozen=True)
class MediaType:
    """A media type or range in lower case, with its parameters."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MediaType:
        """Reads `type/subtype; name=value; ...`; what is no parameter is left out."""
        name, *rest = text.split(";")
        pairs = [part.partition("=") for part in rest if "=" in part]
        parameters = {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}
        return cls(name.strip().lower(), parameters)

    def option(self, name: str, values: tuple[str, str], status: int) -> bool | None:
        """Whether an option has the first of its two values; None where it is not given. Raises RefusedError."""
        given = self.parameters.get(name)
        if given is None or given in values:
            return None if given is None else given == values[0]
        raise RefusedError.of(status, f"{name}: must be {values[0]} or {values[1]}, got {shown(given)}. Correct it.")


def read_content(header: str | None, encoding: str | None) -> Content:
    """What `Content-Type` and `Content-Encoding` say. Raises RefusedError (415)."""
    given = MediaType.parse(header or "")
    if encoding not in (None, "", "identity"):
        raise RefusedError.of(415, f"Content-Encoding: none is read, got {shown(encoding)}. Send the body as it is.")
    if given.name not in MEDIA_TYPES:
        raise RefusedError.of(415, f"Content-Type: must be {KNOWN}, got {shown(given.name)}. Name the body's format.")
    charset = given.parameters.get("charset", CHARSETS[0])
    if charset not in CHARSETS:
        raise RefusedError.of(415, f"Content-Type: the charset must be utf-8, got {shown(charset)}. Send UTF-8.")
    return Content(
        MEDIA_TYPES[given.name],
        given.option("header", ("present", "absent"), 415),
        bool(given.option("invalid", ("missing", "refused"), 415)),
    )


def read_accept(header: str | None, content: Content) -> Wanted:
    """What `Accept` asks for: the first of its most wanted formats, the request's own where any will do.

    Raises RefusedError (406).
    """
    ranges = [MediaType.parse(text) for text in (header or "*/*").split(",")[:MOST_RANGES]]
    for wanted in sorted(ranges, key=_quality, reverse=True):
        found = _format(wanted.name, content.format)
        if found is not None and _quality(wanted) > 0:
            return Wanted(
                found,
                wanted.option("header", ("present", "absent"), 406),
                bool(wanted.option("probabilities", ("true", "false"), 406)),
            )
    raise RefusedError.of(406, f"Accept: must allow {KNOWN}, got {shown(header)}. Ask for one of them.")


def _format(name: str, own: Format) -> Format | None:
    if name.endswith("/*"):
        main = name.removesuffix("*")
        allowed = [format_ for format_, kind in ANSWER_TYPES.items() if main == "*/" or kind.startswith(main)]
        return own if own in allowed else next(iter(allowed), None)
    return MEDIA_TYPES.get(name)


def _quality(wanted: MediaType) -> float:
    """RFC 9110, 12.4.2; what is no quality counts as 0."""
    try:
        value = float(wanted.parameters.get("q", "1"))
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0
